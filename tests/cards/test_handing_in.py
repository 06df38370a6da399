"""Handing an application in: once, however often it is clicked, and only what was shown and agreed to."""

from dataclasses import replace

import pytest

from cards.errors import (
    ApplicationClosed,
)
from cards.services import application as applications
from cards.states import ApplicationState
from foundation.audit.models import AuditEntry
from foundation.core.errors import StalePage, TooManyRequests
from foundation.events.models import OutboxMessage
from identity import services as identity
from identity.errors import ConsentMissing
from identity.types import ConsentKind
from tests.cards.applying import ANSWERS, applicant
from tests.cards.world import citizen_number
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-03")]


def test_a_second_click_hands_in_nothing_twice(sandbox: Sandbox) -> None:
    who = applicant()
    application = who.apply()
    applications.submit_application(
        application=application, version=application.version, phone_known=True, actor=who.actor
    )
    assert OutboxMessage.objects.filter(topic="application.submitted.v1").count() == 1
    assert who.draft().pk == application.pk


def test_two_clicks_in_the_same_moment_hand_in_once_and_both_are_told_so() -> None:
    who = applicant()
    draft = who.draft()
    applications.save_answers(
        application=draft, version=draft.version, answers=replace(ANSWERS, id_number=citizen_number())
    )
    # Both requests have read the draft before either moves it.
    clicks = who.read(draft), who.read(draft)
    version = clicks[0].version
    for click in clicks:
        applications.submit_application(application=click, version=version, phone_known=True, actor=who.actor)
    assert OutboxMessage.objects.filter(topic="application.submitted.v1").count() == 1
    assert AuditEntry.objects.filter(action="application.submitted").count() == 1


def test_a_page_with_older_answers_hands_nothing_in() -> None:
    who = applicant()
    draft = who.draft()
    applications.save_answers(
        application=draft, version=draft.version, answers=replace(ANSWERS, id_number=citizen_number())
    )
    with pytest.raises(StalePage):
        applications.submit_application(
            application=draft, version=draft.version - 1, phone_known=True, actor=who.actor
        )
    assert who.read(draft).state == ApplicationState.DRAFT


def test_what_is_taken_back_in_the_same_moment_is_not_handed_in() -> None:
    who = applicant()
    draft = who.draft()
    applications.save_answers(
        application=draft, version=draft.version, answers=replace(ANSWERS, id_number=citizen_number())
    )
    click = who.read(draft)
    applications.withdraw_application(application=who.read(draft), actor=who.actor)
    with pytest.raises(ApplicationClosed):
        applications.submit_application(
            application=click, version=click.version, phone_known=True, actor=who.actor
        )
    assert who.read(draft).state == ApplicationState.WITHDRAWN


def test_a_consent_withdrawn_in_between_stops_the_submission() -> None:
    who = applicant()
    application = who.draft()
    applications.save_answers(
        application=application,
        version=application.version,
        answers=replace(ANSWERS, id_number=citizen_number()),
    )
    identity.withdraw_consent(
        account_pk=who.account.pk, kind=ConsentKind.SENSITIVE_DATA.value, actor=who.actor
    )
    with pytest.raises(ConsentMissing):
        applications.submit_application(
            application=application, version=application.version, phone_known=True, actor=who.actor
        )
    assert who.read(application).state == ApplicationState.DRAFT


def test_submissions_are_limited_by_day(sandbox: Sandbox) -> None:
    who = applicant()
    for _ in range(applications.SUBMISSIONS_PER_DAY):
        application = who.apply()
        applications.withdraw_application(application=application, actor=who.actor)
    with pytest.raises(TooManyRequests):
        who.apply()
