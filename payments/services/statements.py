"""Statements of a day: asked of the channels by a worker, handed in by hospitals, kept in versions.

A channel is asked in no transaction. Taking the same file again changes nothing; a file with another
digest is another version, and the old one stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require, require_of_staff
from payments.errors import ProviderUnknown
from payments.models import Channel, ChannelState, PaymentAttempt, Refund, StatementFile, StatementLine
from payments.providers import online_provider, online_providers
from payments.providers.base import StatementRow
from payments.providers.errors import ChannelError, StatementBroken, StatementEmpty, StatementNotReady
from payments.reconciliation import files
from payments.reconciliation.rules import FileState, ItemKind, Party, beijing_day, bounds
from payments.reconciliation.sides import Booked
from payments.services.channels import merchant_of

log = structlog.get_logger(__name__)

CLOCK = Actor.system("statements")
# How far back a channel is asked for what it has not stated.
LOOK_BACK = timedelta(days=7)
AGAIN = timedelta(minutes=20)
AGAIN_IF_BROKEN = timedelta(hours=1)
LEASE = timedelta(minutes=5)
# A week of asking; afterwards an operator asks.
MOST_TRIES = 500
BATCH = 50
LINES_AT_ONCE = 2_000
# What channels write of a refund whose money had not gone back when the statement was written.
NOT_FINAL = frozenset({"PROCESSING", "ABNORMAL", "CHANGE", "CLOSED", "REFUNDCLOSE", "FAIL", "NOTPAY"})


@dataclass(frozen=True, slots=True)
class Stated:
    """A whole statement, whoever gave it."""

    digest: str
    lines: Sequence[StatementLine]
    count: int
    gross_fen: int
    refund_fen: int
    fee_fen: int = 0
    given_by: str = field(default="")


def plan_statements() -> int:
    """Write down which statements are to be asked for, once their hour has come; asked twice it is once.

    Returns:
        How many are new.
    """
    moment = clock.now()
    today = beijing_day(moment)
    planned = 0
    ways = [provider.code for provider in online_providers()]
    for channel in Channel.objects.filter(provider__in=ways).order_by("pk"):
        last = today - timedelta(days=1)
        if clock.beijing(moment).time() < _hour(channel.provider):
            last -= timedelta(days=1)
        began = beijing_day(channel.created_at)
        first = max(last - LOOK_BACK + timedelta(days=1), began)
        days = {first + timedelta(days=ahead) for ahead in range((last - first).days + 1)}
        if channel.state == ChannelState.OFF:
            days = _busy(channel, days)
        known = StatementFile.objects.filter(channel=channel, day__in=days).values_list("day", flat=True)
        missing = days - set(known)
        StatementFile.objects.bulk_create(
            [_waiting(channel, day, moment) for day in sorted(missing)], ignore_conflicts=True
        )
        planned += len(missing)
    return planned


def _hour(provider: str) -> time:
    """From when on a channel has yesterday's statement, in Beijing."""
    hours = settings.PAYMENT_STATEMENT_HOURS
    return time(hours.get(provider, hours["default"]))


def _busy(channel: Channel, days: set[date]) -> set[date]:
    """Of a channel that is switched off, the days on which something still happened."""
    if not days:
        return days
    since = clock.now() - LOOK_BACK - timedelta(days=2)
    moments = [
        *PaymentAttempt.objects.filter(channel=channel, captured_at__gte=since).values_list(
            "captured_at", flat=True
        ),
        *Refund.objects.filter(attempt__channel=channel, ended_at__gte=since).values_list(
            "ended_at", flat=True
        ),
    ]
    return days & {beijing_day(moment) for moment in moments if moment}


def _waiting(channel: Channel, day: date, moment: datetime) -> StatementFile:
    return StatementFile(
        institution_id=channel.institution_id,
        party=Party.CHANNEL,
        channel=channel,
        day=day,
        created_at=moment,
        next_try_at=moment,
    )


def due_statements() -> list[str]:
    """The statements that a channel is to be asked for now, each leased to the caller for a while."""
    moment = clock.now()
    with transaction.atomic():
        rows = list(
            StatementFile.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(next_try_at__lte=moment)
            .order_by("next_try_at")[:BATCH]
        )
        StatementFile.objects.filter(pk__in=[row.pk for row in rows]).update(next_try_at=moment + LEASE)
    return [row.public_id for row in rows]


def ask_for_day(*, day: date, channel: str = "", actor: Actor) -> list[str]:
    """Have the statements of a day asked for now, again where they are here; for an operator.

    Returns:
        The public ids of the files to fetch.
    """
    rows = institutions.scope(Channel.objects.select_related("institution"), actor).order_by("pk")
    if channel:
        rows = rows.filter(public_id=channel)
    asked = []
    for row in rows:
        current = StatementFile.objects.filter(channel=row, day=day, is_current=True).first()
        if current is None:
            StatementFile.objects.bulk_create([_waiting(row, day, clock.now())], ignore_conflicts=True)
            current = StatementFile.objects.get(channel=row, day=day, is_current=True)
        asked.append(current.public_id)
    return asked


def fetch_statement(*, file: str) -> FileState:
    """Ask a channel for its statement of a day, and take it.

    Returns:
        Where the statement of the day stands now.
    """
    row = StatementFile.objects.select_related("channel__institution").get(public_id=file)
    if row.channel is None:
        return FileState(row.state)
    try:
        provider = online_provider(row.channel.provider)
    except ProviderUnknown as exc:
        return _not_yet(row, FileState.WAITING, exc.code, AGAIN)
    try:
        said = provider.statement(merchant_of(row.channel), row.day)
        if said.day != row.day:
            raise StatementBroken(provider.code, "another_day")
    except StatementEmpty:
        return _take(row, Stated("", [], 0, 0, 0), FileState.EMPTY, CLOCK)
    except StatementNotReady as exc:
        return _not_yet(row, FileState.WAITING, exc.code, AGAIN)
    except StatementBroken as exc:
        log.error("statement_broken", provider=provider.code, day=row.day.isoformat(), code=exc.code)
        return _not_yet(row, FileState.BROKEN, exc.code, AGAIN_IF_BROKEN)
    except ChannelError as exc:
        log.warning("statement_not_fetched", provider=provider.code, code=exc.code)
        return _not_yet(row, FileState.WAITING, exc.code, AGAIN)
    lines = [_line(place, each) for place, each in enumerate(said.rows, 1)]
    stated = Stated(said.digest, lines, said.count, said.gross_fen, said.refund_fen, said.fee_fen)
    return _take(row, stated, FileState.HERE, CLOCK)


def _line(place: int, row: StatementRow) -> StatementLine:
    return StatementLine(
        place=place,
        kind=ItemKind(row.kind.value),
        number=row.number,
        channel_ref=row.channel_ref,
        refund_number=row.refund_number,
        refund_ref=row.refund_ref,
        amount_fen=row.amount_fen,
        fee_fen=row.fee_fen,
        state=row.state[:32],
        is_final=row.state not in NOT_FINAL,
        at=row.at,
    )


def take_hospital_statement(
    *, institution: str, day: date, rows: Iterable[Booked], digest: str, reason: str = "", actor: Actor
) -> str:
    """Keep what a hospital's own system booked on a day.

    Args:
        institution: Public id.
        digest: Of the plain file or of the request, in hex; the same one again changes nothing.

    Returns:
        The public id of the version that counts.

    Raises:
        NotFound: The institution is none of the actor's.
    """
    place = institutions.visible(actor).filter(public_id=institution).first()
    if place is None:
        raise NotFound
    lines = [
        StatementLine(
            place=number,
            kind=each.kind,
            number=each.payment,
            channel_ref=each.receipt,
            refund_number=each.refund,
            refund_ref=each.refund_ref,
            bill_number=each.bill_number,
            amount_fen=each.amount_fen,
            at=each.at,
        )
        for number, each in enumerate(rows, 1)
    ]
    stated = Stated(
        digest,
        lines,
        len(lines),
        sum(line.amount_fen for line in lines if line.kind == ItemKind.PAYMENT),
        sum(line.amount_fen for line in lines if line.kind == ItemKind.REFUND),
        given_by=actor.id,
    )
    whose = StatementFile(institution=place, party=Party.HOSPITAL, day=day, created_at=clock.now())
    StatementFile.objects.bulk_create([whose], ignore_conflicts=True)
    row = StatementFile.objects.get(institution=place, party=Party.HOSPITAL, day=day, is_current=True)
    _take(row, stated, FileState.HERE if lines else FileState.EMPTY, actor, reason)
    return StatementFile.objects.values_list("public_id", flat=True).get(
        institution=place, party=Party.HOSPITAL, day=day, is_current=True
    )


def take_hospital_file(*, institution: str, day: date, content: bytes, reason: str = "", actor: Actor) -> str:
    """Keep a hospital's statement of a day that came as a CSV file; all of it, or nothing.

    Returns:
        The public id of the version that counts.

    Raises:
        StatementUnreadable: With the line and what is wrong in it.
        InvalidInput: The day has not begun, or nobody has books of it.
        NotFound: The institution is none of the actor's.
    """
    require_of_staff(actor, Duty.RECONCILE)
    if bounds(day)[0] > clock.now():
        raise InvalidInput(field="day")
    rows = files.read(content)
    digest = files.digest_of(content)
    return take_hospital_statement(
        institution=institution, day=day, rows=rows, digest=digest, reason=reason, actor=actor
    )


@transaction.atomic
def ask_again(*, file: str, reason: str, actor: Actor) -> None:
    """Have a channel asked again for its statement of a day, at once.

    Raises:
        NotFound: It is none of the actor's, or no channel's.
    """
    require(actor, Duty.RECONCILE)
    rows = institutions.scope(StatementFile.objects.select_related("institution"), actor)
    row = rows.filter(public_id=file, channel__isnull=False, is_current=True).first()
    if row is None:
        raise NotFound
    StatementFile.objects.filter(pk=row.pk).update(next_try_at=clock.now(), tries=0)
    audit.record(
        Action.STATEMENT_ASKED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
        details={"kind": row.party, "version": row.version},
    )


@transaction.atomic
def _take(row: StatementFile, stated: Stated, state: FileState, actor: Actor, reason: str = "") -> FileState:
    """Keep a statement: as the first, as another version, or not at all where it is the same."""
    day = StatementFile.objects.filter(
        institution=row.institution_id, party=row.party, channel=row.channel_id, day=row.day
    )
    # The first version is there for as long as the day is: whoever adds another holds it.
    day.select_for_update(of=("self",)).get(version=1)
    held = day.get(is_current=True)
    was_here = held.state in (FileState.HERE, FileState.EMPTY)
    if was_here and (held.digest == stated.digest or state is FileState.EMPTY):
        # What was stated is not unsaid by a day that is suddenly empty.
        StatementFile.objects.filter(pk=held.pk).update(next_try_at=None)
        return FileState(held.state)
    if was_here:
        StatementFile.objects.filter(pk=held.pk).update(is_current=False, next_try_at=None)
        held = StatementFile(
            institution_id=held.institution_id,
            party=held.party,
            channel_id=held.channel_id,
            day=held.day,
            version=held.version + 1,
            created_at=clock.now(),
        )
    held.state, held.digest, held.given_by = state, stated.digest, stated.given_by[:40]
    held.count, held.gross_fen = stated.count, stated.gross_fen
    held.refund_fen, held.fee_fen = stated.refund_fen, stated.fee_fen
    held.failure, held.next_try_at, held.taken_at = "", None, clock.now()
    held.save()
    for line in stated.lines:
        line.file = held
    StatementLine.objects.bulk_create(stated.lines, batch_size=LINES_AT_ONCE)
    audit.record(
        Action.STATEMENT_TAKEN,
        actor=actor,
        subject=held,
        institution=held.institution.public_id,
        reason=reason,
        details={"kind": held.party, "version": held.version, "count": held.count, "state": state.value},
    )
    return state


def _not_yet(row: StatementFile, state: FileState, failure: str, pause: timedelta) -> FileState:
    """Ask again later; what is here already stays."""
    is_over = row.tries + 1 >= MOST_TRIES
    asked = StatementFile.objects.filter(pk=row.pk)
    asked.update(
        failure=failure[:60],
        tries=F("tries") + 1,
        next_try_at=None if is_over else clock.now() + pause,
    )
    asked.filter(state__in=(FileState.WAITING, FileState.BROKEN)).update(
        state=FileState.BROKEN if is_over else state
    )
    return FileState(StatementFile.objects.values_list("state", flat=True).get(pk=row.pk))
