"""The steps of an order at its insurer, in no transaction: hand in, have it divided, ask, take back.

Each step can be done again after a crash. What was sent without an answer is asked for before anything is
done again: the insurer may have acted.
"""

from datetime import timedelta

import structlog
from django.db import transaction

from foundation.core import clock
from mpi import selectors as mpi
from payments.insurance.base import Allowed, Placing, Standing, Uploaded
from payments.insurance.claims import insured_of, upload_of
from payments.insurance.errors import NotInsured, PermissionEnded
from payments.models import Bill, InsuranceOrder, Settlement
from payments.providers.errors import ChannelError, ChannelRefused, OrderPaid, OrderUnknown
from payments.rules import AT_THE_INSURER, AWAITED, BillState, InsuranceState
from payments.services.insuring.hearing import ask_again, end_order, fail_order, hear_insurer, hold_order
from payments.services.insuring.merging import look_at_merged, tell_returned
from payments.services.insuring.orders import (
    ask_insurer,
    asking_of,
    claim_of,
    find_order,
    insurer_of_order,
    uploaded_of,
)

log = structlog.get_logger(__name__)

BATCH = 100
# A step under way is not done by a second worker within this time: an insurer may take half of it.
LEASE = timedelta(seconds=40)


def due_orders() -> list[str]:
    """The orders that a step is due for, each leased to the caller for a while."""
    moment = clock.now()
    with transaction.atomic():
        rows = list(
            InsuranceOrder.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(next_ask_at__lte=moment)
            .order_by("next_ask_at")[:BATCH]
        )
        leased = InsuranceOrder.objects.filter(pk__in=[row.pk for row in rows])
        leased.update(next_ask_at=moment + LEASE)
    return [row.public_id for row in rows]


def wake_order(*, setup: str, order_ref: str) -> None:
    """Ask an insurer at once about an order of one of its set-ups; one that is not ours is left alone."""
    rows = InsuranceOrder.objects.filter(setup__public_id=setup, order_ref=order_ref)
    waiting = rows.filter(state__in=(*AT_THE_INSURER, InsuranceState.SETTLED))
    waiting.update(next_ask_at=clock.now(), asked=0)


def work_order(*, order: str) -> None:
    """Do what comes next for an order; doing it twice at once, or again, is safe."""
    row = find_order(order)
    if row is None:
        return
    try:
        if row.state in AT_THE_INSURER:
            _step(row)
        elif row.state == InsuranceState.SETTLED:
            hear_insurer(ask_insurer(row), order=order)
            _look_at_channel(row)
        elif row.state == InsuranceState.RETURNED:
            tell_returned(row)
    except ChannelError as exc:
        log.info("insurance_not_answered", provider=row.setup.insurer, code=exc.code, state=row.state)
        _ask_later(row)


def _step(row: InsuranceOrder) -> None:
    is_wanted = _is_wanted(row)
    if row.state == InsuranceState.NEW:
        if not is_wanted:
            # Nothing was divided, so nothing is held, even if the bill was handed in.
            _end(row, "expired")
            return
        if not _hand_in(row):
            return
    if row.state == InsuranceState.UPLOADED and is_wanted:
        _place(row)
        return
    try:
        hear_insurer(ask_insurer(row), order=row.public_id)
    except OrderUnknown:
        _end(row, "unknown")
        return
    row.refresh_from_db()
    if row.state not in AT_THE_INSURER:
        return
    _look_at_channel(row)
    if not _is_wanted(row):
        _take_back(row)


def _look_at_channel(row: InsuranceOrder) -> None:
    """Where one order of the channel stands for both parts: it knows of a part that failed before we do."""
    if row.merged_ref and _is_wanted(row) and look_at_merged(row):
        _fail(row, "channel")


def _hand_in(row: InsuranceOrder) -> bool:
    """6201: hand the bill in; the same number with the same bill is the same order."""
    insurer, merchant = insurer_of_order(row)
    person, told = mpi.particulars(row.bill.person_id), claim_of(row).told
    bill = upload_of(
        told,
        number=row.public_id,
        insured=insured_of(told, name=person.name, id_number=person.id_number),
        allowed=Allowed(**row.allowed),
        total_fen=row.bill.total_fen,
    )
    try:
        known = insurer.upload(merchant, bill)
    except ChannelRefused as exc:
        log.warning("insurance_refused", provider=row.setup.insurer, code=exc.code)
        _end(row, _reason(exc))
        return False
    _note_handed_in(row, known)
    row.refresh_from_db()
    return row.state in AT_THE_INSURER


@transaction.atomic
def _note_handed_in(row: InsuranceOrder, known: Uploaded) -> None:
    """Keep what stands for the bill at the insurer; the first answer stays."""
    _settlement, held = hold_order(row.public_id)
    if held.state == InsuranceState.NEW:
        held.known = {"order_id": known.order_id, "token": known.token, "visit_id": known.visit_id}
        held.order_ref, held.state = known.order_id, InsuranceState.UPLOADED
        held.save(update_fields=["known", "order_ref", "state"])


def _place(row: InsuranceOrder) -> None:
    """6202: have it divided, which also settles it where nobody pays anything besides.

    Once it was sent, the insurer is asked first: it may have settled without our hearing of it.
    """
    insurer, merchant = insurer_of_order(row)
    if row.placed_at is not None:
        said = ask_insurer(row)
        if said.standing is not Standing.OPEN or said.split is not None:
            hear_insurer(said, order=row.public_id)
            return
    InsuranceOrder.objects.filter(pk=row.pk).update(placed_at=clock.now())
    told = claim_of(row).told
    placing = Placing(
        uploaded=uploaded_of(row),
        allowed=Allowed(**row.allowed),
        serial=row.public_id,
        batch=told["batch_no"],
        total_fen=row.bill.total_fen,
        fee_type=told.get("fee_type", "01"),
    )
    try:
        said = insurer.settle(merchant, placing)
    except ChannelRefused as exc:
        log.warning("insurance_refused", provider=row.setup.insurer, code=exc.code)
        _fail(row, _reason(exc))
        return
    hear_insurer(said, order=row.public_id)


def _take_back(row: InsuranceOrder) -> None:
    """6401: take back what is not settled."""
    insurer, merchant = insurer_of_order(row)
    _fail(row, "expired" if _is_owed(row) else "bill_closed")
    try:
        insurer.revoke(merchant, asking_of(row))
    except OrderPaid:
        # Settled after all, just now: what it says goes back by 6203.
        hear_insurer(ask_insurer(row), order=row.public_id)
    else:
        _end(row, "")


@transaction.atomic
def _end(row: InsuranceOrder, failure: str) -> None:
    settlement, held = hold_order(row.public_id)
    end_order(settlement, held, failure)


@transaction.atomic
def _fail(row: InsuranceOrder, failure: str) -> None:
    """Undo the settlement, if it is still awaited; what was the reason before stays the reason."""
    settlement, held = hold_order(row.public_id)
    if settlement.state in AWAITED:
        fail_order(settlement, held, failure)


@transaction.atomic
def _ask_later(row: InsuranceOrder) -> None:
    settlement, held = hold_order(row.public_id)
    ask_again(held, settlement)


def _is_wanted(row: InsuranceOrder) -> bool:
    """Whether somebody still waits for it, as it stands now."""
    settlement = Settlement.objects.get(pk=row.settlement_id)
    until = settlement.expires_at
    return settlement.state in AWAITED and (until is None or until > clock.now()) and _is_owed(row)


def _is_owed(row: InsuranceOrder) -> bool:
    return Bill.objects.filter(pk=row.bill_id, state=BillState.OPEN).exists()


def _reason(exc: ChannelRefused) -> str:
    """Why, in a word that the resident's page has a sentence for; else the insurer's own code."""
    if isinstance(exc, PermissionEnded):
        return "permission"
    return "not_insured" if isinstance(exc, NotInsured) else exc.code or "refused"
