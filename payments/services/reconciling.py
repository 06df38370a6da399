"""Comparing a day with a channel's or a hospital's statement.

Each run loads both sides, compares them in ``payments.reconciliation.matching``, and writes down
what differs. The statement's row is held meanwhile, so that of two runs one sees what the other did.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from foundation.core.actor import Actor
from payments.models import Channel, Difference, StatementFile, StatementLine
from payments.providers.base import Payment, Said
from payments.reconciliation.items import channel_items, hospital_items, line_of, lines_of
from payments.reconciliation.matching import compare_with_channel, compare_with_hospital
from payments.reconciliation.rules import CLOSED, HEALING, DifferenceKind, ItemKind, Party
from payments.reconciliation.sides import Found, Ours, Source
from payments.services.differences import MATCHING, Outcome, Scope, write_run
from payments.services.suspense import note_unclaimed

# A statement changes what is known of other days as well: of the day before, whose last minutes may stand
# here, and, where it comes late, of days that waited for it.
NEIGHBOURS = range(-1, 5)


def files_with_differences() -> list[str]:
    """The statements of days that have differences which a comparison may heal."""
    live = Difference.objects.filter(
        by_files=True,
        state__in=HEALING,
        institution=OuterRef("institution"),
        party=OuterRef("party"),
        day=OuterRef("day"),
    ).filter(Q(channel=OuterRef("channel")) | Q(channel=None))
    rows = StatementFile.objects.filter(Exists(live), is_current=True, state__in=CLOSED)
    return list(rows.order_by("day", "pk").values_list("public_id", flat=True))


def reconcile_file(*, file: str, actor: Actor) -> Outcome:
    """Compare the day of a statement, and the days beside it, which may have waited for it."""
    row = StatementFile.objects.select_related("channel").get(public_id=file)
    outcome = Outcome()
    for ahead in NEIGHBOURS:
        day = row.day + timedelta(days=ahead)
        if row.party == Party.HOSPITAL:
            outcome += reconcile_hospital(institution_pk=row.institution_id, day=day, actor=actor)
        elif row.channel is not None:
            outcome += reconcile_channel(channel=row.channel, day=day, actor=actor)
    return outcome


@transaction.atomic
def reconcile_channel(*, channel: Channel, day: date, actor: Actor) -> Outcome:
    """Compare a day with what a channel states of it; without its statement nothing is compared."""
    files = StatementFile.objects.filter(channel=channel, is_current=True)
    file = files.select_for_update(of=("self",)).filter(day=day, state__in=CLOSED).first()
    if file is None:
        return Outcome()
    lines = lines_of(file)
    ours = channel_items(channel, file)
    numbers = {one.number for one in ours} - {line.number for line in lines}
    refunds = {one.refund_number for one in ours if one.refund_number}
    refs = {one.channel_ref for one in ours if one.source is Source.SUSPENSE}
    elsewhere = StatementLine.objects.filter(file__in=files.exclude(pk=file.pk)).filter(
        Q(number__in=numbers | {line.number for line in lines})
        | Q(refund_number__in=refunds)
        | Q(channel_ref__in=refs)
    )
    lines += [line_of(row) for row in elsewhere.select_related("file")]
    closed = set(files.filter(state__in=CLOSED).values_list("day", flat=True))

    def held(one: Ours) -> bool:
        return not _days(one) <= closed

    found = compare_with_channel(day=day, ours=ours, lines=lines, held=held, fee_rate=channel.fee_rate)
    if _keep_apart(channel, found):
        ours = channel_items(channel, file)
        found = compare_with_channel(day=day, ours=ours, lines=lines, held=held, fee_rate=channel.fee_rate)
    scope = Scope(channel.institution_id, Party(file.party), channel, day)
    return write_run(scope=scope, found=found, actor=actor)


def _days(one: Ours) -> set[date]:
    """The days of which a statement could tell of it: its own, and the next for what crossed midnight."""
    count = (one.last_day - one.first_day).days + 2
    return {one.first_day + timedelta(days=ahead) for ahead in range(count)}


def _keep_apart(channel: Channel, found: Iterable[Found]) -> int:
    """Money that only the channel knows of is recorded at once, and stands apart until somebody decides."""
    kept = 0
    for one in found:
        is_unclaimed = one.kind is DifferenceKind.MISSING_LOCAL or (
            one.kind is DifferenceKind.DUPLICATE and not one.key.startswith("line:")
        )
        if one.item is not ItemKind.PAYMENT or not is_unclaimed or one.ours or one.line is None:
            continue
        if not (one.line.is_final and one.line.channel_ref and one.line.amount_fen):
            continue
        said = Payment(one.line.number, Said.PAID, one.line.amount_fen, one.line.channel_ref)
        kept += note_unclaimed(channel=channel, said=said, told_by="statement", actor=MATCHING)
    return kept


@transaction.atomic
def reconcile_hospital(*, institution_pk: int, day: date, actor: Actor) -> Outcome:
    """Compare a day with what a hospital's own system booked; without its statement nothing is compared."""
    files = StatementFile.objects.filter(institution=institution_pk, party=Party.HOSPITAL, is_current=True)
    file = files.select_for_update(of=("self",)).filter(day=day, state__in=CLOSED).first()
    if file is None:
        return Outcome()
    ours = hospital_items(institution_pk, file)
    numbers = {one.number for one in ours} | {one.other_number for one in ours}
    lines = StatementLine.objects.filter(file__in=files).filter(
        Q(file=file) | Q(bill_number__in=numbers - {""}) | Q(number__in=numbers - {""})
    )
    closed = set(files.filter(state__in=CLOSED).values_list("day", flat=True))
    found = compare_with_hospital(
        day=day,
        ours=ours,
        lines=[line_of(row) for row in lines.select_related("file")],
        held=lambda one: not {one.last_day, one.last_day + timedelta(days=1)} <= closed,
    )
    scope = Scope(institution_pk, Party.HOSPITAL, None, day)
    return write_run(scope=scope, found=found, actor=actor)
