"""What goes into and comes out of this room."""

from dataclasses import dataclass
from datetime import datetime

from payments.rules import BillState, Category


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a bill, for ``open_bill``; the amount is of the whole line, in fen."""

    title: str
    amount_fen: int
    category: Category = Category.OTHER
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class BillRef:
    """A bill, for rooms that keep its public id."""

    bill_id: str
    number: str
    total_fen: int
    state: BillState
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CashReceipt:
    """What a cashier has to know once money was taken."""

    bill_id: str
    number: str
    total_fen: int
    received_fen: int

    @property
    def change_fen(self) -> int:
        """What goes back over the counter."""
        return self.received_fen - self.total_fen
