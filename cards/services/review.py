"""Deciding an application: by rule after the real-name check, or by a person.

The check calls an outside system, so it runs in a worker with no transaction open; what it
says is decided and written in one transaction afterwards. Every application ends in a review
result on file.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F

from cards.centre import rules_in_force
from cards.errors import (
    ApplicationClosed,
    ApplicationNotFound,
    GuardianMustApply,
    HeldPersonNeedsProof,
    ReasonNeeded,
)
from cards.events import ApplicationReviewed
from cards.models import Card, CardApplication, ReviewResult
from cards.rules import review
from cards.rules.review import CheckOutcome, Decision, Facts, Rule
from cards.selectors import SELF, answers_of
from cards.services.issue import issue_card
from cards.states import ApplicationState, ReviewOutcome
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from foundation.events import live
from foundation.events import services as events
from identity import selectors as identity_read
from identity import services as identity
from identity.errors import HeldByAnother, HoldsAnother
from identity.rules import Evidence
from institutions.rules import Duty
from institutions.services import require
from mpi import rules as people
from mpi import selectors as mpi_read
from mpi import services as mpi
from mpi.errors import IdentityConflict
from mpi.types import PersonIdentity

log = structlog.get_logger(__name__)

# After this many unanswered checks a person decides.
MAX_CHECKS = 4
RETRY_SECONDS = (5, 20, 60)
REFUSALS_WINDOW = timedelta(hours=24)
# A worker that died in the middle of a check holds the application no longer than this.
CHECK_LEASE = timedelta(minutes=3)

CHECKER = Actor.system("application-check")


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of one round: decided, or to be asked again after some seconds."""

    decided: bool
    retry_after: int = 0


def check_submitted(*, public_id: str) -> Progress:
    """Make one real-name check for a submitted application, and decide it.

    Called by the worker. Safe to call at any time and by several workers: only one moves the
    application to ``checking``, and an application that is not waiting is left alone.
    """
    claimed = CardApplication.objects.filter(public_id=public_id, state=ApplicationState.SUBMITTED).update(
        state=ApplicationState.CHECKING, attempts=F("attempts") + 1, updated_at=clock.now()
    )
    if not claimed:
        return Progress(decided=True)
    application = CardApplication.objects.select_related("account").get(public_id=public_id)
    outcome, reference = _ask(application)
    if outcome is CheckOutcome.NO_ANSWER and application.attempts < MAX_CHECKS:
        CardApplication.objects.filter(pk=application.pk, state=ApplicationState.CHECKING).update(
            state=ApplicationState.SUBMITTED, updated_at=clock.now()
        )
        return Progress(decided=False, retry_after=RETRY_SECONDS[min(application.attempts, 3) - 1])
    _decide(application, outcome, reference)
    return Progress(decided=True)


def _ask(application: CardApplication) -> tuple[CheckOutcome, str]:
    """Ask the outside system, with no transaction open; the evidence is the identity room's."""
    answers = answers_of(application)
    result = identity.check_real_name(
        request_id=f"{application.public_id}-{application.attempts}",
        subject=audit.subject_of(application),
        id_type=answers.id_type,
        id_number=answers.id_number,
        name=answers.name,
        actor=CHECKER,
        account_pk=application.account_id,
    )
    outcome = CheckOutcome(result.outcome) if result.has_answer else CheckOutcome.NO_ANSWER
    return outcome, result.check_id


@transaction.atomic
def _decide(application: CardApplication, outcome: CheckOutcome, reference: str) -> None:
    facts = _facts(application, outcome)
    decision = review.decide(facts)
    card = None
    if decision.outcome == ReviewOutcome.APPROVED:
        decision, card = _issue_or_refer(application, reference)
    _close(
        application,
        before=ApplicationState.CHECKING,
        decision=decision,
        card=card,
        automatic=True,
        actor=CHECKER,
        reference=reference,
    )


def _issue_or_refer(application: CardApplication, reference: str) -> tuple[Decision, Card | None]:
    """Issue; if somebody else was faster with this person or account, a human decides."""
    try:
        with transaction.atomic():
            card = _issue(application, evidence=Evidence.REAL_NAME, reference=reference, actor=CHECKER)
    except HeldByAnother:
        return Decision(ReviewOutcome.REFERRED, (Rule.HELD_ALREADY,)), None
    except HoldsAnother:
        return Decision(ReviewOutcome.REFERRED, (Rule.HOLDS_ANOTHER,)), None
    except IdentityConflict:
        return Decision(ReviewOutcome.REFERRED, (Rule.NAME_ON_FILE_DIFFERS,)), None
    except DomainError as exc:
        # Whatever else stands in the way is for a person to see; left to itself the application
        # would be checked again and again without an end.
        log.warning("application_not_issued", application=application.public_id, code=exc.code)
        return Decision(ReviewOutcome.REFERRED, (Rule.CANNOT_ISSUE,)), None
    return Decision(ReviewOutcome.APPROVED, (Rule.MATCHED,)), card


@transaction.atomic
def review_application(*, public_id: str, approve: bool, reason: str, actor: Actor) -> None:
    """Decide an application that was referred to a person.

    Args:
        reason: Why; the applicant reads it when the application is refused.

    Raises:
        ReasonNeeded: If no reason is given.
        HeldPersonNeedsProof: If the person has a holder: a name and a number never move a
            person from one account to another (decision 2).
        GuardianMustApply: If the applicant is a child.
        ApplicationClosed: If it is not waiting for a review, or another reviewer was faster.
    """
    require(actor, Duty.REVIEW_APPLICATIONS)
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    application = CardApplication.objects.select_related("account").filter(public_id=public_id).first()
    if application is None:
        raise ApplicationNotFound
    if application.state != ApplicationState.IN_REVIEW:
        raise ApplicationClosed
    card = None
    if approve and application.relation == SELF and review.needs_guardian(_age(application)):
        raise GuardianMustApply
    if approve:
        try:
            card = _issue(
                application, evidence=Evidence.REVIEW, reference=application.check_reference, actor=actor
            )
        except (HeldByAnother, HoldsAnother, IdentityConflict) as exc:
            raise HeldPersonNeedsProof from exc
    _close(
        application,
        before=ApplicationState.IN_REVIEW,
        decision=Decision(ReviewOutcome.APPROVED if approve else ReviewOutcome.REFUSED, ()),
        card=card,
        automatic=False,
        actor=actor,
        reason=reason.strip(),
        reference=application.check_reference,
    )


def _facts(application: CardApplication, outcome: CheckOutcome) -> Facts:
    answers = answers_of(application)
    known = mpi_read.find_by_identifier(answers.id_type, answers.id_number)
    own = identity_read.self_person(application.account_id)
    return Facts(
        outcome=outcome,
        id_type=answers.id_type,
        age=_age(application),
        recent_refusals=CardApplication.objects.filter(
            account_id=application.account_id,
            state=ApplicationState.REFUSED,
            decided_at__gte=clock.now() - REFUSALS_WINDOW,
        ).count(),
        name_differs=known is not None and mpi_read.particulars(known.person_pk).name != answers.name,
        held_by_other=known is not None
        and identity_read.is_held(known.person_pk)
        and (own is None or own.person_pk != known.person_pk),
        holds_other=own is not None and (known is None or own.person_pk != known.person_pk),
        for_child=application.relation != SELF,
    )


def _age(application: CardApplication) -> int:
    born = answers_of(application).birth_date
    # Somebody whose certificate tells no birth date has been asked for it.
    return people.age_on(born, clock.beijing(clock.now()).date()) if born else 0


def _issue(application: CardApplication, *, evidence: Evidence, reference: str, actor: Actor) -> Card:
    answers = answers_of(application)
    registration = mpi.register_person(
        identity=PersonIdentity(
            id_type=answers.id_type,
            id_number=answers.id_number,
            name=answers.name,
            sex=answers.gender,
            birth_date=answers.birth_date,
            nation=answers.nation,
            phone=answers.phone,
        ),
        source=application.channel,
        actor=actor,
    )
    if application.relation == SELF:
        identity.open_self_holding(
            account_pk=application.account_id,
            person_pk=registration.person_pk,
            evidence=evidence,
            evidence_id=reference,
            actor=actor,
        )
    else:
        identity.open_dependant_holding(
            account_pk=application.account_id,
            person_pk=registration.person_pk,
            relation=application.relation,
            evidence=Evidence.GUARDIAN_PROOF,
            evidence_id=application.public_id,
            limits=rules_in_force().family,
            actor=actor,
        )
    identity.attach_person(check_id=reference, person_pk=registration.person_pk)
    return issue_card(
        person_pk=registration.person_pk,
        channel=application.channel,
        actor=actor,
    ).card


_STATES = {
    ReviewOutcome.APPROVED: ApplicationState.ISSUED,
    ReviewOutcome.REFUSED: ApplicationState.REFUSED,
    ReviewOutcome.REFERRED: ApplicationState.IN_REVIEW,
}


def _close(
    application: CardApplication,
    *,
    before: ApplicationState,
    decision: Decision,
    card: Card | None,
    automatic: bool,
    actor: Actor,
    reference: str,
    reason: str = "",
) -> None:
    """Write the decision; whoever was slower loses everything that it did."""
    outcome = ReviewOutcome(decision.outcome)
    after = _STATES[outcome]
    moment = clock.now()
    moved = CardApplication.objects.filter(pk=application.pk, state=before).update(
        state=after,
        check_reference=reference,
        card=card,
        person_id=card.person_id if card else None,
        decided_at=None if outcome is ReviewOutcome.REFERRED else moment,
        updated_at=moment,
    )
    if not moved:
        raise ApplicationClosed
    ReviewResult.objects.create(
        application=application,
        automatic=automatic,
        outcome=outcome,
        rules=[str(rule) for rule in decision.rules],
        reviewer=actor.id,
        reason=reason,
        at=moment,
    )
    audit.record(
        Action.APPLICATION_REVIEWED,
        actor=actor,
        subject=application,
        reason=reason,
        details={"outcome": outcome.value, "before": before.value, "after": after.value},
    )
    events.publish(
        ApplicationReviewed(
            application_id=application.public_id,
            account_id=application.account.public_id,
            outcome=outcome.value,
            automatic=automatic,
            relation=application.relation,
        )
    )
    live.notify(application.account.public_id, "application.decided", {"application": application.public_id})


def waiting_checks() -> list[str]:
    """Applications whose task was lost; those whose worker died are set back first."""
    overdue = clock.now() - CHECK_LEASE
    CardApplication.objects.filter(state=ApplicationState.CHECKING, updated_at__lt=overdue).update(
        state=ApplicationState.SUBMITTED
    )
    return list(
        CardApplication.objects.filter(
            state=ApplicationState.SUBMITTED, updated_at__lt=clock.now() - timedelta(minutes=2)
        ).values_list("public_id", flat=True)[:500]
    )
