"""Temporary cards: issued without papers, good until a deadline, turned into ordinary ones."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from cards.errors import (
    CardUnknown,
    NotTemporary,
    StaticNotAllowed,
    StaticSwitchedOff,
    TemporaryCardExpired,
    TemporaryCardNotAccepted,
)
from cards.models import Card, UsageRecord
from cards.services import life, numbers, temporary
from cards.states import CardState
from foundation.core import clock
from institutions.rules import Role
from tests.cards.test_api_institution import call, new_key
from tests.cards.world import CENTRE, Hospital, citizen_number, holder, hospital, scan, set_rules
from tests.institutions import people
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-08")]

PATH = "/api/v1/temporary-cards"


@pytest.fixture
def here() -> Hospital:
    return hospital()


def issue(where: Hospital, patient_id: str = "ER0001", **more: Any) -> Any:
    return call(where, PATH, {"patient_id": patient_id, **more}, key=new_key())


def card() -> Card:
    return Card.objects.get()


def test_an_unknown_patient_gets_a_card_with_a_code_of_type_nine_and_a_deadline(here: Hospital) -> None:
    answer = issue(here, gender="1")
    assert answer.status_code == 201
    told = answer.json()
    assert told["static_code"] == f"{told['health_card_id']}:9"
    assert told["person"]["name"] == "无名氏"
    assert card().valid_until is not None
    verified = scan(told["static_code"], here)
    assert (verified.code_kind.value, verified.opens.value) == ("temp", "person_with_document")
    assert UsageRecord.objects.get().code_kind == "temp"
    again = issue(here)
    assert (again.status_code, again.json()["health_card_id"]) == (200, told["health_card_id"])


def test_it_opens_only_what_a_static_code_opens(here: Hospital) -> None:
    text = issue(here).json()["static_code"]
    with pytest.raises(StaticNotAllowed):
        scan(text, here, scene="0101051")
    life.switch_static_code(card_pk=card().pk, enabled=False, actor=CENTRE)
    with pytest.raises(StaticSwitchedOff):
        scan(text, here)


def test_foreign_and_dressed_up_codes_are_refused(here: Hospital) -> None:
    number = issue(here).json()["health_card_id"]
    with pytest.raises(TemporaryCardNotAccepted):
        scan("F" * 64 + ":9", here)
    with pytest.raises(TemporaryCardNotAccepted):
        scan(f"{holder().number.value}:9", here)
    for text in (f"{number}:1", number):
        with pytest.raises(CardUnknown):
            scan(text, here)
    dynamic = call(here, f"/api/v1/cards/{number}/codes", {"code_kind": "dynamic"}, key=new_key())
    assert (dynamic.status_code, dynamic.json()["code"]) == (409, "temporary_code_only")


def test_after_the_deadline_it_is_refused_with_its_own_error_and_then_ended(here: Hospital) -> None:
    set_rules(temporary_days=3)
    text = issue(here).json()["static_code"]
    with time_machine.travel(clock.now() + timedelta(days=3, minutes=1), tick=False):
        with pytest.raises(TemporaryCardExpired):
            scan(text, here)
        assert temporary.end_temporary_cards() == 1
        assert temporary.end_temporary_cards() == 0
        assert card().state == CardState.CANCELLED
        with pytest.raises(TemporaryCardExpired):
            scan(text, here)
        with pytest.raises(NotTemporary):
            temporary.extend_temporary(card_pk=card().pk, reason="仍在抢救", actor=CENTRE)


def test_a_number_whose_card_was_cancelled_gets_no_other_one(here: Hospital) -> None:
    issue(here)
    life.cancel_card(card_pk=card().pk, reason="办错了", actor=CENTRE)
    again = issue(here)
    assert (again.status_code, again.json()["code"]) == (409, "reported_card_cancelled")
    assert Card.objects.count() == 1
    assert issue(here, "ER0002").status_code == 201


def test_after_the_deadline_a_patient_who_is_still_unknown_gets_another_card(here: Hospital) -> None:
    set_rules(temporary_days=3)
    first = issue(here).json()["health_card_id"]
    with time_machine.travel(clock.now() + timedelta(days=3, minutes=1), tick=False):
        temporary.end_temporary_cards()
        again = issue(here)
        assert again.status_code == 201
        assert again.json()["health_card_id"] != first


def test_staff_extend_a_card_that_is_still_good(here: Hospital) -> None:
    set_rules(temporary_days=3)
    text = issue(here).json()["static_code"]
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        temporary.extend_temporary(card_pk=card().pk, reason="仍在抢救", actor=CENTRE)
    with time_machine.travel(clock.now() + timedelta(days=4), tick=False):
        assert temporary.end_temporary_cards() == 0
        assert scan(text, here).face()["name"] == "无名氏"


def test_a_known_patient_keeps_person_card_and_history(here: Hospital, sandbox: Sandbox) -> None:
    told = issue(here).json()
    scan(told["static_code"], here)
    before = card()
    number = citizen_number()
    named = call(
        here,
        f"/api/v1/cards/{told['health_card_id']}/person",
        {"id_type": "01", "id_number": number, "name": "测试乙", "reason": "身份查明"},
        method="PATCH",
        key=new_key(),
    )
    assert named.status_code == 200, named.content
    after = card()
    assert (after.pk, after.person_id, after.valid_until) == (before.pk, before.person_id, None)
    assert named.json()["static_code"].endswith(":1")
    # The wristband of the first day still names the patient, without a deadline now.
    with time_machine.travel(clock.now() + timedelta(days=60), tick=False):
        assert temporary.end_temporary_cards() == 0
        assert scan(told["static_code"], here).face()["id_number"] == number
    assert UsageRecord.objects.filter(card=after).count() == 2
    assert sorted(after.numbers.values_list("state", flat=True)) == ["current", "superseded"]


def test_somebody_who_is_registered_already_is_told_and_both_stay(here: Hospital, sandbox: Sandbox) -> None:
    known = holder(name="测试乙")
    told = issue(here).json()
    refused = call(
        here,
        f"/api/v1/cards/{told['health_card_id']}/person",
        {"id_type": "01", "id_number": known.id_number, "name": "测试乙", "reason": "身份查明"},
        method="PATCH",
        key=new_key(),
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "identifier_taken")
    assert scan(told["static_code"], here).face()["name"] == "无名氏"


def test_a_lost_wristband_is_replaced_by_another_random_number(here: Hospital) -> None:
    told = issue(here).json()
    number = numbers.reissue_number(card_pk=card().pk, reason="腕带丢失", actor=CENTRE)
    assert number.is_temporary
    assert scan(number.fixed_text, here).face()["name"] == "无名氏"
    assert number.value != told["health_card_id"]


def test_a_clerk_issues_one_and_the_centre_extends_it(client: Client, here: Hospital) -> None:
    people.at_work(client, people.staff(Role.WINDOW_CLERK, here.public_id))
    given = {"patient_id": "ER0002", "name": "", "sex": "0", "reason": "急诊昏迷，无证件"}
    answer = post(client, "/institution/cards/card/add/", given)
    assert "临时卡已发出" in answer.content.decode()
    assert f"{card().numbers.get().value}:9" in answer.content.decode()
    assert card().institution is not None
    before = card().valid_until
    people.at_work(client, people.staff(Role.CENTRE_ADMIN))
    post(client, f"/admin/cards/card/{card().public_id}/do/extend/", {"reason": "仍在抢救"})
    after = card().valid_until
    assert before is not None
    assert after is not None
    assert after > before


def post(client: Client, path: str, data: dict[str, str]) -> Any:
    """Send an act's form as a browser does."""
    ticket = re.search(r'name="ticket" value="([^"]+)"', client.get(path).content.decode())
    assert ticket is not None
    return client.post(path, {"ticket": ticket[1], **data}, follow=True)
