"""Bills, payments at the counter, what goes back, and what the hospital posted. Amounts are whole fen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from sdk.transport import Connection, built

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BillItem:
    """One line of a bill; the amount is of the whole line."""

    title: str = field(repr=False)
    amount_fen: int
    category: str = "other"
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class BillPart:
    """One part of a paid bill: the payer's own, an insurance's, a balance's, or what you took off."""

    kind: str
    provider: str
    amount_fen: int
    channel_ref: str


@dataclass(frozen=True, slots=True)
class BillRefund:
    """Money on its way back; `due` and `sent` are no failures."""

    refund_id: str
    refund_no: str
    amount_fen: int
    state: str
    reason: str
    provider: str
    channel_ref: str
    failure: str
    opened_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class BillRefunds:
    """The refunds of a bill, or of one number."""

    refunds: Sequence[BillRefund]


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill of this institution; ``posting`` is where your own posting of it stands.

    Once it is paid its ``parts`` sum to ``total_fen``; people pay ``due_fen``, without what you took off.
    """

    bill_id: str
    number: str
    bill_no: str
    patient_id: str = field(repr=False)
    state: str
    total_fen: int
    reduction_fen: int
    due_fen: int
    captured_fen: int
    refund_fen: int
    refunded_fen: int
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    receipt_no: str
    payment_id: str
    posting: str
    items: Sequence[BillItem] = field(repr=False)
    parts: Sequence[BillPart]
    refunds: Sequence[BillRefund]


@dataclass(frozen=True, slots=True)
class Bills:
    """A page of bills, the latest first; ``next_cursor`` is empty at the end."""

    bills: Sequence[Bill]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class CounterPayment:
    """A payment at the counter of ``amount_fen``; read it again until it is ``over``."""

    payment_id: str
    state: str
    provider: str
    way: str
    total_fen: int
    amount_fen: int
    code: str
    failure: str
    over: bool

    @property
    def is_paid(self) -> bool:
        """Whether the bill is paid by it."""
        return self.state == "settled"


@dataclass(frozen=True, slots=True)
class StatementFile:
    """The platform's statement of a day; ``digest`` is the SHA-256 of the content in UTF-8."""

    day: date
    digest: str
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StatementTaken:
    """The version of your own statement that counts from now on."""

    statement_id: str
    day: date


class BillCalls(Connection):
    """Bills of this institution and their money."""

    def open_bill(
        self,
        *,
        bill_no: str,
        items: Sequence[BillItem],
        total_fen: int,
        kind: str = "bill",
        expires_at: datetime | None = None,
        health_card_id: str = "",
        patient_id: str = "",
        reduction_fen: int = 0,
        insurance: Mapping[str, Any] = _NOTHING,
        idempotency_key: str = "",
    ) -> Bill:
        """Open a bill, or replace the one of this number that is not paid.

        Args:
            kind: ``bill`` or ``prescription``.
            health_card_id: Or ``patient_id``; one of the two.
            reduction_fen: What you take off the total.
            insurance: What a public insurance needs to pay a part, as in the event ``bill.charged``.
        """
        body: dict[str, Any] = {
            "bill_no": bill_no,
            "kind": kind,
            "items": [asdict(each) for each in items],
            "total_fen": total_fen,
            "expires_at": expires_at.isoformat() if expires_at else "",
            "health_card_id": health_card_id,
            "patient_id": patient_id,
            "reduction_fen": reduction_fen,
            "insurance": dict(insurance) or None,
        }
        return self._change("/bills", body, _bill, idempotency_key)

    def find_bills(
        self,
        *,
        health_card_id: str = "",
        patient_id: str = "",
        bill_no: str = "",
        number: str = "",
        state: str = "",
        cursor: str = "",
    ) -> Bills:
        """Find bills of a patient or of a number; ``state="open"`` is what is due."""
        body = {
            "health_card_id": health_card_id,
            "patient_id": patient_id,
            "bill_no": bill_no,
            "number": number,
            "state": state,
            "cursor": cursor,
        }
        return self._change("/bills/search", body, _bills, "")

    def read_bill(self, bill_id: str) -> Bill:
        """How a bill stands."""
        return self._read(_path(bill_id), _bill)

    def cancel_bill(self, bill_id: str, *, idempotency_key: str = "") -> Bill:
        """Take a charge back; what was paid goes back."""
        return self._change(_path(bill_id, "cancel"), {}, _bill, idempotency_key)

    def report_posting(
        self,
        bill_id: str,
        *,
        outcome: str,
        receipt_no: str = "",
        amount_fen: int | None = None,
        reason: str = "",
        idempotency_key: str = "",
    ) -> Bill:
        """Say what became of what was paid: ``posted`` with receipt and amount, or ``refused``."""
        body = {"outcome": outcome, "receipt_no": receipt_no, "amount_fen": amount_fen, "reason": reason}
        return self._change(_path(bill_id, "posting"), body, _bill, idempotency_key)

    def record_till_payment(
        self, bill_id: str, *, receipt_no: str, amount_fen: int, idempotency_key: str = ""
    ) -> Bill:
        """Record what your own till took."""
        body = {"receipt_no": receipt_no, "amount_fen": amount_fen}
        return self._change(_path(bill_id, "till-payments"), body, _bill, idempotency_key)

    def take_payment(
        self, bill_id: str, *, way: str, auth_code: str = "", provider: str = "", idempotency_key: str = ""
    ) -> CounterPayment:
        """Take the whole of a bill: ``scanned`` with the payer's code, or ``scans`` a code that you show."""
        body = {"way": way, "auth_code": auth_code, "provider": provider}
        return self._change(_path(bill_id, "payments"), body, _payment, idempotency_key)

    def read_payment(self, bill_id: str, payment_id: str) -> CounterPayment:
        """How a payment stands; the channel is asked on the way."""
        return self._read(_path(bill_id, "payments", payment_id), _payment)

    def end_payment(self, bill_id: str, payment_id: str, *, idempotency_key: str = "") -> CounterPayment:
        """Stop a payment that you began."""
        return self._change(_path(bill_id, "payments", payment_id, "end"), {}, _payment, idempotency_key)

    def ask_refund(
        self,
        bill_id: str,
        *,
        refund_no: str,
        amount_fen: int | None = None,
        refunded_by: str = "platform",
        idempotency_key: str = "",
    ) -> BillRefunds:
        """Give back all that is left, or a part; or note what your till gave back.

        Args:
            refund_no: Your own number; it stands for one refund, however often it is sent.
        """
        body = {"refund_no": refund_no, "amount_fen": amount_fen, "refunded_by": refunded_by}
        return self._change(_path(bill_id, "refunds"), body, _refunds, idempotency_key)

    def list_refunds(self, bill_id: str, *, refund_no: str = "") -> BillRefunds:
        """How far the refunds of a bill are, or those of one number."""
        return self._read(_path(bill_id, "refunds"), _refunds, {"refund_no": refund_no})

    def read_statement(self, day: date) -> StatementFile:
        """What came and went on a day, as CSV."""
        return self._read(
            "/statements",
            lambda answer: StatementFile(
                date.fromisoformat(answer["day"]), answer["digest"], answer["content"]
            ),
            {"day": day.isoformat()},
        )

    def hand_in_statement(self, day: date, *, content: str, idempotency_key: str = "") -> StatementTaken:
        """Hand in what your own system posted on a day, as CSV; another file of the day takes its place."""
        return self._change(
            "/statements",
            {"day": day.isoformat(), "content": content},
            lambda answer: StatementTaken(answer["statement_id"], date.fromisoformat(answer["day"])),
            idempotency_key,
        )


def _path(bill_id: str, *more: str) -> str:
    return "/".join(["/bills", *(quote(part, safe="") for part in (bill_id, *more))])


def _bill(answer: Mapping[str, Any]) -> Bill:
    return built(
        Bill,
        answer,
        created_at=datetime.fromisoformat(answer["created_at"]),
        expires_at=_moment(answer["expires_at"]),
        paid_at=_moment(answer["paid_at"]),
        items=[built(BillItem, each) for each in answer["items"]],
        parts=[built(BillPart, each) for each in answer["parts"]],
        refunds=_refunds(answer).refunds,
    )


def _bills(answer: Mapping[str, Any]) -> Bills:
    return Bills([_bill(each) for each in answer["bills"]], answer["next_cursor"])


def _payment(answer: Mapping[str, Any]) -> CounterPayment:
    return built(CounterPayment, answer)


def _refunds(answer: Mapping[str, Any]) -> BillRefunds:
    return BillRefunds([_refund(each) for each in answer["refunds"]])


def _refund(answer: Mapping[str, Any]) -> BillRefund:
    return built(
        BillRefund,
        answer,
        opened_at=datetime.fromisoformat(answer["opened_at"]),
        ended_at=_moment(answer["ended_at"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
