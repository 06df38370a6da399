"""The resident API about the pack and about codes that terminals show (ID-18, CC-02)."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cards.models.usage import UsageRecord
from cards.services import life
from cards.services.handover import make_claim_code
from tests.cards import families
from tests.cards.applying import applicant
from tests.cards.holding import CardHolder, card_holder
from tests.cards.test_api_institution import call, new_key
from tests.cards.test_api_resident import Phone
from tests.cards.world import Hospital, hospital
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

SCANS = "/api/v1/scans"


@pytest.fixture
def here(db: None) -> Hospital:
    return hospital(short_name="东区医院")


@pytest.fixture
def holder() -> CardHolder:
    with transaction.atomic():
        return card_holder()


def shown_code(here: Hospital) -> tuple[str, str]:
    """What a terminal shows: the number of the scan, and the last part of the code's address."""
    body = {"terminal_id": here.terminal_id, "scene": "0101012"}
    begun = call(here, SCANS, body, key=new_key()).json()
    return begun["scan_id"], begun["text"].rstrip("/").rpartition("/")[2]


def asked(here: Hospital, scan_id: str) -> Any:
    return call(here, f"{SCANS}/{scan_id}", method="GET").json()


@pytest.mark.row("ID-18")
def test_the_pack_names_every_card_and_where_it_was_handed_to(here: Hospital, sandbox: Sandbox) -> None:
    who = families.guardian()
    families.child_of(who)
    phone = Phone(who.account)
    own, child = phone.get("pack").json()["cards"]
    assert (own["is_self"], own["usable"], own["places"]) == (True, True, [])
    assert (child["is_self"], child["relation"], child["holder"]) == (False, "子女", "**宝")
    make_claim_code(
        account_pk=who.account.pk,
        card_id=child["id"],
        institution=here.public_id,
        client=here.caller.public_id,
        actor=who.actor,
    )
    assert [card["places"] for card in phone.get("pack").json()["cards"]] == [[], ["东区医院"]]
    with CaptureQueriesContext(connection) as for_two:
        phone.get("pack")
    families.child_of(who, name="测小妹")
    with CaptureQueriesContext(connection) as for_three:
        assert len(phone.get("pack").json()["cards"]) == 3
    assert len(for_three) == len(for_two)
    assert Phone(applicant("13900002009").account).get("pack").json() == {"cards": []}


@pytest.mark.row("CC-02")
def test_a_resident_agrees_in_an_application_to_what_a_terminal_asks(
    here: Hospital, holder: CardHolder
) -> None:
    phone = Phone(holder.account)
    scan_id, token = shown_code(here)
    question = phone.get(f"scans/{token}").json()
    assert (question["institution"][:4], question["purpose"], question["state"]) == (
        "东区医院",
        "当日挂号",
        "scanned",
    )
    assert asked(here, scan_id)["state"] == "scanned"
    agreed = phone.post(f"scans/{token}", {"card_id": holder.card.public_id})
    assert (agreed.status_code, agreed.json()["state"]) == (200, "agreed")
    assert asked(here, scan_id)["health_card_id"] == holder.card.numbers.get().value
    assert UsageRecord.objects.get().scene == "0101012"
    again = phone.post(f"scans/{token}", {"card_id": holder.card.public_id})
    assert again.json()["code"] == "scan_over"


@pytest.mark.row("CC-02")
def test_only_who_scanned_first_answers_and_with_a_card_of_their_own(
    here: Hospital, holder: CardHolder
) -> None:
    phone = Phone(holder.account)
    with transaction.atomic():
        other = card_holder("13900001011", name="测试乙")
    scan_id, token = shown_code(here)
    foreign = phone.post(f"scans/{token}", {"card_id": other.card.public_id})
    assert foreign.json()["code"] == "card_not_yours"
    phone.get(f"scans/{token}")
    late = Phone(other.account).post(f"scans/{token}", {"card_id": other.card.public_id})
    assert (late.status_code, late.json()["code"]) == (409, "scan_taken")
    assert phone.delete(f"scans/{token}").status_code == 204
    assert asked(here, scan_id)["state"] == "refused"
    assert phone.get("scans/" + "0" * 26).json()["code"] == "scan_unknown"


@pytest.mark.row("CC-02")
def test_a_frozen_card_agrees_to_nothing(here: Hospital, holder: CardHolder) -> None:
    life.freeze_card(card_pk=holder.card.pk, reason="holder", actor=holder.actor)
    phone = Phone(holder.account)
    scan_id, token = shown_code(here)
    refused = phone.post(f"scans/{token}", {"card_id": holder.card.public_id})
    assert refused.json()["code"] == "card_frozen"
    assert asked(here, scan_id)["state"] != "agreed"


@pytest.mark.row("ID-10")
def test_the_family_says_who_may_be_added_and_who_was_let_go(sandbox: Sandbox) -> None:
    who = families.guardian()
    phone = Phone(who.account)
    assert phone.get("family/children/latest").json()["code"] == "application_not_found"
    child = families.child_of(who)
    assert phone.get("family/children/latest").json()["state"] == "issued"
    before = phone.get("family").json()
    assert (before["may_add"], before["ended"]) == (True, [])
    assert phone.post(f"family/{child}/end", {"reason": "not_needed"}).status_code == 204
    (ended,) = phone.get("family").json()["ended"]
    assert (ended["relation"], bool(ended["reason"])) == ("child", True)
    alone = Phone(applicant("13900002009").account)
    assert alone.get("family").json()["may_add"] is False
