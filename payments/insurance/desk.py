"""What a settlement at a window or at a doctor's desk asks of the insurance's core (FSI).

The person is asked for (1101), the visit registered (2201) and described (2203), its fees handed in
(2204), divided on trial (2206) and settled (2207). A settlement is undone by its number (2208). Where no
answer came, nobody knows its number: the message itself is reversed (2601), so its number is made before
it is sent, and kept. Amounts are whole fen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from payments.insurance.base import FeeLine, Scope, Split
from payments.providers.base import Key, Merchant


class Certificate(StrEnum):
    """What the person showed (``mdtrt_cert_type``)."""

    ELECTRONIC = "01"
    IDENTITY_CARD = "02"
    SOCIAL_SECURITY_CARD = "03"


class Act(StrEnum):
    """What can be reversed by its message (2601)."""

    SETTLED = "2207"
    UNDONE = "2208"


@dataclass(frozen=True, slots=True)
class Clerk:
    """Who asks, where.

    Attributes:
        kind: ``opter_type``: 1 a person at the institution, 2 at a terminal.
        sign_in: The number of today's signing in (9001).
        device: ``dev_no``.
    """

    number: str
    name: str
    kind: str = "1"
    sign_in: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificate of a person who stands there."""

    kind: Certificate
    number: str = field(repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Coverage:
    """One insurance of a person.

    Attributes:
        scheme: ``insutype``.
        is_active: By ``psn_insu_stas`` 1.
        place: ``insuplc_admdvs``.
    """

    scheme: str
    balance_fen: int
    is_active: bool
    place: str
    person_kind: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the insurance knows under a certificate."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    coverages: Sequence[Coverage] = ()


@dataclass(frozen=True, slots=True)
class Registering:
    """An out-patient registration (2201).

    Attributes:
        number: The hospital's number of the visit (``ipt_otp_no``).
        place: Where the person is insured, as 1101 said; messages are routed by it.
    """

    person: str = field(repr=False)
    scheme: str
    place: str
    shown: Shown
    number: str
    began_at: datetime
    doctor_code: str
    doctor_name: str
    department_code: str
    department_name: str
    speciality: str


@dataclass(frozen=True, slots=True)
class Visited:
    """A visit that the insurance knows."""

    visit_id: str
    person: str = field(repr=False)
    number: str
    place: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnosis of a visit."""

    kind: str
    order: int
    code: str = field(repr=False)
    name: str = field(repr=False)
    department: str
    doctor_code: str
    doctor_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Billing:
    """A bill to divide and settle (2206, 2207).

    Attributes:
        scope: As the core's answers to the fees add up.
        over_limit_fen: Above the price that the rules allow (``overlmt_selfpay``).
        use_account: Whether the personal account may be drawn on.
    """

    visit: Visited
    shown: Shown
    scheme: str
    kind: str
    batch: str
    total_fen: int
    scope: Scope
    over_limit_fen: int = 0
    settle_way: str = "01"
    use_account: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FundShare:
    """What one fund pays of a settlement."""

    kind: str
    name: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Divided:
    """What the core says of a bill; `settlement_id` only once it is settled."""

    settlement_id: str
    visit_id: str
    split: Split
    balance_fen: int | None = None
    funds: Sequence[FundShare] = ()


@dataclass(frozen=True, slots=True)
class DayTotals:
    """What an institution settled, to be compared with the core's own sums (3201).

    Attributes:
        clearing: Kind of clearing (``clr_type``).
        office: The office that clears (``setl_optins``).
    """

    scheme: str
    clearing: str
    office: str
    first_day: date
    last_day: date
    total_fen: int
    fund_fen: int
    account_fen: int
    count: int


@dataclass(frozen=True, slots=True)
class Compared:
    """What the comparison came to; what was different is only told as a sentence."""

    is_equal: bool
    result: str
    reason: str


class InsuranceDesk(Protocol):
    """The core of the public medical insurance, as an institution's desks use it.

    A ``Merchant`` is one institution at it. Every method may raise ``ChannelError``.
    """

    code: str

    @property
    def keys(self) -> Sequence[Key]:
        """What an institution's set-up has."""
        ...

    def label(self) -> str:
        """What people read."""
        ...

    def new_message(self, merchant: Merchant) -> str:
        """A number for a message that can be reversed; keep it before it is sent."""
        ...

    def sign_in(self, merchant: Merchant, clerk: Clerk) -> str:
        """Sign in for the day (9001); the number goes into every later message of this clerk."""
        ...

    def person(self, merchant: Merchant, clerk: Clerk, shown: Shown) -> Person:
        """Who shows this certificate, and how they are insured (1101)."""
        ...

    def register(self, merchant: Merchant, clerk: Clerk, visit: Registering) -> Visited:
        """Register an out-patient visit (2201)."""
        ...

    def undo_registration(self, merchant: Merchant, clerk: Clerk, visit: Visited) -> None:
        """Take a registration back (2202)."""
        ...

    def describe(
        self,
        merchant: Merchant,
        clerk: Clerk,
        visit: Visited,
        *,
        kind: str,
        began_at: datetime,
        diagnoses: Sequence[Diagnosis],
    ) -> None:
        """Say what the visit was about (2203)."""
        ...

    def add_fees(
        self, merchant: Merchant, clerk: Clerk, visit: Visited, *, batch: str, lines: Sequence[FeeLine]
    ) -> Mapping[str, Scope]:
        """Hand in fees (2204); how each line, by its number, stands in the catalogue."""
        ...

    def undo_fees(self, merchant: Merchant, clerk: Clerk, visit: Visited, *, batch: str) -> None:
        """Take fees back (2205)."""
        ...

    def divide(self, merchant: Merchant, clerk: Clerk, bill: Billing) -> Divided:
        """Divide on trial (2206); nothing is kept."""
        ...

    def settle(self, merchant: Merchant, clerk: Clerk, bill: Billing, *, message: str) -> Divided:
        """Settle (2207).

        Raises:
            ChannelUnsure: It may be settled; ``reverse`` its message.
        """
        ...

    def undo_settlement(
        self, merchant: Merchant, clerk: Clerk, visit: Visited, settlement_id: str, *, message: str
    ) -> Divided:
        """Take a settlement back (2208); the split is what returns, as positive amounts.

        Raises:
            ChannelUnsure: It may be undone; ``reverse`` its message.
        """
        ...

    def reverse(self, merchant: Merchant, clerk: Clerk, visit: Visited, act: Act, *, message: str) -> None:
        """Make a message undone whose answer was lost (2601); reversing it again is safe."""
        ...

    def compare_totals(self, merchant: Merchant, clerk: Clerk, totals: DayTotals) -> Compared:
        """Have an institution's sums compared (3201)."""
        ...
