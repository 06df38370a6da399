"""Two clicks on the forms of an institution that applies: both are told alike, and one has done it."""

import pytest
from django.test import Client

from foundation.audit.models import AuditEntry
from foundation.core.errors import StalePage
from onboarding.models import Joining
from onboarding.rules import JoiningState, Question
from onboarding.services import joining as joinings
from tests.institutions import people
from tests.onboarding import applying

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-07")]


@pytest.fixture(autouse=True)
def _place() -> None:
    people.region()


def test_an_answer_is_kept_once(client: Client) -> None:
    applying.prove(client)
    version = applying.version(client, "name")
    form = {"version": version, **applying.answers()["name"]}
    told = [client.post("/join/name/edit/", form).headers.get("Location") for _click in range(2)]
    assert told == ["/join/number/edit/"] * 2
    assert Joining.objects.get().version == int(version) + 1


def test_two_clicks_in_the_same_moment_hand_in_once(client: Client) -> None:
    kept = applying.fill_in(client)
    # Both requests have read the application before either hands it in.
    for click in [Joining.objects.get(pk=kept.pk) for _click in range(2)]:
        handed = joinings.submit_joining(
            joining=click, version=kept.version, agreed=True, actor=joinings.APPLICANT
        )
        assert handed.state == JoiningState.SUBMITTED
    assert AuditEntry.objects.filter(action="joining.submitted").count() == 1


def test_a_page_with_older_answers_hands_nothing_in(client: Client) -> None:
    kept = applying.fill_in(client)
    for version in (kept.version - 1, kept.version + 1):
        with pytest.raises(StalePage):
            joinings.submit_joining(joining=kept, version=version, agreed=True, actor=joinings.APPLICANT)
    assert Joining.objects.get().state == JoiningState.DRAFT


def test_what_is_handed_in_takes_no_answer(client: Client) -> None:
    kept = applying.hand_in(client)
    with pytest.raises(StalePage):
        joinings.save_answers(
            joining=kept,
            version=kept.version,
            question=Question.NAME,
            answers=applying.answers()["name"],
            actor=joinings.APPLICANT,
        )
