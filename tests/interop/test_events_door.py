"""The door for events: signatures, times, schemas, and each event once."""

import secrets
import time

import pytest
import time_machine

import gmcrypto
from foundation.events import relay
from foundation.events.models import InboxMessage
from foundation.events.types import InboxState, Outcome
from foundation.gateway import services as gateway
from tests.cards.world import CENTRE
from tests.interop.senders import Sender, event, sender_of
from tests.interop.world import Place

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender(place: Place) -> Sender:
    return sender_of(place)


@pytest.mark.row("NT-01")
@pytest.mark.parametrize("version", ["v1", "v1sm3"])
def test_a_signed_event_is_kept_and_then_applied(place: Place, sender: Sender, version: str) -> None:
    answer = sender.send(event(), version=version)
    assert (answer.status_code, answer.json()["accepted"]) == (202, True)
    row = InboxMessage.objects.get()
    assert (row.source, row.topic, row.seq) == (f"institution:{place.public_id}", "connection.test", 1)
    relay.work_inbox()
    row.refresh_from_db()
    assert (row.state, row.outcome) == (InboxState.DONE, Outcome.APPLIED)


def test_an_event_signed_with_sm2_is_kept(place: Place) -> None:
    private, public = gmcrypto.generate_keypair()
    gateway.add_key(client=place.client, algorithm="SM2-SM3", public_key=public.to_pem(), actor=CENTRE)
    sender = Sender(client=place.client, private_key=private)
    assert sender.send(event(), version="v1sm2").status_code == 202
    stranger = Sender(client=place.client, private_key=gmcrypto.generate_keypair()[0])
    assert stranger.send(event(), version="v1sm2").json()["code"] == "bad_signature"


@pytest.mark.row("NT-01")
def test_a_repeat_is_answered_as_the_first_and_kept_once(sender: Sender) -> None:
    told = event()
    assert sender.send(told).status_code == 202
    assert sender.send(told, message_id="msg_another_try").status_code == 202
    assert InboxMessage.objects.count() == 1


def test_the_number_of_an_event_is_not_used_for_another(sender: Sender) -> None:
    told = event(note="one")
    sender.send(told)
    told["data"]["note"] = "two"
    answer = sender.send(told)
    assert (answer.status_code, answer.json()["code"]) == (422, "event_id_reused")


def test_any_right_signature_of_a_header_is_enough(sender: Sender) -> None:
    told = event()
    unknown = Sender(client=sender.client, secret="whsec_" + "A" * 44)
    body = b'{"x": 1}'
    right = sender.headers(body)["HTTP_WEBHOOK_SIGNATURE"]
    wrong = unknown.headers(body)["HTTP_WEBHOOK_SIGNATURE"]
    answer = sender.send(body, HTTP_WEBHOOK_SIGNATURE=f"{wrong} v9,AAAA nonsense v1,=== {right}")
    assert answer.json()["code"] == "unknown_event_type"  # the door was passed
    assert sender.send(told).status_code == 202


@pytest.mark.row("NT-01")
def test_a_wrong_signature_is_refused(place: Place, sender: Sender) -> None:
    stranger = Sender(client=sender.client, secret="whsec_" + "A" * 44)
    answer = stranger.send(event())
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert answer["Content-Type"] == "application/problem+json"
    other = Sender(client=secrets.choice("0123456789") * 26, secret=sender.secret)
    assert other.send(event()).json()["code"] == "bad_signature"
    assert not InboxMessage.objects.exists()


def test_a_changed_body_is_refused(sender: Sender) -> None:
    signature = sender.headers(b"{}")["HTTP_WEBHOOK_SIGNATURE"]
    assert sender.send(event(), HTTP_WEBHOOK_SIGNATURE=signature).status_code == 401


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("HTTP_EHC_CLIENT", ""),
        ("HTTP_WEBHOOK_ID", "a.b c"),
        ("HTTP_WEBHOOK_TIMESTAMP", "yesterday"),
        ("HTTP_WEBHOOK_SIGNATURE", ""),
        ("HTTP_WEBHOOK_SIGNATURE", "v1," + "A" * 3000),
    ],
)
def test_a_misshapen_header_is_named(sender: Sender, header: str, value: str) -> None:
    answer = sender.send(event(), **{header: value})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature_header")
    assert answer.json()["field"].upper().replace("-", "_") == header.removeprefix("HTTP_")


@pytest.mark.parametrize("shift", [-301, 301])
def test_an_old_or_early_attempt_is_told_the_servers_time(sender: Sender, shift: int) -> None:
    # The clock stands: a second later the early one would be in time.
    with time_machine.travel(int(time.time()), tick=False):
        answer = sender.send(event(), at=int(time.time()) + shift)
    assert (answer.status_code, answer.json()["code"]) == (401, "clock_skew")
    assert abs(answer.json()["server_time"] - time.time()) < 60


def test_a_large_body_is_refused_before_it_is_read(sender: Sender) -> None:
    answer = sender.send(event(note="x" * 21_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.row("NT-01")
def test_an_unknown_type_is_answered_with_the_list(sender: Sender) -> None:
    answer = sender.send(event("weather.changed"))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_event_type")
    assert "connection.test" in answer.json()["types"]


@pytest.mark.row("NT-01")
def test_every_wrong_field_is_named(sender: Sender) -> None:
    told = event(note="x" * 61, patient={"health_card_id": "A" * 64 + "\n"})
    told["data"]["sequence"] = told["data"].pop("seq")
    told["data"]["occurred_at"] = "2026-11-21T08:00:00"
    told["data"]["aggregate"] = "patient:11010119900101001X"
    answer = sender.send(told)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_event")
    assert {(problem["field"], problem["code"]) for problem in answer.json()["errors"]} == {
        ("data.aggregate", "pattern"),
        ("data.note", "maxLength"),
        ("data.occurred_at", "format"),
        ("data.patient.health_card_id", "pattern"),
        ("data.seq", "required"),
        ("data.sequence", "unknown"),
    }


def test_a_client_without_the_scope_is_refused() -> None:
    place = Place(scopes=("card:read",))
    answer = sender_of(place).send(event())
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_a_suspended_client_and_a_retired_key_are_refused(place: Place, sender: Sender) -> None:
    second = gateway.add_key(client=place.client, algorithm="WEBHOOK", actor=CENTRE)
    assert Sender(client=place.client, secret=second.secret).send(event()).status_code == 202
    gateway.retire_key(key=second.public_id, actor=CENTRE)
    assert Sender(client=place.client, secret=second.secret).send(event()).status_code == 401
    gateway.suspend_client(client=place.client, actor=CENTRE, reason="测试")
    assert sender.send(event()).json()["code"] == "client_suspended"


def test_two_hospitals_number_their_events_apart(sender: Sender) -> None:
    told = event(event_id="event-of-both")
    assert sender.send(told).status_code == 202
    assert sender_of(Place()).send(told).status_code == 202
    assert InboxMessage.objects.count() == 2


def test_a_type_that_is_no_json_is_refused(sender: Sender) -> None:
    assert sender.send(event(), content_type="text/plain").status_code == 415
    assert sender.send(b"[1]").json()["code"] == "not_json"
