"""Looking, all day long, at what needs no statement to be known."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q

from foundation.core import clock
from foundation.core.actor import Actor
from payments.models import (
    Difference,
    PaymentAttempt,
    Refund,
    Suspense,
    SuspenseState,
    WriteBack,
    WriteBackState,
)
from payments.models.posting import UNDECIDED
from payments.reconciliation.rules import (
    HEALING,
    LIVE,
    UNCLAIMED,
    DifferenceKind,
    DifferenceState,
    ItemKind,
    Party,
    beijing_day,
    working_days_before,
)
from payments.rules import AttemptState, RefundState
from payments.services.differences import Outcome, heal, note_found, propose_first

STUCK_WORKING_DAYS = 3
SENT_AGAIN = timedelta(days=1)
# Posting is a matter of seconds; the hospital's own time may be longer, and staff see it before.
POSTED_WITHIN = timedelta(minutes=30)


def reconcile_now(*, actor: Actor) -> Outcome:
    """Look at what is known without any statement, and heal what was made good.

    Money in suspense, refunds that do not go on at the channel, and bills that were paid online and
    of which the hospital has not said that it booked them.
    """
    found = 0
    for row in (*_unclaimed(), *_stuck(), *_unbooked()):
        row.by_files = False
        row.found_at = clock.now()
        propose_first(row=row, is_stuck=row.refund_id is not None)
        found += note_found(row=row, actor=actor)
    live = Difference.objects.filter(by_files=False, state__in=HEALING)
    made_good = live.filter(
        Q(suspense__isnull=False) & ~Q(suspense__state=SuspenseState.OPEN)
        | Q(refund__state__in=(RefundState.PAID, RefundState.WITHDRAWN))
        | Q(kind=DifferenceKind.HIS_MISSING) & ~Q(bill__write_back__state__in=UNDECIDED)
        | Q(kind=DifferenceKind.HIS_MISSING, bill__refund_fen__gte=F("bill__captured_fen"))
    )
    over = [*made_good.order_by("pk"), *_doubled()]
    return Outcome(found, sum(heal(difference=row, actor=actor) for row in over))


def _doubled() -> Iterable[Difference]:
    """Later differences about money in suspense that has one: two runs that met found it as two kinds."""
    of_suspense = Difference.objects.filter(kind__in=UNCLAIMED).exclude(state=DifferenceState.HEALED)
    earlier = of_suspense.filter(suspense=OuterRef("suspense"), pk__lt=OuterRef("pk"))
    return of_suspense.filter(Exists(earlier), state__in=HEALING).order_by("pk")


def _noted(about: str, *kinds: DifferenceKind) -> Exists:
    """Whether a difference of these kinds is on record about a row."""
    rows = Difference.objects.filter(**{about: OuterRef("pk")}, kind__in=kinds)
    return Exists(rows.exclude(state=DifferenceState.HEALED))


def _unclaimed() -> Iterable[Difference]:
    rows = Suspense.objects.filter(state=SuspenseState.OPEN).select_related("channel")
    captured = PaymentAttempt.objects.filter(
        public_id=OuterRef("number"), channel=OuterRef("channel"), state=AttemptState.CAPTURED
    )
    for row in rows.exclude(_noted("suspense", *UNCLAIMED)).annotate(is_second=Exists(captured)):
        yield Difference(
            institution_id=row.channel.institution_id,
            party=Party.CHANNEL,
            channel=row.channel,
            day=beijing_day(row.found_at),
            kind=DifferenceKind.DUPLICATE if row.is_second else DifferenceKind.MISSING_LOCAL,
            item=ItemKind.PAYMENT,
            key=f"{row.channel.public_id}:payment:{row.channel_ref}",
            theirs_fen=row.amount_fen,
            suspense=row,
        )


def _stuck() -> Iterable[Difference]:
    since = working_days_before(clock.now(), STUCK_WORKING_DAYS)
    rows = Refund.objects.filter(
        Q(state=RefundState.ABNORMAL)
        | Q(state=RefundState.SENT, sent_at__lte=since)
        | Q(state=RefundState.SENT, sent_at=None, opened_at__lte=since),
        attempt__channel__isnull=False,
    ).select_related("bill", "attempt__channel")
    about = Difference.objects.filter(refund=OuterRef("pk"), kind=DifferenceKind.STATE)
    undecided = about.filter(state__in=(*LIVE, DifferenceState.DISMISSED))
    # One that was sent again has a day to go on before it is looked at once more.
    just_done = about.filter(state=DifferenceState.DONE, ended_at__gt=clock.now() - SENT_AGAIN)
    for row in rows.exclude(Exists(undecided)).exclude(Exists(just_done)):
        channel = row.attempt.channel
        before = Difference.objects.filter(refund=row, state=DifferenceState.DONE).count()
        yield Difference(
            institution_id=row.bill.institution_id,
            party=Party.CHANNEL,
            channel=channel,
            day=beijing_day(row.opened_at),
            kind=DifferenceKind.STATE,
            item=ItemKind.REFUND,
            key=f"{channel.public_id if channel else ''}:refund:{row.public_id}:{before}",
            ours_fen=row.amount_fen,
            bill=row.bill,
            refund=row,
        )


def _unbooked() -> Iterable[Difference]:
    """What was paid for a hospital's own bill and has not been posted there, or waits for staff."""
    overdue = Q(state=WriteBackState.WAITING, opened_at__lte=clock.now() - POSTED_WITHIN)
    rows = WriteBack.objects.filter(overdue | Q(state=WriteBackState.HELD)).select_related("bill")
    known = Difference.objects.filter(bill=OuterRef("bill"), kind=DifferenceKind.HIS_MISSING)
    for row in rows.exclude(Exists(known.exclude(state=DifferenceState.HEALED))):
        bill = row.bill
        yield Difference(
            institution_id=bill.institution_id,
            party=Party.HOSPITAL,
            day=beijing_day(bill.paid_at or bill.created_at),
            kind=DifferenceKind.HIS_MISSING,
            item=ItemKind.PAYMENT,
            key=f"bill:{bill.number}",
            ours_fen=bill.total_fen,
            bill=bill,
        )
