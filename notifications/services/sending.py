"""Sending what is due: intent first, then the call with no transaction open, then the outcome.

A batch is claimed by one conditional UPDATE with a lease, handed over by some threads at once, and
its outcomes are written together. A worker that dies leaves its rows to the sweeper.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import connection

from foundation.accounts import selectors as accounts
from foundation.carriers.errors import (
    CarrierError,
    CarrierMisconfigured,
    CarrierTemporary,
    CarrierTimeout,
    WeixinNotSubscribed,
)
from foundation.core import clock
from institutions import selectors as institutions
from notifications.channels import SENDERS, Parcel
from notifications.models import Dispatch, Supplier
from notifications.rules import retries
from notifications.rules.topics import Channel, DispatchState
from notifications.services import grants, outcomes, outsiders, suppliers, wording

log = structlog.get_logger(__name__)

BATCH = 100
EXPIRED = "expired"
READ = "read"
NO_ADDRESS = "no_address"
NOT_SUBSCRIBED = "43101"
UNKNOWN = "outcome_unknown"
TIMEOUT = "timeout"
LOST = "worker_lost"
# How often one supplier is asked about a message whose fate is not known.
SAME_SUPPLIER_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one call."""

    dispatch: Dispatch
    reference: str = ""
    error: CarrierError | None = None


def send_due(*, seconds: float = 30.0, batch: int = BATCH) -> int:
    """Send what is due, for at most so many seconds; returns how much was worked on."""
    ends = time.monotonic() + seconds
    worked = 0
    with ThreadPoolExecutor(settings.NOTIFICATION_SENDERS, thread_name_prefix="send") as threads:
        while time.monotonic() < ends:
            claimed = _claim(batch)
            if not claimed:
                break
            worked += len(claimed)
            parcels = _packed(claimed)
            handed = list(threads.map(_hand_over, parcels))
            outcomes.write(handed=[_settled(each) for each in handed])
    return worked


def sweep() -> int:
    """Return what a dead worker held, and end what gets no receipt any more.

    What was on its way by subscription is not tried again: WeChat knows no number of ours, and would
    send it twice.
    """
    moment = clock.now()
    left = Dispatch.objects.filter(state=DispatchState.SENDING, lease_until__lt=moment)
    once = list(left.filter(channel=Channel.SUBSCRIBE).select_related("message", "template"))
    outcomes.write(handed=[outcomes.Outcome(row, DispatchState.TEMPORARY_FAILURE, UNKNOWN) for row in once])
    again = left.exclude(channel=Channel.SUBSCRIBE).update(
        state=DispatchState.CREATED, error=LOST, lease_until=None, due_at=moment
    )
    silent = Dispatch.objects.filter(
        state=DispatchState.SENT, sent_at__lt=moment - retries.RECEIPT_WITHIN
    ).exclude(provider_reference="")
    ended = silent.update(state=DispatchState.TEMPORARY_FAILURE, error="no_receipt", ended_at=moment)
    return len(once) + again + ended


def _claim(batch: int) -> list[Dispatch]:
    moment = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE notifications_dispatch SET state = %s, attempts = attempts + 1, lease_until = %s
            WHERE id IN (
                SELECT id FROM notifications_dispatch WHERE state = %s AND due_at <= %s
                ORDER BY is_urgent DESC, due_at LIMIT %s FOR UPDATE SKIP LOCKED
            ) RETURNING id
            """,
            [DispatchState.SENDING, moment + retries.LEASE, DispatchState.CREATED, moment, batch],
        )
        claimed = [row[0] for row in cursor.fetchall()]
    rows = Dispatch.objects.filter(pk__in=claimed).select_related("message", "template")
    return list(rows.order_by("-is_urgent", "due_at"))


def _packed(claimed: Sequence[Dispatch]) -> list[tuple[Dispatch, Parcel]]:
    """Those that are still worth sending, ready to go; the others are ended here."""
    moment = clock.now()
    hospitals = institutions.names(row.message.institution for row in claimed)
    by_method = accounts.addresses(row.method_id for row in claimed if row.method_id)
    known = {row.pk: by_method[row.method_id] for row in claimed if row.method_id in by_method}
    known.update(outsiders.addresses(rows=claimed))
    sms = suppliers.ensure() if any(row.channel == Channel.SMS for row in claimed) else []
    ended: list[outcomes.Outcome] = []
    packed = []
    for row in claimed:
        reason = _reason_against(row, moment > row.expires_at, known)
        if reason in {NO_ADDRESS, NOT_SUBSCRIBED}:
            ended.append(outcomes.Outcome(row, DispatchState.PERMANENT_FAILURE, reason))
        elif reason:
            ended.append(outcomes.Outcome(row, DispatchState.CANCELLED, reason))
        else:
            if row.channel == Channel.SMS:
                row.supplier = _supplier(row, sms)
            packed.append((row, _parcel(row, known, hospitals)))
    outcomes.write(handed=ended)
    _note_suppliers(packed)
    return packed


def _note_suppliers(packed: Sequence[tuple[Dispatch, Parcel]]) -> None:
    """Before anybody is called: should this worker die, the next one asks the same supplier again."""
    for name in {row.supplier for row, _parcel in packed} - {""}:
        Dispatch.objects.filter(pk__in=[row.pk for row, _parcel in packed if row.supplier == name]).update(
            supplier=name
        )


def _reason_against(row: Dispatch, is_late: bool, known: dict[int, str]) -> str:
    if is_late:
        return EXPIRED
    if row.message.hidden_at is not None:
        return "not_acting"
    if row.unless_read and row.message.read_at is not None:
        return READ
    if row.pk not in known:
        return NO_ADDRESS
    if row.channel == Channel.SUBSCRIBE and not grants.spend(
        method_pk=row.method_id or 0, template=row.template
    ):
        return NOT_SUBSCRIBED
    return ""


def _supplier(row: Dispatch, rows: list[Supplier]) -> str:
    """After no answer the same one again, which knows our number; after a failure another.

    One that still does not answer is left as well: better told twice than not at all.
    """
    is_unsure = row.error in {TIMEOUT, LOST} and row.attempts <= SAME_SUPPLIER_ATTEMPTS
    if is_unsure and row.supplier in {each.name for each in rows}:
        return row.supplier
    return suppliers.choose(suppliers=rows, not_this=row.supplier if row.error else "")


def _parcel(row: Dispatch, known: dict[int, str], hospitals: dict[str, str]) -> Parcel:
    return Parcel(
        dispatch_id=row.public_id,
        channel=row.channel,
        template=row.template.external_id,
        values=wording.values(dispatch=row, hospital=hospitals.get(row.message.institution, "")),
        address=known[row.pk],
        message_id=row.message.public_id,
        supplier=row.supplier,
    )


def _hand_over(packed: tuple[Dispatch, Parcel]) -> Handed:
    """In a thread of its own, without the database."""
    row, parcel = packed
    try:
        return Handed(row, SENDERS[parcel.channel](parcel))
    except CarrierError as exc:
        return Handed(row, error=exc)


def _settled(handed: Handed) -> outcomes.Outcome:
    """What a call's end means for the row."""
    row, error = handed.dispatch, handed.error
    if error is None:
        return outcomes.Outcome(row, DispatchState.SENT, reference=handed.reference)
    if row.channel == Channel.SUBSCRIBE and row.method_id:
        if isinstance(error, WeixinNotSubscribed):
            grants.empty(method_pk=row.method_id, template=row.template.external_id)
        elif not isinstance(error, CarrierTimeout):
            grants.give_back(method_pk=row.method_id, template=row.template)
        else:
            return outcomes.Outcome(row, DispatchState.TEMPORARY_FAILURE, UNKNOWN)
    if not isinstance(error, CarrierTemporary | CarrierMisconfigured):
        return outcomes.Outcome(row, DispatchState.PERMANENT_FAILURE, error.code)
    if row.channel == Channel.SMS:
        suppliers.note_error(name=row.supplier)
    again = retries.next_attempt(row.attempts, moment=clock.now(), expires_at=row.expires_at)
    if again is None:
        return outcomes.Outcome(row, DispatchState.TEMPORARY_FAILURE, error.code)
    return outcomes.Outcome(row, DispatchState.CREATED, error.code, due_at=again)
