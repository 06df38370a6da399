"""Asking a hospital's system over HTTP: what was lost comes back, and what is wrong does no harm."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

import sdk
from foundation.core import clock
from foundation.events.models import InboxMessage
from foundation.events.types import InboxState
from foundation.gateway import services as gateway
from interop.his import client, pulling, services
from interop.his.client import HospitalFailure
from interop.his.models import HospitalSystem, Offer
from tests.cards.world import CENTRE
from tests.interop.his_world import Played, played, settle
from tests.sandbox_server import Sandbox

LOST = {"drop": True}


@pytest.fixture(autouse=True)
def _at_home(settings: Settings) -> None:
    settings.DEMO = True


@pytest.fixture
def place(db: None, sandbox: Sandbox) -> Played:
    return played(sandbox)


def due(place: Played) -> str:
    HospitalSystem.objects.update(next_pull_at=clock.now() - timedelta(seconds=1))
    return place.system.public_id


@pytest.mark.row("NT-01")
def test_what_was_lost_on_the_way_is_read_from_the_feed(place: Played) -> None:
    sent = [place.send(number="1", way=LOST)["event_id"] for _ in range(3)]
    assert pulling.pull_system(system=due(place))
    assert list(InboxMessage.objects.order_by("pk").values_list("message_id", flat=True)) == sent
    place.system.refresh_from_db()
    assert (place.system.cursor, place.system.failure) == (3, "")
    # Read on from there; nothing comes twice.
    place.send(number="1", way=LOST)
    assert pulling.pull_system(system=due(place))
    assert InboxMessage.objects.count() == 4
    settle()
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {InboxState.DONE}


@pytest.mark.row("NT-01")
def test_a_gap_is_asked_for_by_its_aggregate(place: Played) -> None:
    for _ in range(3):
        place.send(number="7", way=LOST)
    new = pulling.pull_events(institution=place.where.public_id, aggregate="test:7", after=1)
    assert new == 2
    assert pulling.pull_events(institution=place.where.public_id, aggregate="test:7", after=1) == 0


def test_an_event_that_is_wrong_holds_up_none_of_the_others(place: Played) -> None:
    place.send(way=LOST, data={"note": "x" * 100})
    place.send("unheard.of", aggregate="x:1", way=LOST)
    place.send(way=LOST)
    assert pulling.pull_system(system=due(place))
    assert InboxMessage.objects.count() == 1


def test_a_system_is_asked_when_it_is_time_and_by_one_worker(place: Played) -> None:
    system = due(place)
    assert pulling.pull_system(system=system)
    assert not pulling.pull_system(system=system)
    assert place.calls("/feed") == 1


@pytest.mark.parametrize(
    ("kind", "failure"),
    [("error", "unavailable"), ("outage", "unavailable"), ("garbage", "not_understood")],
)
def test_a_system_that_does_not_answer_is_asked_ever_more_seldom(
    place: Played, kind: str, failure: str
) -> None:
    place.sandbox.fault("his", kind)
    for _ in range(3):
        assert not pulling.pull_system(system=due(place))
    place.system.refresh_from_db()
    assert (place.system.failures, place.system.failure) == (3, failure)
    assert place.system.next_pull_at > clock.now() + timedelta(minutes=15)
    place.sandbox.repair()
    assert pulling.pull_system(system=due(place))
    place.system.refresh_from_db()
    assert (place.system.failures, place.system.failure) == (0, "")


def test_a_suspended_system_is_not_asked(place: Played) -> None:
    services.suspend_system(system=place.system.public_id, actor=CENTRE, reason="测试")
    assert not pulling.pull_system(system=due(place))
    assert pulling.pull_events(institution=place.where.public_id, aggregate="test:7", after=0) == 0
    assert place.calls("/feed") == 0


def test_a_rotated_secret_has_to_be_known_there(place: Played) -> None:
    services.rotate_secret(system=place.system.public_id, actor=CENTRE, reason="测试")
    assert not pulling.pull_system(system=due(place))
    place.system.refresh_from_db()
    assert place.system.failure == "status_401"
    place.introduce()
    assert pulling.pull_system(system=due(place))


def test_a_host_that_was_struck_off_is_not_asked(place: Played) -> None:
    gateway.set_hosts(
        client=place.where.signer.client, hosts=("his.example.com",), actor=CENTRE, reason="测试"
    )
    with pytest.raises(HospitalFailure, match="address_not_allowed"):
        client.feed(HospitalSystem.objects.select_related("institution").get(), after=0)
    assert place.calls("/feed") == 0


def test_a_host_within_our_own_network_is_not_asked(place: Played, settings: Settings) -> None:
    settings.CALLBACK_NETWORKS = ()
    with pytest.raises(HospitalFailure, match="address_not_public"):
        client.feed(HospitalSystem.objects.select_related("institution").get(), after=0)


@pytest.mark.row("HI-05")
def test_a_report_is_fetched_as_the_hospital_prints_it(place: Played) -> None:
    place.send("report.published", number="R/1", way=LOST)
    place.send("report.published", number="R2", way=LOST)
    system = HospitalSystem.objects.select_related("institution").get()
    assert client.report_document(system, report_no="R2").startswith(b"%PDF-1.4")
    with pytest.raises(HospitalFailure, match="status_404") as caught:
        client.report_document(system, report_no="R3")
    assert caught.value.is_final
    place.sandbox.fault("his", "garbage")
    with pytest.raises(HospitalFailure, match="not_a_pdf"):
        client.report_document(system, report_no="R2")


def test_whoever_offers_no_events_is_not_asked_for_them(db: None, sandbox: Sandbox) -> None:
    place = played(sandbox, offers=(Offer.DOCUMENTS.value,))
    pulling.ask_for_missing(f"institution:{place.where.public_id}", "test:1", 0)
    assert pulling.pull_system(system=due(place))
    assert place.calls("/feed") == 0


@pytest.mark.row("HI-05")
@pytest.mark.django_db(transaction=True)
def test_events_come_once_and_in_order_whatever_happens_on_the_way(
    live_server: LiveServer, sandbox: Sandbox
) -> None:
    place = played(sandbox)
    place.introduce(base_url=live_server.url)
    assert place.send(number="1", way={"copies": 3})["status"] == 202
    assert place.send(number="1", way={"badsign": True})["status"] == 401
    assert place.send(number="1", way={"skew": -900})["status"] == 401
    place.send(number="1", way=LOST)
    assert place.send(number="1")["status"] == 202
    assert InboxMessage.objects.count() == 2
    settle()
    assert InboxMessage.objects.filter(state=InboxState.DONE).count() == 1
    # The hospital believes that it has sent five; three of them never got here.
    assert pulling.pull_events(institution=place.where.public_id, aggregate="test:1", after=1) == 3
    InboxMessage.objects.filter(state=InboxState.RECEIVED).update(next_attempt_at=clock.now())
    settle()
    rows = InboxMessage.objects.order_by("seq").values_list("seq", "state", "outcome")
    assert list(rows) == [(number, InboxState.DONE, "applied") for number in range(1, 6)]


@pytest.mark.row("HI-05")
@pytest.mark.django_db(transaction=True)
def test_messages_of_hl7_are_acknowledged_and_kept_once(live_server: LiveServer, sandbox: Sandbox) -> None:
    place = played(sandbox)
    place.introduce(base_url=live_server.url)
    patient = {"patient_id": "A1"}
    for kind, number in (
        ("report.published", "R1"),
        ("report.revoked", "R2"),
        ("appointment.booked", "B1"),
        ("appointment.cancelled", "B2"),
    ):
        said = place.send(kind, number=number, patient=patient, way={"form": "hl7", "copies": 2})
        assert (said["status"], "MSA|AA|" in said["answer"]) == (200, True), said["answer"]
    kept = InboxMessage.objects.order_by("pk").values_list("topic", flat=True)
    assert list(kept) == [
        "report.published",
        "report.revoked",
        "appointment.booked",
        "appointment.cancelled",
    ]
    said = place.send("report.published", number="R3", way={"form": "hl7"})
    assert (said["status"], "MSA|AE|" in said["answer"]) == (200, True)
    with sdk.EventSender(
        live_server.url, place.where.signer.client, sdk.SharedKey(place.event_secret)
    ) as events:
        answer = events.send_hl7("MSH|^~\\&|LIS|90009|EHC|CENTRE|20261121101500+0800||ADT^A01|C-0001|P|2.5\r")
        assert "MSA|AR|" in answer


@contextmanager
def answering(said: bytes) -> Iterator[tuple[str, list[str]]]:
    """A hospital that answers every question with the same; its address, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    "event", [{}, {"data": None}, {"data": {"seq": "7"}}, {"type": "connection.test", "data": {"seq": 1}}]
)
def test_a_hospital_that_answers_nonsense_without_end_is_asked_once(place: Played, event: object) -> None:
    with answering(json.dumps({"events": [event], "more": True}).encode()) as (address, asked):
        HospitalSystem.objects.update(base_url=address)
        assert pulling.pull_events(institution=place.where.public_id, aggregate="test:7", after=1) == 0
    assert len(asked) == 1
