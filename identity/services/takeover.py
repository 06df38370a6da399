"""At a window: the account of the person who stands there, and the account that held them before.

Where nobody else holds the person, one clerk's look is enough. Where another account does, a
second clerk looks at the document too: one clerk alone could give anybody's card away.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

import gmcrypto
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.text import mask_name, mask_number
from identity import rules, selectors
from identity.errors import DocumentDiffers, HoldsAnother, SecondClerkNeeded, TakeOverOver
from identity.models import TakeOver
from identity.services.holdings import open_self_holding
from identity.services.seen import keep_evidence
from identity.types import OpenedHolding, TakeOverState, WaitingTakeOver
from institutions import services as institutions
from institutions.rules import Duty
from mpi import rules as person_rules
from mpi import selectors as mpi
from mpi import services as persons

# The person waits at the window meanwhile.
LIFE = timedelta(minutes=30)
MOST_READINGS = 5
MOST_SHOWN = 50


@transaction.atomic
def hold_seen_person(
    *,
    account_pk: int,
    person_pk: int,
    subject: tuple[str, str],
    document: str,
    reason: str,
    actor: Actor,
) -> bool:
    """Let an account hold the person whom a clerk has before them, at the highest level.

    Args:
        subject: What the evidence is for: ``("cards.Card", public id)``.
        document: Type of the certificate that the clerk compared with the person.

    Returns:
        Whether it does now; if not, another account holds the person, and a second clerk has
        ``LIFE`` to confirm it.

    Raises:
        PermissionRefused: If the actor does not work at a window.
        HoldsAnother: If the account holds somebody else as itself.
    """
    institutions.require(actor, Duty.WORK_AT_WINDOW)
    anchors = persons.lock_cluster(person_pk)
    own = selectors.self_person(account_pk)
    if own is not None and own.person_pk not in anchors:
        raise HoldsAnother
    holder = selectors.self_account(person_pk)
    if holder is None or holder[0] == account_pk:
        seen = keep_evidence(
            request_id=f"account-{account_pk}-{clock.beijing(clock.now()):%Y%m%d}",
            subject=subject,
            person_pk=person_pk,
            evidence=rules.Evidence.WINDOW,
            document=document,
            actor=actor,
        )
        open_self_holding(
            account_pk=account_pk,
            person_pk=person_pk,
            evidence=rules.Evidence.WINDOW,
            evidence_id=seen.check_id,
            reason=reason,
            actor=actor,
        )
        return True
    moment = clock.now()
    TakeOver.objects.filter(person__in=anchors, state=TakeOverState.WAITING).update(
        state=TakeOverState.OVER, decided_at=moment, updated_at=moment
    )
    asked = TakeOver.objects.create(
        account_id=account_pk,
        person_id=mpi.survivor(person_pk),
        institution=actor.institution,
        document=document,
        reason=reason,
        asked_by=actor.id,
        expires_at=moment + LIFE,
    )
    audit.record(
        Action.TAKE_OVER_ASKED, actor=actor, subject=asked, reason=reason, details={"kind": document}
    )
    return False


def confirm_take_over(*, take_over_id: str, number: str, actor: Actor) -> OpenedHolding:
    """Move the person to the account at the window, as the second clerk; the hold of before ends.

    Args:
        number: Of the certificate, as this clerk has read it from the document.

    Raises:
        PermissionRefused: If the actor does not work at a window.
        SecondClerkNeeded: If the actor is the first clerk.
        TakeOverOver: If it waits no more.
        DocumentDiffers: If the number is not the person's.
        TooManyRequests: After five wrong ones.
        HeldByAnother, HoldsAnother: If what held before has changed meanwhile.
    """
    row = _waiting(take_over_id, actor)
    # Counted outside of the transaction, so that a wrong number stays counted.
    limit = f"take-over:{take_over_id}"
    ratelimit.hit(limit, limit=MOST_READINGS, per_seconds=int(LIFE.total_seconds()))
    person = mpi.particulars(row.person_id)
    given = person_rules.canonical_number(person.id_type, number)
    if not gmcrypto.same(given.encode(), person.id_number.encode()):
        raise DocumentDiffers(field="number")
    return _move(row, actor)


@transaction.atomic
def refuse_take_over(*, take_over_id: str, actor: Actor) -> None:
    """Leave the person with the account that holds them; the first clerk may take it back too.

    Raises:
        PermissionRefused, TakeOverOver: As ``confirm_take_over``.
    """
    institutions.require(actor, Duty.WORK_AT_WINDOW)
    row = _of_institution(actor).filter(public_id=take_over_id).first()
    if row is None:
        raise TakeOverOver
    _decide(row, TakeOverState.REFUSED, actor)
    audit.record(Action.TAKE_OVER_REFUSED, actor=actor, subject=row)


@transaction.atomic
def _move(row: TakeOver, actor: Actor) -> OpenedHolding:
    _decide(row, TakeOverState.DONE, actor)
    seen = keep_evidence(
        request_id=row.public_id,
        subject=audit.subject_of(row),
        person_pk=row.person_id,
        evidence=rules.Evidence.WINDOW,
        reference=row.asked_by,
        document=row.document,
        actor=actor,
    )
    return open_self_holding(
        account_pk=row.account_id,
        person_pk=row.person_id,
        evidence=rules.Evidence.WINDOW,
        evidence_id=seen.check_id,
        first_clerk=row.asked_by,
        reason=row.reason,
        actor=actor,
    )


def take_overs_shown(*, actor: Actor) -> list[WaitingTakeOver]:
    """What waits for a second clerk of the actor's institution, the oldest first, masked."""
    rows = list(_of_institution(actor)[:MOST_SHOWN])
    known = mpi.particulars_many(row.person_id for row in rows)
    return [
        WaitingTakeOver(
            take_over_id=row.public_id,
            name=mask_name(known[row.person_id].name),
            number=mask_number(known[row.person_id].id_number),
            document=str(person_rules.CERTIFICATE_TYPES[row.document].name),
            reason=row.reason,
            asked_at=row.created_at,
            expires_at=row.expires_at,
            is_own=row.asked_by == actor.id,
        )
        for row in rows
        if row.person_id in known
    ]


def _of_institution(actor: Actor) -> "QuerySet[TakeOver]":
    rows = TakeOver.objects.filter(state=TakeOverState.WAITING, expires_at__gt=clock.now())
    return rows.filter(institution=actor.institution or None).order_by("pk")


def _waiting(take_over_id: str, actor: Actor) -> TakeOver:
    institutions.require(actor, Duty.WORK_AT_WINDOW)
    row = _of_institution(actor).filter(public_id=take_over_id).first()
    if row is None:
        raise TakeOverOver
    if row.asked_by == actor.id:
        raise SecondClerkNeeded
    return row


def _decide(row: TakeOver, state: TakeOverState, actor: Actor) -> None:
    moment = clock.now()
    decided = TakeOver.objects.filter(pk=row.pk, state=TakeOverState.WAITING, expires_at__gt=moment).update(
        state=state, decided_by=actor.id, decided_at=moment, updated_at=moment
    )
    if not decided:
        raise TakeOverOver
