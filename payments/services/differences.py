"""Writing differences down, once, and closing those that were made good.

A run says all that differs within its scope. What is new is written down; what it no longer finds
is healed; what it finds again is left as it is. So a run may be repeated, and run twice at once. Money in
suspense has one difference, also where it is taken first for nobody's and then for a second payment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import structlog
from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from payments.models import Channel, Difference, DifferenceStep
from payments.reconciliation.rules import HEALING, UNCLAIMED, DifferenceState, Party, Step, acts_for
from payments.reconciliation.sides import Found, Source

log = structlog.get_logger(__name__)

MATCHING = Actor.system("reconciliation")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose day was looked at; a run says all that differs within it.

    Attributes:
        channel: None where a hospital's own statement was compared.
    """

    institution_pk: int
    party: Party
    channel: Channel | None
    day: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run changed."""

    found: int = 0
    healed: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.found + other.found, self.healed + other.healed)


@transaction.atomic
def write_run(*, scope: Scope, found: Sequence[Found], actor: Actor) -> Outcome:
    """Write down what a comparison of statements found, and heal what it did not find any more."""
    written = [_row(scope, one) for one in found]
    known = {
        (row.kind, row.key): row
        for row in Difference.objects.filter(
            institution=scope.institution_pk,
            party=scope.party,
            key__in=[row.key for row in written],
        ).exclude(state=DifferenceState.HEALED)
    }
    apart = _of_suspense(written)
    new, kept = 0, set()
    for row in written:
        before = known.get((row.kind, row.key))
        if before is None and row.kind in UNCLAIMED:
            before = apart.get(row.suspense_id or 0)
        if before is None:
            new += note_found(row=row, actor=actor)
            continue
        kept.add(before.pk)
        if before.state == DifferenceState.OPEN:
            _refresh(before, row)
    keys = {(row.kind, row.key) for row in written}
    live = Difference.objects.filter(
        institution=scope.institution_pk,
        party=scope.party,
        channel=scope.channel,
        day=scope.day,
        by_files=True,
        state__in=HEALING,
    )
    gone = [row for row in live.exclude(pk__in=kept).order_by("pk") if (row.kind, row.key) not in keys]
    return Outcome(new, sum(heal(difference=row, actor=actor) for row in gone))


def _of_suspense(written: Sequence[Difference]) -> dict[int, Difference]:
    """What is on record about the same money in suspense, as whatever it was found then; the first counts."""
    rows = Difference.objects.filter(
        suspense__in=[row.suspense_id for row in written if row.suspense_id], kind__in=UNCLAIMED
    ).exclude(state=DifferenceState.HEALED)
    return {row.suspense_id or 0: row for row in rows.order_by("-pk")}


def note_found(*, row: Difference, actor: Actor) -> bool:
    """Write a difference down; of two who find the same, one does.

    Returns:
        Whether it is new.
    """
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            note_step(difference=row, kind=Step.FOUND, actor=actor)
            record_difference(action=Action.DIFFERENCE_FOUND, row=row, actor=actor)
    except IntegrityError:
        return False
    log.warning("difference_found", difference=row.public_id, party=row.party, kind=row.kind)
    return True


@transaction.atomic
def heal(*, difference: Difference, actor: Actor) -> bool:
    """Close a difference that was made good by what came later.

    Returns:
        Whether it was still open.
    """
    moved = Difference.objects.filter(pk=difference.pk, state__in=HEALING).update(
        state=DifferenceState.HEALED, ended_at=clock.now()
    )
    if not moved:
        return False
    note_step(difference=difference, kind=Step.HEALED, actor=actor)
    record_difference(action=Action.DIFFERENCE_HEALED, row=difference, actor=actor)
    return True


def note_step(*, difference: Difference, kind: Step, actor: Actor, act: str = "", reason: str = "") -> None:
    """Add to the history of a difference, in the caller's transaction."""
    DifferenceStep.objects.create(
        difference=difference, kind=kind, act=act, by=actor.id, reason=reason[:200], at=clock.now()
    )


def record_difference(*, action: Action, row: Difference, actor: Actor, reason: str = "") -> None:
    """Tell the audit what happened to a difference."""
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
        details={"kind": row.kind, "outcome": row.act, "amount_fen": row.theirs_fen or row.ours_fen or 0},
    )


def _row(scope: Scope, found: Found) -> Difference:
    ours = found.ours
    row = Difference(
        institution_id=scope.institution_pk,
        party=scope.party,
        channel=scope.channel,
        day=scope.day,
        kind=found.kind,
        item=found.item,
        key=f"{scope.channel.public_id}:{found.key}" if scope.channel else found.key,
        ours_fen=found.ours_fen,
        theirs_fen=found.theirs_fen,
        line_id=found.line.pk if found.line else None,
        bill_id=ours.bill if ours else None,
        found_at=clock.now(),
    )
    if ours is not None:
        row.attempt_id = ours.pk if ours.source is Source.ATTEMPT else None
        row.refund_id = ours.pk if ours.source is Source.REFUND else None
        row.suspense_id = ours.pk if ours.source is Source.SUSPENSE else None
    propose_first(row=row)
    return row


def propose_first(*, row: Difference, is_stuck: bool = False) -> None:
    """Say what is usually done about a difference of this kind."""
    row.act = acts_for(
        row.kind,
        row.item,
        has_suspense=row.suspense_id is not None,
        has_payment=any((row.attempt_id, row.refund_id, row.bill_id)),
        is_stuck=is_stuck,
    )[0]


def _refresh(before: Difference, row: Difference) -> None:
    """What another version of the file says of the same thing."""
    names = ("kind", "ours_fen", "theirs_fen", "line_id", "suspense_id", "act")
    if all(getattr(before, name) == getattr(row, name) for name in names):
        return
    Difference.objects.filter(pk=before.pk, state=DifferenceState.OPEN).update(
        **{name: getattr(row, name) for name in names}
    )
