"""What is asked of the mobile-payment centre of the public medical insurance (医保移动支付中心).

A bill is uploaded (6201), placed (6202) and asked for (6301) until it stands. Before it is settled
it is revoked (6401), afterwards given back (6203). What the centre tells of its own accord is a
reason to ask, never the answer: 6301 is the authority.

No call is made inside a transaction of ours. Amounts are whole fen, and every sum is checked before
anything is sent. Each method may raise ``ChannelError`` in one of the kinds of
``payments.providers.errors`` and ``payments.insurance.errors``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from payments.providers.base import Answer, Key, Merchant, RefundSaid


class Standing(StrEnum):
    """Where an order stands, in the groups of its 17 states.

    OPEN is 0 to 2, SETTLED 4 to 6, GIVEN_BACK 7 to 11, REVOKED 12 and 13, FAILED 14 to 16. State 3
    (the own share is paid, the insurance not yet) is kept apart: it is no settlement. UNKNOWN is
    any other: ask again, and let somebody look.
    """

    OPEN = "open"
    OWN_PAID = "own_paid"
    SETTLED = "settled"
    GIVEN_BACK = "given_back"
    REVOKED = "revoked"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Part(StrEnum):
    """Which part of an order is meant, in the centre's own words (``setlType``, ``refdType``)."""

    ALL = "ALL"
    OWN = "CASH"
    INSURANCE = "HI"


@dataclass(frozen=True, slots=True)
class Insured:
    """Whose insurance pays.

    Attributes:
        id_type: The insurance's type of certificate, ``01`` for the identity card.
        number: At the insurance (``psn_no``).
        scheme: The insurance type (``insutype``), such as 310 for employees, 390 for residents.
        place: The insurance's code of the place where the person is insured.
    """

    name: str = field(repr=False)
    id_type: str
    id_number: str = field(repr=False)
    number: str = field(repr=False)
    scheme: str
    place: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """That the person allowed the payment: one of the two, each good for minutes.

    Attributes:
        token: Of the electronic certificate as a reader decoded it (``ecToken``).
        number: Of the authorisation that the person gave on a page (``payAuthNo``).
    """

    token: str = field(default="", repr=False)
    number: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """The visit that was charged for.

    Attributes:
        number: The hospital's number of the visit (``iptOtpNo``).
        insurance_id: The insurance's (``mdtrtId``); not needed with a token of the certificate.
        speciality: Code of the speciality (``caty``).
        kind: Kind of care (``medType``), 11 for an ordinary out-patient.
    """

    number: str
    began_at: datetime
    department_code: str
    department_name: str
    speciality: str
    kind: str
    insurance_id: str = ""


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One line of what was charged.

    Attributes:
        number: The hospital's number of the line, unique within the visit.
        national_code: In the insurance's catalogue (``medListCodg``).
        own_code: In the hospital's (``medinsListCodg``).
        price_yuan: Of one unit; up to six decimals, and never used to compute an amount.
        extra: Further fields that a region asks for, by their names there.
    """

    number: str
    national_code: str
    own_code: str
    charged_at: datetime
    quantity: Decimal
    price_yuan: Decimal
    amount_fen: int
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """How the hospital's system divides a total by the catalogue.

    Attributes:
        outside_fen: Paid by the person alone (``fulamtOwnpayAmt``).
        first_fen: What the person pays of a partly covered item beforehand (``preselfpayAmt``).
        within_fen: What the rules apply to (``inscpScpAmt``).
    """

    outside_fen: int
    first_fen: int
    within_fen: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A bill for the insurance.

    Attributes:
        number: Ours (``medOrgOrd``); the same number is the same bill.
        batch: Of the hospital's charging (``chrgBchno``).
        scope: None where the hospital leaves the division to the insurance.
        settle_way: ``psnSetlway``, 01 by item.
        extra: Further fields that a region asks for, by their names there.
    """

    number: str
    insured: Insured
    allowed: Allowed
    visit: Visit
    lines: Sequence[FeeLine]
    total_fen: int
    batch: str
    fee_type: str = "01"
    settle_way: str = "01"
    is_reform_hospital: bool = False
    scope: Scope | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What stands for a bill at the centre from now on.

    Attributes:
        order_id: ``payOrdId``, the number for whoever takes the own share as well.
        token: ``payToken``; a secret, needed for every later question.
        visit_id: ``mdtrtId``, if the centre made one.
    """

    order_id: str
    token: str = field(repr=False)
    visit_id: str = ""


@dataclass(frozen=True, slots=True)
class Placing:
    """The order to settle a bill that was uploaded.

    Attributes:
        serial: Ours for this step (``orgBizSer``).
        total_fen: What was uploaded; the answer must be about the same sum.
        use_account: Whether the personal account may be drawn on; None leaves it to the centre.
    """

    uploaded: Uploaded
    allowed: Allowed
    serial: str
    batch: str
    total_fen: int
    fee_type: str = "01"
    use_account: bool | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking:
    """Which order is asked for, and whose it is."""

    uploaded: Uploaded
    insured: Insured


@dataclass(frozen=True, slots=True)
class Split:
    """Who pays what; the three parts are the total."""

    fund_fen: int
    account_fen: int
    own_fen: int

    @property
    def total_fen(self) -> int:
        """The sum of the parts."""
        return self.fund_fen + self.account_fen + self.own_fen


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the centre says of an order.

    Attributes:
        state: The centre's own, 0 to 16, for staff and the log.
        split: None while the centre has not computed it.
        number: Ours (``medOrgOrd``), where the centre names it.
        reversal_token: ``revsToken``.
    """

    order_id: str
    state: str
    standing: Standing
    split: Split | None = None
    number: str = ""
    part: Part | None = None
    call_type: str = ""
    traced_at: str = ""
    reversal_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class GivingBack:
    """Money that the centre is told to give back.

    Attributes:
        number: Ours (``appRefdSn``); the same number never gives back twice.
        split: What goes back, by who paid it.
        paid: What was paid, against which it is checked.
    """

    number: str
    order_id: str
    allowed: Allowed
    part: Part
    split: Split
    paid: Split
    asked_at: datetime
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What became of it.

    Attributes:
        state: DONE, CLOSED (nothing went back) or ABNORMAL (``EXP``: ask for the order, somebody acts).
    """

    number: str
    state: RefundSaid
    said: str


@dataclass(frozen=True, slots=True)
class SettlementNotice:
    """What the centre told, after its signature was checked and its content opened.

    Attributes:
        id: The same in every repeat.
    """

    id: str
    said: Settlement


class Insurer(Protocol):
    """A centre that settles a bill which a person has allowed on the phone.

    A ``Merchant`` is one institution at it: its number there (``orgCodg``), address and keys.

    Attributes:
        code: Its name in our records; never changed.
    """

    code: str

    @property
    def keys(self) -> Sequence[Key]:
        """What an institution's set-up has."""
        ...

    def label(self) -> str:
        """What people read."""
        ...

    def permission_url(self, merchant: Merchant, *, state: str, return_url: str) -> str:
        """The page on which the person allows the payment; empty if the region has none."""
        ...

    def read_permission(self, merchant: Merchant, query: Mapping[str, str]) -> Allowed | None:
        """What the page sent back with the person; None if they did not allow it."""
        ...

    def upload(self, merchant: Merchant, bill: Upload) -> Uploaded:
        """Hand in the bill (6201); handing in the same bill again is safe."""
        ...

    def settle(self, merchant: Merchant, order: Placing) -> Settlement:
        """Have it divided, held and, where nobody else pays a part, settled (6202).

        Raises:
            ChannelUnsure: It may be settled; ``query`` knows.
        """
        ...

    def query(self, merchant: Merchant, asking: Asking) -> Settlement:
        """Ask where an order stands (6301)."""
        ...

    def revoke(self, merchant: Merchant, asking: Asking) -> None:
        """Take back a bill that is not settled (6401); taking it back again is safe.

        Raises:
            OrderPaid: It is settled.
        """
        ...

    def refund(self, merchant: Merchant, giving: GivingBack) -> GivenBack:
        """Give back what was settled, in whole or in part (6203).

        Raises:
            ChannelUnsure: It may have gone back; ask with the same number, or by ``query``.
        """
        ...

    def read_notice(self, merchant: Merchant, headers: Mapping[str, str], body: bytes) -> SettlementNotice:
        """Check and open what the centre posted; header names are in lower case.

        Raises:
            NoticeRefused: It is not from the centre, or not for this institution's application.
        """
        ...

    def answer(self, *, accepted: bool) -> Answer:
        """What the centre expects to hear: that the notice is kept, or that it is to come again."""
        ...
