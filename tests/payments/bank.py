"""A way of paying that the product does not know: its module and a line of settings are all it takes."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from foundation.core import clock
from payments.providers.base import (
    Answer,
    Asked,
    Key,
    Launch,
    Merchant,
    Notice,
    NoticeKind,
    Order,
    Payment,
    Receiver,
    Refunded,
    RefundOrder,
    RefundSaid,
    Said,
    Statement,
    Way,
)
from payments.providers.errors import (
    ChannelError,
    ChannelUnsure,
    NoticeRefused,
    OrderChanged,
    OrderPaid,
    OrderUnknown,
    StatementEmpty,
)

CODE = "banktest"


@dataclass
class Ledger:
    """What stands at the bank; a test pays, breaks and mends it here."""

    orders: dict[str, Order] = field(default_factory=dict)
    states: dict[str, Said] = field(default_factory=dict)
    paid_fen: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, RefundOrder] = field(default_factory=dict)
    refund_states: dict[str, RefundSaid] = field(default_factory=dict)
    refund_answer: RefundSaid = RefundSaid.DONE
    redirected: list[tuple[str, Receiver]] = field(default_factory=list)
    # By day: what the bank states, or why it does not; without either the day was empty.
    statements: dict[date, Statement | ChannelError] = field(default_factory=dict)
    # Raised at the end of the next call of that name: the bank has acted, and nobody heard of it.
    lost: dict[str, ChannelError] = field(default_factory=dict)
    # Raised before it acts.
    down: dict[str, ChannelError] = field(default_factory=dict)

    def pay(self, number: str, amount_fen: int | None = None) -> None:
        self.states[number] = Said.PAID
        self.paid_fen[number] = amount_fen or self.orders[number].amount_fen


class Bank:
    """A small bank with codes to scan."""

    code = CODE
    account = CODE
    by_hand = False
    keys = (Key("shop", "门店号", is_required=False), Key("secret", "密钥", is_secret=True))
    ways = frozenset({Way.SCANS, Way.SCANNED, Way.BROWSER})
    books: ClassVar[Ledger] = Ledger()

    def label(self) -> str:
        return "测试银行"

    def order(self, merchant: Merchant, order: Order) -> Launch:
        self._fail("order", before=True)
        known = self.books.orders.setdefault(order.number, order)
        if known.amount_fen != order.amount_fen:
            raise OrderChanged(CODE, "changed")
        self.books.states.setdefault(order.number, Said.WAITING)
        self._fail("order")
        return Launch("code", {"text": f"bank:{order.number}"}, order.expires_at)

    def query(self, merchant: Merchant, asked: Asked) -> Payment:
        number = asked.number
        self._fail("query", before=True)
        state = self.books.states.get(number)
        if state is None:
            raise OrderUnknown(CODE, "unknown")
        if state is not Said.PAID:
            return Payment(number, state)
        return Payment(number, state, self.books.paid_fen[number], f"B{number}", clock.now())

    def close(self, merchant: Merchant, asked: Asked) -> None:
        number = asked.number
        self._fail("close", before=True)
        if self.books.states.get(number) is Said.PAID:
            raise OrderPaid(CODE, "paid")
        self.books.states[number] = Said.CLOSED

    def refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        self._fail("refund", before=True)
        self.books.refunds.setdefault(refund.number, refund)
        self.books.refund_states.setdefault(refund.number, self.books.refund_answer)
        self._fail("refund")
        return self.query_refund(merchant, refund)

    def query_refund(self, merchant: Merchant, refund: RefundOrder) -> Refunded:
        number = refund.number
        self._fail("query_refund", before=True)
        asked = self.books.refunds.get(number)
        if asked is None:
            raise OrderUnknown(CODE, "unknown")
        return Refunded(number, self.books.refund_states[number], asked.amount_fen, f"R{number}", clock.now())

    def read_notice(self, merchant: Merchant, headers: Mapping[str, str], body: bytes) -> Notice:
        if not hmac.compare_digest(signed(body, merchant.secrets["secret"]), headers.get("x-bank", "")):
            raise NoticeRefused(CODE, "signature")
        said = json.loads(body)
        if said["kind"] == NoticeKind.REFUND:
            refunded = Refunded(
                said["number"], RefundSaid(said["state"]), said["amount_fen"], said["channel_ref"]
            )
            return Notice(said["id"], NoticeKind.REFUND, refunded)
        paid = Payment(said["number"], Said(said["state"]), said["amount_fen"], said["channel_ref"])
        return Notice(said["id"], NoticeKind.PAYMENT, paid)

    def answer(self, *, accepted: bool) -> Answer:
        return Answer(200, "text/plain", b"ok") if accepted else Answer(400, "text/plain", b"no")

    def statement(self, merchant: Merchant, day: date) -> Statement:
        self._fail("statement", before=True)
        found = self.books.statements.get(day, StatementEmpty(CODE, "empty"))
        if isinstance(found, ChannelError):
            raise found
        return found

    def _fail(self, call: str, *, before: bool = False) -> None:
        planned = (self.books.down if before else self.books.lost).pop(call, None)
        if planned is not None:
            raise planned


def signed(body: bytes, secret: str) -> str:
    """The bank's signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def unsure() -> ChannelUnsure:
    """No answer in time."""
    return ChannelUnsure(CODE, "timeout")
