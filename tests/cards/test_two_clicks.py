"""Two clicks on one button of the card's pages: both lead on alike, and one of them has done it."""

import pytest
from django.db import transaction
from django.urls import reverse

from cards.models import Card, CardApplication, Confirmation, LinkedCertificate, ScanRequest
from cards.rules.steps import Step
from cards.selectors import own_card
from cards.services import certificates, confirmations, life, scanning
from cards.states import CardState, NumberState
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.events.models import OutboxMessage
from foundation.gateway.caller import actor_of_caller
from identity import services as identity
from identity.models import Holding, Invitation
from identity.rules import Evidence
from tests.cards.applying import applicant
from tests.cards.families import child_of, guardian
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.world import citizen_number, hospital
from tests.clicking import BOTH_WAYS, Clicks, one_after_the_other, press
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-14")]

STAFF = Actor(kind=ActorKind.STAFF, id="clerk", scopes=frozenset({"centre", "centre_admin"}))


@pytest.fixture(params=BOTH_WAYS)
def clicks(request: pytest.FixtureRequest) -> Clicks:
    """How the two clicks come."""
    made: Clicks = request.param
    return made


@pytest.fixture
def holder(transactional_db: None) -> CardHolder:
    """Somebody whom the window has seen, so that they may do everything."""
    with transaction.atomic():
        who = card_holder()
        identity.open_self_holding(
            account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
        )
    return who


def entries(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


def test_an_answer_is_kept_once(clicks: Clicks) -> None:
    with transaction.atomic():
        who = applicant()
        draft = who.draft()
    body = {"version": draft.version, "id_type": "01"}
    told = clicks(who.account, reverse("apply-step", args=[Step.CERTIFICATE]), body)
    assert told == [(302, reverse("apply-step", args=[Step.NUMBER]))] * 2
    number = citizen_number()
    body = {"version": draft.version + 1, "id_number": number}
    told = clicks(who.account, reverse("apply-step", args=[Step.NUMBER]), body)
    assert told == [(302, reverse("apply-step", args=[Step.NAME]))] * 2
    kept = CardApplication.objects.get()
    assert (kept.version, kept.id_number) == (draft.version + 2, number)


def test_an_application_is_taken_back_once(clicks: Clicks) -> None:
    with transaction.atomic():
        who = applicant()
        application = who.apply()
    address = reverse("apply-withdraw", args=[application.public_id])
    assert clicks(who.account, address, {}) == [(302, reverse("card"))] * 2
    assert entries("application.withdrawn") == 1


@pytest.mark.parametrize(
    ("word", "before", "after"),
    [
        ("freeze", CardState.ACTIVE, CardState.FROZEN),
        ("unfreeze", CardState.FROZEN, CardState.ACTIVE),
        ("report-loss", CardState.ACTIVE, CardState.LOST),
        ("withdraw-loss", CardState.LOST, CardState.ACTIVE),
        ("cancel", CardState.ACTIVE, CardState.CANCELLED),
    ],
)
def test_a_card_is_moved_once(
    clicks: Clicks, holder: CardHolder, word: str, before: CardState, after: CardState
) -> None:
    for state, made in ((CardState.FROZEN, life.freeze_card), (CardState.LOST, life.report_loss)):
        if before == state:
            made(card_pk=holder.card.pk, reason="holder", actor=holder.actor)
    OutboxMessage.objects.all().delete()
    told = clicks(holder.account, reverse("card-move", args=[word]), move_of(holder))
    page = reverse("card") if word == "cancel" else reverse("card-settings")
    assert told == [(302, page)] * 2
    assert Card.objects.get().state == after
    assert OutboxMessage.objects.filter(topic="card.state_changed.v1").count() == 1


def test_what_staff_have_stopped_meanwhile_is_said(holder: CardHolder) -> None:
    body = move_of(holder)
    life.freeze_card(card_pk=holder.card.pk, reason="疑似冒用", actor=STAFF)
    told = one_after_the_other(holder.account, reverse("card-move", args=["freeze"]), body)
    assert [status for status, _page in told] == [422, 422]


def move_of(holder: CardHolder) -> dict[str, str]:
    number = holder.card.numbers.get(state=NumberState.CURRENT).public_id
    return {"replaces": number, "reason": "phone_lost", "certificate": holder.id_number}


@pytest.mark.parametrize("answer", ["agree", "refuse"])
def test_a_terminals_question_is_answered_once(clicks: Clicks, holder: CardHolder, answer: str) -> None:
    token = scanning.start_scan(caller=hospital().caller).text.rstrip("/").rpartition("/")[2]
    address = reverse("open-scan", args=[token])
    agreed, refused = {"card": holder.card.public_id}, {"refuse": "1"}
    body, other = (agreed, refused) if answer == "agree" else (refused, agreed)
    assert clicks(holder.account, address, body) == [(302, address)] * 2
    assert OutboxMessage.objects.filter(topic="scan.answered.v1").count() == 1
    # Another wish comes too late.
    assert press(holder.account, address, other)[0] == 410
    assert ScanRequest.objects.get().state == {"agree": "agreed", "refuse": "refused"}[answer]


@pytest.mark.parametrize("answer", ["agree", "refuse"])
def test_a_statement_is_answered_once(clicks: Clicks, holder: CardHolder, answer: str) -> None:
    asked = confirmations.ask_for_confirmation(
        card=holder.card,
        title="随访同意书",
        text="同意电话联系",
        valid_minutes=60,
        actor=actor_of_caller(hospital().caller),
    )
    address = reverse("confirmation", args=[asked.public_id])
    assert clicks(holder.account, address, {"answer": answer, "reason": ""}) == [(302, address)] * 2
    assert entries("confirmation.answered") == 1
    other = {"answer": "refuse" if answer == "agree" else "agree"}
    assert press(holder.account, address, other)[0] == 409
    assert Confirmation.objects.get().state == {"agree": "agreed", "refuse": "refused"}[answer]


def test_a_certificate_is_taken_out_once(clicks: Clicks, holder: CardHolder) -> None:
    row = certificates.claim_certificate(
        person_pk=holder.card.person_id,
        kind="blood_donor",
        number="370100012345",
        issuer="示范血站",
        actor=holder.actor,
    )
    told = clicks(holder.account, reverse("card-certificate-unlink", args=[row.public_id]), {})
    assert told == [(302, reverse("card-certificates"))] * 2
    assert entries("certificate.unlinked") == 1
    assert LinkedCertificate.objects.get().state == "unlinked"


def test_a_guardianship_is_ended_once(clicks: Clicks, sandbox: Sandbox) -> None:
    with transaction.atomic():
        who = guardian()
    child = child_of(who)
    told = clicks(who.account, reverse("family-end", args=[child]), {"reason": "not_needed"})
    assert told == [(302, reverse("family"))] * 2
    assert Holding.objects.filter(state="ended").count() == 1
    assert entries("holding.ended") == 1


@pytest.mark.parametrize("answer", ["agree", "decline"])
def test_an_invitation_is_answered_once(clicks: Clicks, answer: str) -> None:
    with transaction.atomic():
        who, elder = guardian(), guardian("13900002003")
        own = own_card(elder.account.pk)
    assert own is not None
    face = own.card.face
    invitation = identity.invite(
        account_pk=who.account.pk,
        relation="parent",
        id_type="01",
        id_number=face["id_number"],
        name=face["name"],
        actor=who.actor,
    )
    address = reverse("family-accept", args=[invitation.public_id])
    assert clicks(elder.account, address, {"do": answer}) == [(302, reverse("family"))] * 2
    assert entries("invitation.answered") == 1
    assert Invitation.objects.get().state == {"agree": "accepted", "decline": "declined"}[answer]
    assert press(elder.account, address, {"do": "decline" if answer == "agree" else "agree"})[0] == 404
