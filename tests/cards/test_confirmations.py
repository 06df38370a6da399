"""What an institution asks a resident to confirm, signed with the card (ID-16)."""

import base64
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

import gmcrypto
from cards.models import Confirmation
from cards.services import life
from cards.services.binding import bind_card, link_patient
from cards.services.confirmations import FORM
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events.models import OutboxMessage
from foundation.gateway.caller import actor_of_caller
from gmcrypto.statements import signed_bytes
from identity import services as identity
from identity.rules import Evidence
from notifications.kinds import KINDS
from portal.wiring import SUBSCRIPTIONS
from privacy.services import retention
from tests.accounts import people
from tests.cards import world
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.test_api_institution import call, new_key
from tests.cards.test_api_resident import Phone
from tests.cards.world import Hospital

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-16")]

PATH = "/api/v1/confirmations"
TEXT = "本人已了解随访安排，\n同意医院每年电话联系一次。"


@pytest.fixture
def here(db: None) -> Hospital:
    return world.hospital(short_name="东区医院")


@pytest.fixture
def holder(here: Hospital) -> CardHolder:
    found = card_holder()
    bind_card(card_pk=found.card.pk, actor=actor_of_caller(here.caller))
    return found


@pytest.fixture
def proved(holder: CardHolder) -> CardHolder:
    identity.open_self_holding(
        account_pk=holder.account.pk,
        person_pk=holder.card.person_id,
        evidence=Evidence.WINDOW,
        actor=CENTRE,
    )
    return holder


def asked(who: CardHolder, **changes: Any) -> dict[str, Any]:
    body = {"title": "随访同意书", "text": TEXT, "valid_minutes": 60}
    return body | {"health_card_id": who.card.numbers.get().value} | changes


def ask(where: Hospital, who: CardHolder, **changes: Any) -> str:
    answer = call(where, PATH, asked(who, **changes), key=new_key())
    assert answer.status_code == 201
    return str(answer.json()["confirmation_id"])


def read(where: Hospital, confirmation_id: str) -> Any:
    return call(where, f"{PATH}/{confirmation_id}", method="GET")


def genuine(where: Hospital, receipt: Any) -> bool:
    return bool(call(where, f"{PATH}/verify", receipt).json()["genuine"])


def page_of(confirmation_id: str) -> str:
    return f"/me/data/confirmations/{confirmation_id}/"


def test_an_agreement_is_signed_and_verifies_later(
    client: Client, here: Hospital, proved: CardHolder
) -> None:
    people.signed_in(client, proved.account)
    one = ask(here, proved)
    assert read(here, one).json()["state"] == "waiting"
    page = client.get(page_of(one)).content.decode()
    assert "东区医院" in page
    assert "同意医院每年电话联系一次" in page
    assert client.post(page_of(one), {"answer": "agree"}).status_code == 302
    told = read(here, one).json()
    receipt = told["receipt"]
    statement, signature = receipt["statement"], receipt["signature"]
    assert (told["state"], statement["outcome"], statement["level"]) == ("agreed", "agreed", 3)
    assert statement["text_sm3"] == gmcrypto.sm3(TEXT.encode()).hex()
    assert statement["card"] == proved.card.public_id
    assert proved.card.subject not in str(receipt)
    public = gmcrypto.PublicKey(bytes.fromhex(signature["public_key"]))
    assert gmcrypto.verify(public, signed_bytes(FORM, statement), base64.b64decode(signature["value"]))
    with time_machine.travel(clock.now() + timedelta(days=400), tick=False):
        assert genuine(here, receipt)
    assert "已同意" in client.get("/me/data/confirmations/").content.decode()


@pytest.mark.parametrize("name", ["title", "text_sm3", "outcome", "answered_at", "person"])
def test_a_changed_receipt_is_not_genuine(here: Hospital, proved: CardHolder, name: str) -> None:
    one = ask(here, proved)
    Phone(proved.account).post(f"confirmations/{one}", {"agrees": True})
    receipt = read(here, one).json()["receipt"]
    assert genuine(here, receipt)
    receipt["statement"][name] += "0"
    assert not genuine(here, receipt)


@pytest.mark.parametrize(("name", "value"), [("value", "x"), ("value", "AAAA"), ("key_id", "other")])
def test_another_signature_is_not_genuine(here: Hospital, proved: CardHolder, name: str, value: str) -> None:
    one = ask(here, proved)
    Phone(proved.account).post(f"confirmations/{one}", {"agrees": True})
    receipt = read(here, one).json()["receipt"]
    receipt["signature"][name] = value
    assert not genuine(here, receipt)


def test_a_refusal_carries_its_reason_and_stands(here: Hospital, proved: CardHolder) -> None:
    phone = Phone(proved.account)
    one = ask(here, proved)
    first = phone.post(f"confirmations/{one}", {"agrees": False, "reason": "想再考虑"})
    assert (first.status_code, first.json()["state"]) == (200, "refused")
    again = phone.post(f"confirmations/{one}", {"agrees": True})
    assert (again.status_code, again.json()["code"]) == (409, "confirmation_over")
    told = read(here, one).json()
    assert (told["state"], told["reason"]) == ("refused", "想再考虑")


def test_nobody_answers_after_its_time(here: Hospital, proved: CardHolder) -> None:
    one = ask(here, proved, valid_minutes=5)
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        late = Phone(proved.account).post(f"confirmations/{one}", {"agrees": True})
        assert late.json()["code"] == "confirmation_over"
        assert read(here, one).json()["state"] == "expired"


def test_whoever_only_knew_name_and_number_neither_reads_nor_answers(
    client: Client, here: Hospital, holder: CardHolder
) -> None:
    one = ask(here, holder)
    people.signed_in(client, holder.account)
    assert "随访" not in client.get(page_of(one)).content.decode()
    (row,) = Phone(holder.account).get("confirmations").json()["confirmations"]
    assert (row["readable"], row["title"], row["text"]) == (False, "", "")
    refused = Phone(holder.account).post(f"confirmations/{one}", {"agrees": True})
    assert (refused.status_code, refused.json()["code"]) == (403, "level_too_low")


def test_strangers_and_other_hospitals_find_nothing(here: Hospital, proved: CardHolder) -> None:
    one = ask(here, proved)
    stranger = card_holder("13900001021", name="测试乙")
    assert Phone(stranger.account).post(f"confirmations/{one}", {"agrees": True}).status_code == 404
    other = world.hospital()
    assert read(other, one).status_code == 404
    unknown = call(other, PATH, asked(proved), key=new_key())
    assert unknown.json()["code"] == "person_not_bound"


def test_a_patient_is_found_by_the_hospitals_own_number(here: Hospital, proved: CardHolder) -> None:
    link_patient(card_pk=proved.card.pk, patient_id="P77", actor=actor_of_caller(here.caller))
    body = asked(proved, patient_id="P77")
    both = call(here, PATH, body, key=new_key())
    assert both.status_code == 400
    del body["health_card_id"]
    key = new_key()
    first, again = (call(here, PATH, body, key=key) for _ in range(2))
    assert first.status_code == 201
    assert first.content == again.content
    assert Confirmation.objects.count() == 1


@pytest.mark.parametrize(
    "wrong", [{"text": "字" * 2001}, {"text": "  "}, {"valid_minutes": 10081}, {"valid_minutes": 0}]
)
def test_what_does_not_fit_is_refused(here: Hospital, proved: CardHolder, wrong: dict[str, Any]) -> None:
    assert call(here, PATH, asked(proved, **wrong), key=new_key()).status_code == 400


def test_a_client_without_the_scope_may_not_ask(proved: CardHolder) -> None:
    other = world.hospital(scopes=("card:read",))
    assert call(other, PATH, asked(proved), key=new_key()).json()["code"] == "scope_missing"


def test_a_frozen_card_signs_nothing(here: Hospital, proved: CardHolder) -> None:
    one = ask(here, proved)
    life.freeze_card(card_pk=proved.card.pk, reason="holder", actor=proved.actor)
    refused = Phone(proved.account).post(f"confirmations/{one}", {"agrees": True})
    assert refused.json()["code"] == "card_frozen"


def test_nothing_of_the_text_lies_open(here: Hospital, proved: CardHolder) -> None:
    one = ask(here, proved)
    with connection.cursor() as cursor:
        cursor.execute("SELECT title, text FROM cards_confirmation")
        row = cursor.fetchone()
    assert "随访".encode() not in bytes(row[0]) + bytes(row[1])
    message = OutboxMessage.objects.get(topic="confirmation.asked.v1")
    assert "随访" not in str(message.payload)
    assert "随访" not in str(list(AuditEntry.objects.filter(subject_id=one).values()))
    assert SUBSCRIPTIONS["confirmation.asked.v1"]
    assert KINDS["confirmation.asked"].link_for({"confirmation": one}) == page_of(one)


def test_a_long_list_pages(here: Hospital, proved: CardHolder) -> None:
    for _number in range(20):
        ask(here, proved)
    other = world.hospital()
    bind_card(card_pk=proved.card.pk, actor=actor_of_caller(other.caller))
    ask(other, proved)
    phone = Phone(proved.account)
    first = phone.get("confirmations").json()
    assert len(first["confirmations"]) == 20
    second = phone.get(f"confirmations?before={first['older']}").json()
    assert (len(second["confirmations"]), second["older"]) == (1, "")
    assert phone.get("confirmations?before=x").status_code == 400
    assert call(here, PATH, asked(proved), key=new_key()).status_code == 429


def test_old_ones_are_deleted(here: Hospital, proved: CardHolder) -> None:
    ask(here, proved)
    with time_machine.travel(clock.now() + timedelta(days=5 * 365 + 2), tick=False):
        assert retention.apply_retention().done["confirmations"] == 1
    assert not Confirmation.objects.exists()
