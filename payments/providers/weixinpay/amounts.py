"""The amounts of a mixed order, and the three equations that they keep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a mixed order consists of."""

    OWN = "CASH_ONLY"
    INSURED = "INSURANCE_ONLY"
    BOTH = "CASH_AND_INSURANCE"


class Added(StrEnum):
    """What is added to what the insurance leaves to be paid."""

    OTHER = "DEFAULT_ADD_TYPE"
    FREIGHT = "FREIGHT"
    MEDICAL = "OTHER_MEDICAL_EXPENSES"


class Reduced(StrEnum):
    """What is taken off it."""

    OTHER = "DEFAULT_REDUCE_TYPE"
    HOSPITAL = "HOSPITAL_REDUCE"
    PHARMACY = "PHARMACY_DISCOUNT"
    DISCOUNT = "DISCOUNT"
    PREPAID = "PRE_PAYMENT"
    DEPOSIT = "DEPOSIT_DEDUCTION"


class AmountsDisagree(Exception):
    """The parts do not make the whole; the text names the equation."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """The parts of a mixed order, in fen.

    Attributes:
        fund_fen: What the insurance's fund pays (``med_ins_gov_fee``).
        account_fen: What is taken from the personal account there (``med_ins_self_fee``).
        other_fen: What other allowances pay (``med_ins_other_fee``).
        left_fen: What the insurance leaves to be paid (``med_ins_cash_fee``).
        own_fen: What is paid in WeChat (``wechat_pay_cash_fee``).
    """

    total_fen: int
    fund_fen: int = 0
    account_fen: int = 0
    other_fen: int = 0
    left_fen: int = 0
    own_fen: int = 0
    added: Mapping[Added, int] = field(default_factory=dict)
    reduced: Mapping[Reduced, int] = field(default_factory=dict)

    @property
    def insured_fen(self) -> int:
        """What the insurance pays, in all of its ways."""
        return self.fund_fen + self.account_fen + self.other_fen

    @property
    def kind(self) -> Kind:
        """What the order consists of."""
        if not self.insured_fen and not self.left_fen:
            return Kind.OWN
        return Kind.BOTH if self.own_fen else Kind.INSURED

    def check(self) -> None:
        """Make sure that the three equations hold; the third follows from the others, as long as they do.

        Raises:
            AmountsDisagree: One does not, or an amount is below zero.
        """
        added, reduced = sum(self.added.values()), sum(self.reduced.values())
        parts = (self.fund_fen, self.account_fen, self.other_fen, self.left_fen, self.own_fen)
        if self.total_fen <= 0 or min(*parts, *self.added.values(), *self.reduced.values()) < 0:
            raise AmountsDisagree("below_zero")
        if self.total_fen != self.insured_fen + self.own_fen + reduced:
            raise AmountsDisagree("equation_1")
        if self.total_fen != self.insured_fen + self.left_fen + added:
            raise AmountsDisagree("equation_2")
        if self.own_fen != self.left_fen + added - reduced:
            raise AmountsDisagree("equation_3")
