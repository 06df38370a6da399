"""Codes that staff scan at a page of the work."""

import pytest

from cards import errors
from cards.models import UsageRecord
from cards.services.desk_scan import scan_at_desk
from foundation.core.actor import Actor
from institutions.rules import Role
from tests.cards.world import Holder, Hospital, code_of, static_of
from tests.institutions import people

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-05")]

WAITING = "0101021"


def nurse(here: Hospital) -> Actor:
    return people.actor(people.staff(Role.NURSE, here.public_id))


def test_a_scan_names_the_person_and_is_a_use_at_that_institution(here: Hospital, somebody: Holder) -> None:
    who = nurse(here)
    person, needs_document = scan_at_desk(
        text=code_of(somebody), scene=WAITING, request_id="a" * 26, actor=who
    )
    assert (person.person_pk, needs_document) == (somebody.card.person_id, False)
    use = UsageRecord.objects.get()
    assert (use.institution, use.client, use.scene, use.operation) == (
        here.public_id,
        who.id,
        WAITING,
        "desk",
    )


def test_the_same_form_sent_again_is_no_second_use_and_another_scan_is_refused(
    here: Hospital, somebody: Holder
) -> None:
    who, text = nurse(here), code_of(somebody)
    for _ in range(2):
        scan_at_desk(text=text, scene=WAITING, request_id="a" * 26, actor=who)
    assert UsageRecord.objects.count() == 1
    with pytest.raises(errors.CodeUsed):
        scan_at_desk(text=text, scene=WAITING, request_id="b" * 26, actor=who)


def test_with_a_static_code_a_document_is_shown_too(here: Hospital, somebody: Holder) -> None:
    _, needs_document = scan_at_desk(
        text=static_of(somebody), scene="010101", request_id="a" * 26, actor=nurse(here)
    )
    assert needs_document


def test_what_is_no_code_is_refused(here: Hospital) -> None:
    with pytest.raises(errors.CodeMalformed):
        scan_at_desk(text="hello", scene=WAITING, request_id="a" * 26, actor=nurse(here))
