"""Two clicks on the answer to a doctor's question: both lead on alike, and one of them has answered."""

import pytest
from django.db import transaction

from foundation.accounts.models import Account
from foundation.events.models import OutboxMessage
from institutions.rules import Role
from records.models import AccessGrant, EmergencyOpening
from records.rules import RecordKind
from records.selectors.access import preview, records_of
from records.services.emergency import open_by_document
from tests.cards.holding import CardHolder
from tests.cards.world import hospital
from tests.clicking import BOTH_WAYS, Clicks, press
from tests.concurrency.waiting import overtaken
from tests.institutions import people as staff
from tests.records import world
from tests.records.consenting import asked, everything

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-07")]


@pytest.fixture(params=BOTH_WAYS)
def clicks(request: pytest.FixtureRequest) -> Clicks:
    """How the two clicks come."""
    made: Clicks = request.param
    return made


@pytest.fixture
def question(transactional_db: None) -> tuple[CardHolder, str, dict[str, object]]:
    """Somebody before the question, its address, and the form that agrees to everything."""
    with transaction.atomic():
        where, who = hospital(short_name="东区医院"), world.proved()
        world.report(where, who)
        doctor: Account = staff.staff(Role.DOCTOR, where.public_id)
        request_id = asked(doctor, who)
    scope = everything(who)
    form: dict[str, object] = {
        "scoped": "1",
        "kinds": list(RecordKind.values),
        "sources": sorted(scope.sources),
        "reach": "all",
        "duration": "week",
        "seen": preview(records_of(who.card.person_id), scope).digest,
        "answer": "agree",
    }
    return who, f"/records/access/requests/{request_id}/", form


def test_a_consent_is_given_once(clicks: Clicks, question: tuple[CardHolder, str, dict[str, object]]) -> None:
    who, address, form = question
    told = clicks(who.account, address, form)
    granted = AccessGrant.objects.get().public_id
    assert told == [(302, f"/records/access/grants/{granted}/")] * 2
    # Who wants it for another time, or not at all, sees that it was answered.
    for other in ({"duration": "day"}, {"answer": "refuse"}):
        assert press(who.account, address, form | other) == (200, "")


def test_a_question_is_refused_once(
    clicks: Clicks, question: tuple[CardHolder, str, dict[str, object]]
) -> None:
    who, address, form = question
    told = clicks(who.account, address, form | {"answer": "refuse"})
    assert told == [(302, address)] * 2
    assert press(who.account, address, form) == (200, "")
    assert not AccessGrant.objects.exists()


@pytest.mark.row("ER-01")
def test_an_emergency_form_that_is_sent_twice_in_one_moment_opens_once(transactional_db: None) -> None:
    with transaction.atomic():
        where, who = hospital(short_name="东区医院"), world.proved()
        nurse = staff.actor(staff.staff(Role.NURSE, where.public_id))

    def click() -> str:
        return open_by_document(
            id_type="01", number=who.id_number, reason="车祸昏迷", ticket="a" * 26, actor=nurse
        )

    opening = overtaken(first=click, then=click)
    assert opening == EmergencyOpening.objects.get().public_id
    assert OutboxMessage.objects.filter(topic="emergency.opened.v1").count() == 1
