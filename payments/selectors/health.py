"""How well channels work, counted from their payments, notices and refunds: a few questions for all of them.

What is counted of payments is of those that were begun in the period, without money that people allocated;
refunds are those that wait now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from foundation.core import clock
from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.services import require
from payments.models import Channel, ChannelState, PaymentAttempt, Refund
from payments.providers import label_of
from payments.rules import OWED_BACK, AttemptState, RefundState
from payments.selectors.desk import visible_channels
from payments.selectors.words import failure_words

# An answer of the channel that is later than this is missed by the payer who waits for it.
PATIENCE = timedelta(seconds=60)
# A notice that has not come by then is lost.
LATE = timedelta(minutes=10)
AGES = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
MOST_FAILURES = 5

# As the question below counts them; and within how many seconds half, and nearly all, had a result.
_Counted = tuple[int, int, int, int, int, int, list[float] | None]

_NOTHING: _Counted = (0, 0, 0, 0, 0, 0, None)

_PAYMENTS = """
    SELECT attempt.channel_id,
        count(*),
        count(*) FILTER (WHERE attempt.state = 'captured'),
        count(*) FILTER (WHERE attempt.state = 'failed'),
        count(*) FILTER (WHERE attempt.state = 'started' AND attempt.launch IS NULL
            AND attempt.started_at < %(unanswered)s),
        count(*) FILTER (WHERE attempt.state = 'captured'
            AND (told.at IS NULL OR told.at > attempt.captured_at)),
        count(*) FILTER (WHERE attempt.state = 'captured' AND told.at IS NULL
            AND attempt.captured_at < %(late)s),
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP
            (ORDER BY extract(epoch FROM attempt.captured_at - attempt.started_at))
            FILTER (WHERE attempt.state = 'captured')
    FROM payments_attempt AS attempt
    LEFT JOIN LATERAL (SELECT min(notice.received_at) AS at FROM payments_notice AS notice
        WHERE notice.attempt_id = attempt.id) AS told ON true
    WHERE attempt.channel_id = ANY(%(channels)s) AND attempt.started_at >= %(since)s
        AND NOT EXISTS (SELECT 1 FROM payments_suspense WHERE attempt_id = attempt.id)
    GROUP BY attempt.channel_id"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Refunds of a channel that have not gone back.

    Attributes:
        over: How many are older than an hour, a day, a week.
        lacks_balance: How many wait for money on the merchant's account.
    """

    count: int = 0
    over: tuple[int, int, int] = (0, 0, 0)
    abnormal: int = 0
    lacks_balance: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """One channel in a period.

    Attributes:
        unanswered: Payments whose payer has waited a minute for the channel's first answer.
        asked: Payments that were found by asking, before a notice came or without any.
        lost: Those of them whose notice never came.
        half_seconds, most_seconds: Within which half, and 95 of 100, of the payments had their result.
        failures: Reasons of failed payments with their counts, the most frequent first.
    """

    channel: Channel
    started: int = 0
    captured: int = 0
    failed: int = 0
    unanswered: int = 0
    asked: int = 0
    lost: int = 0
    half_seconds: float | None = None
    most_seconds: float | None = None
    failures: Sequence[tuple[str, int]] = ()
    refunds: Waiting = field(default_factory=Waiting)

    @property
    def label(self) -> str:
        """What payers read."""
        return label_of(self.channel.provider)

    @property
    def success_percent(self) -> float | None:
        """Of the payments that had a result, how many were paid; none where there were none."""
        ended = self.captured + self.failed
        return round(100 * self.captured / ended, 1) if ended else None


def channel_health(*, actor: Actor, since: datetime) -> Sequence[Health]:
    """How the channels that the actor sees have worked since a moment, those in use first."""
    require(actor, Duty.SEE_CHANNELS)
    rows = visible_channels(actor).order_by("-state", "institution__short_name", "place", "pk")
    return health_of(list(rows), since=since)


def health_of(rows: Sequence[Channel], *, since: datetime) -> Sequence[Health]:
    """The same for given channels."""
    pks = [row.pk for row in rows]
    if not pks:
        return []
    payments, failures, refunds = _payments(pks, since), _failures(pks, since), _refunds(pks)
    found = []
    for row in rows:
        started, captured, failed, unanswered, asked, lost, times = payments.get(row.pk, _NOTHING)
        half, most = times or (None, None)
        found.append(
            Health(
                channel=row,
                started=started,
                captured=captured,
                failed=failed,
                unanswered=unanswered,
                asked=asked,
                lost=lost,
                half_seconds=half,
                most_seconds=most,
                failures=failures.get(row.pk, []),
                refunds=refunds.get(row.pk, Waiting()),
            )
        )
    return found


def channels_in_use() -> Sequence[Channel]:
    """Every channel that is offered to payers, for the clock."""
    return list(Channel.objects.select_related("institution").filter(state=ChannelState.ON))


def _payments(pks: Sequence[int], since: datetime) -> Mapping[int, _Counted]:
    moment = clock.now()
    given: dict[str, Any] = {
        "channels": list(pks),
        "since": since,
        "unanswered": moment - PATIENCE,
        "late": moment - LATE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENTS, given)
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _failures(pks: Sequence[int], since: datetime) -> Mapping[int, list[tuple[str, int]]]:
    rows = PaymentAttempt.objects.filter(channel__in=pks, started_at__gte=since, state=AttemptState.FAILED)
    counted = rows.order_by().values_list("channel", "failure").annotate(count=Count("pk"))
    found: dict[int, list[tuple[str, int]]] = {}
    for channel, failure, count in counted.order_by("-count", "failure"):
        kept = found.setdefault(channel, [])
        if len(kept) < MOST_FAILURES:
            kept.append((failure_words(failure) or "—", count))
    return found


def _refunds(pks: Sequence[int]) -> Mapping[int, Waiting]:
    moment = clock.now()
    hour, day, week = (Count("pk", filter=Q(opened_at__lt=moment - age)) for age in AGES)
    rows = Refund.objects.filter(attempt__channel__in=pks, state__in=OWED_BACK).order_by()
    counted = rows.values("attempt__channel").annotate(
        count=Count("pk"),
        hour=hour,
        day=day,
        week=week,
        abnormal=Count("pk", filter=Q(state=RefundState.ABNORMAL)),
        poor=Count("pk", filter=Q(lacks_balance=True)),
    )
    return {
        one["attempt__channel"]: Waiting(
            one["count"], (one["hour"], one["day"], one["week"]), one["abnormal"], one["poor"]
        )
        for one in counted
    }
