"""Comparing our items of money with the lines of a statement. Pure: no rows, no clock.

What is compared is identified by the numbers that both sides have. A line is looked for on every
day, since what happens at midnight stands on different days of the two sides; only what the other
side still has not stated on the next day is missing there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

from payments.reconciliation.rules import DifferenceKind, ItemKind, expected_fee
from payments.reconciliation.sides import Found, Line, Ours, Source

K = TypeVar("K")

TOLERANCE = timedelta(days=1)
# Channels round each fee by rules of their own.
FEE_TOLERANCE_FEN = 1


Held = Callable[[Ours], bool]
# Lines of which it is not clear which of ours they are, with those that they may be.
Unclear = dict[int, list[Ours]]


def compare_with_channel(
    *, day: date, ours: Sequence[Ours], lines: Sequence[Line], held: Held, fee_rate: int | None = None
) -> list[Found]:
    """What we and a channel say differently of a day.

    Args:
        ours: What happened on the day by our books, and whatever a line of the day may be about.
        lines: Of the day, and of other days whatever may be about ours.
        held: Whether the channel may still state something of ours later.
    """
    channel = _Channel(ours, lines, fee_rate)
    found = [each for line in channel.lines if line.day == day for each in channel.look_at(line)]
    found += [
        _missing(DifferenceKind.MISSING_CHANNEL, one)
        for one in ours
        if one.is_there and one.last_day == day and not channel.has(one) and not held(one)
    ]
    return found


class _Channel:
    def __init__(self, ours: Sequence[Ours], lines: Sequence[Line], fee_rate: int | None) -> None:
        self.lines = sorted(lines, key=lambda line: (line.day, line.place))
        self.fee_rate = fee_rate
        payments = [one for one in ours if one.item is ItemKind.PAYMENT]
        self.attempts = {one.number: one for one in payments if one.source is Source.ATTEMPT}
        self.suspense = {one.channel_ref: one for one in payments if one.source is Source.SUSPENSE}
        self.refunds = {one.refund_number: one for one in ours if one.item is ItemKind.REFUND}
        self.repeated = _repeated(self.lines)
        self.paired, self.unclear = self._pair()
        self.stated = {(line.number, line.channel_ref) for line in lines if line.item is ItemKind.PAYMENT}
        self.stated_refs = {line.channel_ref for line in lines if line.item is ItemKind.PAYMENT}
        self.stated_refunds = {line.refund_number for line in lines if line.item is ItemKind.REFUND}
        self.stated_refunds |= {one.refund_number for one in self.paired.values()}
        self.stated_refunds |= {one.refund_number for group in self.unclear.values() for one in group}

    def has(self, one: Ours) -> bool:
        """Whether a line says something of ours, on whatever day."""
        if one.item is ItemKind.REFUND:
            return one.refund_number in self.stated_refunds
        if one.source is Source.SUSPENSE:
            return one.channel_ref in self.stated_refs
        return (one.number, one.channel_ref) in self.stated

    def look_at(self, line: Line) -> Iterator[Found]:
        if line.pk in self.repeated:
            key = f"line:{line.day.isoformat()}:{line.place}"
            yield Found(DifferenceKind.DUPLICATE, line.item, key, line=line, theirs_fen=line.amount_fen)
        elif line.item is ItemKind.PAYMENT:
            yield from self._payment(line)
        else:
            yield from self._refund(line)

    def _payment(self, line: Line) -> Iterator[Found]:
        attempt, apart = self.attempts.get(line.number), self.suspense.get(line.channel_ref)
        is_second = attempt is not None and attempt.is_there and attempt.channel_ref != line.channel_ref
        unclaimed = DifferenceKind.DUPLICATE if is_second else DifferenceKind.MISSING_LOCAL
        if apart is not None:
            if apart.amount_fen != line.amount_fen:
                yield _both(DifferenceKind.AMOUNT, apart, line)
            elif apart.is_open:
                yield _both(unclaimed, apart, line)
        elif attempt is None or is_second:
            yield _unknown(unclaimed, line)
        elif not attempt.is_there:
            if line.is_final:
                yield _both(DifferenceKind.STATE, attempt, line)
        elif attempt.amount_fen != line.amount_fen:
            yield _both(DifferenceKind.AMOUNT, attempt, line)
        else:
            yield from self._fee(attempt, line)
            yield from _date(attempt, line)

    def _fee(self, attempt: Ours, line: Line) -> Iterator[Found]:
        if self.fee_rate is None:
            return
        fee = expected_fee(line.amount_fen, self.fee_rate)
        if abs(line.fee_fen - fee) > FEE_TOLERANCE_FEN:
            key = _key(line)
            yield Found(DifferenceKind.FEE, line.item, key, attempt, line, fee, line.fee_fen)

    def _refund(self, line: Line) -> Iterator[Found]:
        if line.pk in self.unclear:
            yield _unknown(DifferenceKind.AMBIGUOUS, line)
            return
        refund = self.paired.get(line.pk) or self.refunds.get(line.refund_number)
        if refund is None:
            payment = self.attempts.get(line.number)
            unknown = _unknown(DifferenceKind.MISSING_LOCAL, line)
            yield unknown if payment is None else _of(unknown, payment)
        elif refund.amount_fen != line.amount_fen:
            yield _both(DifferenceKind.AMOUNT, refund, line)
        elif not refund.is_there:
            if line.is_final:
                yield _both(DifferenceKind.STATE, refund, line)
        else:
            yield from _date(refund, line)

    def _pair(self) -> tuple[dict[int, Ours], Unclear]:
        """Refunds of which the channel does not say our number: paired by payment and amount."""
        named = {line.refund_number for line in self.lines if line.refund_number}
        nameless: dict[tuple[str, int], list[Line]] = defaultdict(list)
        for line in self.lines:
            if line.item is ItemKind.REFUND and not line.refund_number and line.pk not in self.repeated:
                nameless[line.number, line.amount_fen].append(line)
        free: dict[tuple[str, int], list[Ours]] = defaultdict(list)
        for one in self.refunds.values():
            if one.refund_number not in named:
                free[one.number, one.amount_fen].append(one)
        return _paired(nameless, free)


def compare_with_hospital(
    *, day: date, ours: Sequence[Ours], lines: Sequence[Line], held: Held
) -> list[Found]:
    """What we and a hospital's own system say differently of a day.

    A hospital books bills, whatever legs they were paid in.
    """
    hospital = _Hospital(ours, lines)
    found = [each for line in hospital.lines if line.day == day for each in hospital.look_at(line)]
    found += [
        _missing(DifferenceKind.HIS_MISSING, one)
        for one in ours
        if one.is_there and one.last_day == day and not hospital.has(one) and not held(one)
    ]
    return found


class _Hospital:
    def __init__(self, ours: Sequence[Ours], lines: Sequence[Line]) -> None:
        self.lines = sorted(lines, key=lambda line: (line.day, line.place))
        self.bills = {one.pk: one for one in ours if one.source is Source.BILL}
        self.by_number: dict[str, set[int]] = defaultdict(set)
        for one in self.bills.values():
            for number in {one.number, one.other_number} - {""}:
                self.by_number[number].add(one.pk)
        self.by_payment = {one.number: one.bill for one in ours if one.source is Source.ATTEMPT}
        self.refunds = [one for one in ours if one.source is Source.REFUND]
        self.repeated = _repeated(self.lines)
        self.booked: dict[int, list[Line]] = defaultdict(list)
        for line in self.lines:
            owners = self._owners(line)
            if line.item is ItemKind.PAYMENT and len(owners) == 1 and line.pk not in self.repeated:
                self.booked[owners[0]].append(line)
        self.given, self.unclear = self._pair()
        self.given_back = {one.pk for one in self.given.values()}
        self.given_back |= {one.pk for group in self.unclear.values() for one in group}

    def has(self, one: Ours) -> bool:
        """Whether the hospital has booked it; what came and went back whole it need not have."""
        if one.source is Source.BILL:
            return one.pk in self.booked or self._is_undone(one.pk)
        if one.source is Source.REFUND:
            return one.pk in self.given_back or (one.bill not in self.booked and self._is_undone(one.bill))
        return True

    def _is_undone(self, bill: int | None) -> bool:
        row = self.bills.get(bill or 0)
        back = sum(one.amount_fen for one in self.refunds if one.bill == bill and one.is_there)
        return row is not None and back >= row.amount_fen - row.off_fen

    def look_at(self, line: Line) -> Iterator[Found]:
        owners = self._owners(line)
        if line.pk in self.repeated:
            key = f"line:{line.day.isoformat()}:{line.place}"
            bill = self.bills.get(owners[0]) if len(owners) == 1 else None
            yield Found(DifferenceKind.DUPLICATE, line.item, key, bill, line, None, line.amount_fen)
        elif len(owners) > 1 or line.pk in self.unclear:
            yield _unknown(DifferenceKind.AMBIGUOUS, line, prefix="his")
        elif not owners:
            yield _unknown(DifferenceKind.MISSING_LOCAL, line, prefix="his")
        elif line.item is ItemKind.PAYMENT:
            yield from self._payment(line, self.bills[owners[0]])
        else:
            yield from self._refund(line, self.bills[owners[0]])

    def _payment(self, line: Line, bill: Ours) -> Iterator[Found]:
        booked = self.booked[bill.pk]
        total = sum(one.amount_fen for one in booked)
        key = _key(line, prefix="his")
        if not bill.is_there:
            yield Found(DifferenceKind.STATE, line.item, key, bill, line, 0, line.amount_fen)
        elif total == bill.amount_fen:
            yield from _date(bill, line, prefix="his")
        elif booked[0].amount_fen == bill.amount_fen:
            if line is not booked[0]:
                yield Found(DifferenceKind.DUPLICATE, line.item, key, bill, line, 0, line.amount_fen)
        elif line is booked[-1]:
            yield Found(DifferenceKind.AMOUNT, line.item, key, bill, line, bill.amount_fen, total)

    def _refund(self, line: Line, bill: Ours) -> Iterator[Found]:
        refund = self.given.get(line.pk)
        key = _key(line, prefix="his")
        if refund is None:
            yield Found(DifferenceKind.HIS_REFUNDED, line.item, key, bill, line, None, line.amount_fen)
        elif refund.amount_fen != line.amount_fen:
            yield Found(
                DifferenceKind.AMOUNT, line.item, key, refund, line, refund.amount_fen, line.amount_fen
            )

    def _owners(self, line: Line) -> list[int]:
        bill = self.by_payment.get(line.number) if line.number else None
        if bill is not None:
            return [bill]
        return sorted(self.by_number.get(line.bill_number, ()))

    def _pair(self) -> tuple[dict[int, Ours], Unclear]:
        """Lines and refunds of one bill: by our number, by the hospital's, and then by the amount."""
        ours = {one.refund_number: one for one in self.refunds}
        theirs = {(one.bill, one.hospital_ref): one for one in self.refunds if one.hospital_ref}
        given: dict[int, Ours] = {}
        nameless: dict[tuple[int, int], list[Line]] = defaultdict(list)
        for line in self.lines:
            owners = self._owners(line)
            if line.item is not ItemKind.REFUND or len(owners) != 1 or line.pk in self.repeated:
                continue
            known = ours.get(line.refund_number) or theirs.get((owners[0], line.refund_ref))
            if known is not None:
                given[line.pk] = known
            elif not line.refund_number:
                nameless[owners[0], line.amount_fen].append(line)
        taken = {one.pk for one in given.values()}
        free: dict[tuple[int, int], list[Ours]] = defaultdict(list)
        for one in self.refunds:
            if one.pk not in taken and one.bill is not None and not one.hospital_ref:
                free[one.bill, one.amount_fen].append(one)
        paired, unclear = _paired(nameless, free)
        return {**given, **paired}, unclear


def _paired(lines: dict[K, list[Line]], free: dict[K, list[Ours]]) -> tuple[dict[int, Ours], Unclear]:
    """Lines with what they are about; unclear are those of which there is more of ours than of theirs."""
    paired: dict[int, Ours] = {}
    unclear: Unclear = {}
    for key, group in lines.items():
        candidates = sorted(free.get(key, []), key=lambda one: (one.last_day, one.pk))
        if len(candidates) > len(group):
            unclear |= {line.pk: candidates for line in group}
        else:
            paired |= {line.pk: one for line, one in zip(group, candidates, strict=False)}
    return paired, unclear


def _repeated(lines: Iterable[Line]) -> set[int]:
    """The lines that say again what an earlier one says."""
    seen: set[tuple[str, ...]] = set()
    repeated = set()
    for line in lines:
        identity = line.identity
        if not identity:
            continue
        if line.bill_number:
            identity = (*identity, line.bill_number)
        if identity in seen:
            repeated.add(line.pk)
        seen.add(identity)
    return repeated


def _key(line: Line, *, prefix: str = "") -> str:
    if line.item is ItemKind.PAYMENT:
        named = line.channel_ref or line.number or line.bill_number
    else:
        named = line.refund_number or line.refund_ref or f"{line.number}:{line.day.isoformat()}:{line.place}"
    return ":".join(filter(None, (prefix, line.item.value, prefix and line.bill_number, named)))


def _date(ours: Ours, line: Line, *, prefix: str = "") -> Iterator[Found]:
    """A day that is further off than midnight explains; what stood in suspense came to us at any time."""
    if ours.source is Source.SUSPENSE:
        return
    if ours.first_day - TOLERANCE <= line.day <= ours.last_day + TOLERANCE:
        return
    key = _key(line, prefix=prefix)
    yield Found(DifferenceKind.DATE, line.item, key, ours, line, ours.amount_fen, line.amount_fen)


def _missing(kind: DifferenceKind, ours: Ours) -> Found:
    if ours.source is Source.BILL:
        key = f"bill:{ours.number}"
    elif ours.item is ItemKind.PAYMENT:
        key = f"payment:{ours.channel_ref or ours.number}"
    else:
        key = f"refund:{ours.refund_number}"
    return Found(kind, ours.item, key, ours, None, ours.amount_fen, None)


def _unknown(kind: DifferenceKind, line: Line, *, prefix: str = "") -> Found:
    return Found(kind, line.item, _key(line, prefix=prefix), None, line, None, line.amount_fen)


def _both(kind: DifferenceKind, ours: Ours, line: Line) -> Found:
    amount = ours.amount_fen if ours.is_there else 0
    return Found(kind, line.item, _key(line), ours, line, amount, line.amount_fen)


def _of(found: Found, ours: Ours) -> Found:
    """The same, of a payment of ours."""
    return Found(found.kind, found.item, found.key, ours, found.line, None, found.theirs_fen)
