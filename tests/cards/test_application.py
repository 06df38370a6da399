"""Applying for a card: from the first answer to the card, and what can go wrong on the way."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection, transaction

from cards.errors import (
    AnswersInvalid,
    AnswersMissing,
    ApplicationClosed,
    ApplicationNotFound,
    CardHeldAlready,
    GuardianMustApply,
    HeldPersonNeedsProof,
    ReasonNeeded,
)
from cards.models import Card, CardApplication, ReviewResult
from cards.services import application as applications
from cards.services import life, review
from cards.services.issue import issue_card, live_card
from cards.states import ApplicationState
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import InvalidInput, StalePage
from foundation.events.models import OutboxMessage
from identity import services as identity
from identity.errors import ConsentMissing
from identity.models import Holding, IdentityCheck
from tests.cards.applying import ANSWERS, Applicant, applicant, check
from tests.cards.world import citizen_number
from tests.sandbox_server import Sandbox

REVIEWER = Actor(kind=ActorKind.STAFF, id="reviewer", scopes=frozenset({"centre", "centre_admin"}))

pytestmark = pytest.mark.django_db(transaction=True)


def results(application: CardApplication) -> list[tuple[bool, str, list[str]]]:
    rows = ReviewResult.objects.filter(application=application).order_by("pk")
    return [(row.automatic, row.outcome, row.rules) for row in rows]


def refer(who: Applicant) -> CardApplication:
    """An application that a person has to look at: a passport."""
    application = who.apply(
        replace(
            ANSWERS, id_type="03", id_number="E12345678", birth_date=date(1980, 5, 6), gender="2", nation="98"
        )
    )
    check(application)
    return who.read(application)


def test_a_match_issues_the_card_with_a_result_and_evidence_on_file(sandbox: Sandbox) -> None:
    who = applicant()
    application = who.apply()
    assert check(application).decided
    application = who.read(application)
    assert application.state == ApplicationState.ISSUED
    assert results(application) == [(True, "approved", ["matched"])]
    card = who.card()
    assert card is not None
    assert application.card == card
    evidence = IdentityCheck.objects.get()
    assert (evidence.outcome, evidence.level, evidence.person_id) == ("match", 1, card.person_id)
    assert evidence.public_id == application.check_reference
    topics = set(OutboxMessage.objects.values_list("topic", flat=True))
    assert {"application.submitted.v1", "application.reviewed.v1", "card.issued.v1"} <= topics
    assert AuditEntry.objects.filter(action="card.issued").count() == 1


def test_a_mismatch_is_refused_by_rule_and_may_be_tried_again(sandbox: Sandbox) -> None:
    who = applicant()
    application = who.apply(replace(ANSWERS, name="测不符", id_number=citizen_number()))
    check(application)
    assert who.read(application).state == ApplicationState.REFUSED
    assert results(application) == [(True, "refused", ["mismatch"])]
    assert who.card() is None
    assert who.draft().pk != application.pk


def test_a_person_unknown_to_the_database_is_looked_at_by_a_person(sandbox: Sandbox) -> None:
    who = applicant()
    application = who.apply(replace(ANSWERS, name="测无此人", id_number=citizen_number()))
    check(application)
    assert who.read(application).state == ApplicationState.IN_REVIEW
    review.review_application(
        public_id=application.public_id, approve=True, reason="已核对户口簿原件", actor=REVIEWER
    )
    assert who.read(application).state == ApplicationState.ISSUED
    assert [outcome for _, outcome, _ in results(application)] == ["referred", "approved"]


def test_no_answer_is_asked_again_and_then_handed_to_a_person(sandbox: Sandbox) -> None:
    sandbox.fault("population", "outage")
    who = applicant()
    application = who.apply()
    waits = [check(application).retry_after for _ in range(review.MAX_CHECKS)]
    assert waits == [*review.RETRY_SECONDS, 0]
    assert who.read(application).state == ApplicationState.IN_REVIEW
    assert results(application) == [(True, "referred", ["outside_unavailable"])]
    assert IdentityCheck.objects.count() == review.MAX_CHECKS


def test_a_passport_is_looked_at_by_a_person(sandbox: Sandbox) -> None:
    application = refer(applicant())
    assert application.state == ApplicationState.IN_REVIEW
    assert results(application) == [(True, "referred", ["other_certificate"])]


def test_a_refusal_by_a_person_carries_a_reason(sandbox: Sandbox) -> None:
    application = refer(applicant())
    with pytest.raises(ReasonNeeded):
        review.review_application(public_id=application.public_id, approve=False, reason="  ", actor=REVIEWER)
    review.review_application(
        public_id=application.public_id, approve=False, reason="照片页不清楚", actor=REVIEWER
    )
    assert ReviewResult.objects.latest("pk").reason == "照片页不清楚"
    with pytest.raises(ApplicationClosed):
        review.review_application(
            public_id=application.public_id, approve=True, reason="后悔了", actor=REVIEWER
        )


def test_nobody_takes_over_a_held_person_by_name_and_number(sandbox: Sandbox) -> None:
    number = citizen_number()
    holder = applicant("13900001001")
    check(holder.apply(replace(ANSWERS, id_number=number)))
    stranger = applicant("13900001002")
    application = stranger.apply(replace(ANSWERS, id_number=number))
    check(application)
    assert stranger.read(application).state == ApplicationState.IN_REVIEW
    assert results(application) == [(True, "referred", ["held_already"])]
    with pytest.raises(HeldPersonNeedsProof):
        review.review_application(
            public_id=application.public_id, approve=True, reason="看起来没问题", actor=REVIEWER
        )
    assert stranger.card() is None
    assert holder.card() is not None
    assert stranger.read(application).state == ApplicationState.IN_REVIEW


def test_another_name_for_a_known_number_changes_nothing(sandbox: Sandbox) -> None:
    number = citizen_number()
    check(applicant("13900001001").apply(replace(ANSWERS, id_number=number)))
    second = applicant("13900001002")
    application = second.apply(replace(ANSWERS, id_number=number, name="别的名字"))
    check(application)
    assert results(application)[0][1] == "referred"
    assert "name_on_file_differs" in results(application)[0][2]


def test_a_child_is_not_opened_without_a_guardian(sandbox: Sandbox) -> None:
    who = applicant()
    born = clock.beijing(clock.now()).date() - timedelta(days=365 * 6)
    from mpi.rules import check_digit_of

    body = f"110199{born:%Y%m%d}901"
    application = who.apply(replace(ANSWERS, id_number=body + check_digit_of(body)))
    check(application)
    assert results(application) == [(True, "referred", ["guardian_needed"])]
    with pytest.raises(GuardianMustApply):
        review.review_application(
            public_id=application.public_id, approve=True, reason="家长要求", actor=REVIEWER
        )


def test_a_checked_application_is_not_checked_again(sandbox: Sandbox) -> None:
    application = applicant().apply()
    check(application)
    assert check(application).decided
    assert IdentityCheck.objects.count() == 1


def test_a_stale_page_overwrites_nothing() -> None:
    who = applicant()
    application = who.draft()
    old = application.version
    applications.save_answers(application=application, version=old, answers=replace(ANSWERS, name="测试乙"))
    stale = who.read(application)
    with pytest.raises(StalePage):
        applications.save_answers(application=stale, version=old, answers=replace(ANSWERS, name="测试丙"))
    assert who.read(application).name == "测试乙"


def test_nothing_of_a_person_is_kept_before_the_consent() -> None:
    who = applicant(consents=False)
    application = who.draft()
    with pytest.raises(ConsentMissing):
        applications.save_answers(application=application, version=application.version, answers=ANSWERS)
    assert who.read(application).name is None


def test_what_stands_in_the_way_of_a_card_is_left_to_a_person(sandbox: Sandbox) -> None:
    who = applicant()
    number = citizen_number()
    first = applicant("13900001002")
    check(first.apply(replace(ANSWERS, id_number=number)))
    card = first.card()
    assert card is not None
    # Every safe key has given this person a number: no further card can be made by rule.
    for remaining in (2, 1, 0):
        live = live_card(card.person_id)
        assert live is not None
        life.cancel_card(card_pk=live.pk, reason="测试", actor=REVIEWER)
        if remaining:
            with transaction.atomic():
                issue_card(person_pk=card.person_id, channel="h5", actor=REVIEWER)
    holding = Holding.objects.get(person=card.person_id)
    identity.end_holding(holding_id=holding.public_id, actor=REVIEWER, reason="测试")
    application = who.apply(replace(ANSWERS, id_number=number))
    assert check(application).decided
    assert results(application) == [(True, "referred", ["cannot_issue"])]


def test_an_unknown_nation_or_sex_is_refused_at_once() -> None:
    application = applicant().draft()
    for changes in ({"nation": "ZZ"}, {"gender": "7"}):
        with pytest.raises(InvalidInput):
            applications.save_answers(
                application=application,
                version=application.version,
                answers=replace(ANSWERS, **changes),  # type: ignore[arg-type]
            )


def test_an_open_question_names_its_page() -> None:
    who = applicant()
    application = who.draft()
    applications.save_answers(
        application=application, version=application.version, answers=replace(ANSWERS, name="")
    )
    with pytest.raises(AnswersMissing) as caught:
        applications.submit_application(
            application=application, version=application.version, phone_known=True, actor=who.actor
        )
    assert caught.value.step == "number"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id_number": "11010020171225006Y"}, "number_characters"),
        ({"id_number": "110100201712250061"}, "number_check_digit"),
        ({"id_number": "1101"}, "number_length"),
        ({"id_type": "77", "id_number": "X"}, "type_unknown"),
        ({"name": "张3"}, "name_digits"),
        ({"phone": "12345"}, "phone_shape"),
        ({"id_number": "11010020171225006X", "birth_date": date(2017, 12, 24)}, "birth_date_disagrees"),
    ],
)
def test_wrong_answers_say_what_is_wrong(changes: dict[str, object], code: str) -> None:
    application = applicant().draft()
    with pytest.raises(AnswersInvalid) as caught:
        applications.save_answers(
            application=application,
            version=application.version,
            answers=replace(ANSWERS, **changes),  # type: ignore[arg-type]
        )
    assert caught.value.problems[0].code == code


@pytest.mark.parametrize(
    "name", ["阿卜杜拉·买买提", "𠮷田", "单单单", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "O'Neil-Smith"]
)
def test_every_real_name_gets_its_card(sandbox: Sandbox, name: str) -> None:
    who = applicant()
    check(who.apply(replace(ANSWERS, name=name, id_number=citizen_number())))
    card = who.card()
    assert card is not None
    assert card.face["name"] == (name.upper() if name.isascii() else name)


def test_changing_the_certificate_empties_what_hung_on_it() -> None:
    who = applicant()
    application = who.draft()
    saved = applications.save_answers(
        application=application,
        version=application.version,
        answers=replace(ANSWERS, id_number=citizen_number()),
    )
    from cards.selectors import answers_of

    assert answers_of(saved).birth_date is not None
    saved = applications.save_answers(
        application=saved, version=saved.version, answers=replace(answers_of(saved), id_type="03")
    )
    assert (saved.id_number, saved.birth_date, saved.gender) == (None, None, "")


def test_who_has_a_card_does_not_apply_again(sandbox: Sandbox) -> None:
    who = applicant()
    check(who.apply())
    with pytest.raises(CardHeldAlready):
        who.draft()


def test_an_application_of_somebody_else_is_not_found() -> None:
    application = applicant("13900001001").draft()
    with pytest.raises(ApplicationNotFound):
        applicant("13900001002").read(application)


def test_an_application_can_be_taken_back_until_it_is_decided(sandbox: Sandbox) -> None:
    who = applicant()
    application = refer(who)
    applications.withdraw_application(application=application, actor=who.actor)
    with pytest.raises(ApplicationClosed):
        review.review_application(
            public_id=application.public_id, approve=True, reason="核对无误", actor=REVIEWER
        )
    assert Card.objects.count() == 0


def test_a_lost_task_and_a_dead_worker_are_found_by_the_sweep(sandbox: Sandbox) -> None:
    who = applicant()
    application = who.apply()
    assert review.waiting_checks() == []
    with time_machine.travel(clock.now() + timedelta(minutes=4), tick=False):
        CardApplication.objects.filter(pk=application.pk).update(state=ApplicationState.CHECKING)
        with time_machine.travel(clock.now() + timedelta(minutes=4), tick=False):
            assert review.waiting_checks() == [application.public_id]


def test_answers_are_not_readable_in_the_database() -> None:
    who = applicant()
    number = citizen_number()
    application = who.draft()
    applications.save_answers(
        application=application, version=application.version, answers=replace(ANSWERS, id_number=number)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM cards_application t")
        stored = cursor.fetchone()[0]
    assert number not in stored
    assert "测试甲" not in stored
    assert number.encode().hex() not in stored
