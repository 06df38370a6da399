"""Who pays what: rules that are all invented, and always say the same of the same bill."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One insurance type.

    Attributes:
        deductible: Fen of a year that the fund leaves to the person first.
        percent: Of what is within the rules and above the deductible, the fund's.
        ceiling: The most fen that the fund pays in a year.
        has_account: Whether there is a personal account.
    """

    name: str
    deductible: int
    percent: int
    ceiling: int
    has_account: bool


@dataclass(frozen=True)
class Division:
    """Fen of one bill by who pays them."""

    fund: int
    account: int
    own: int

    @property
    def total(self) -> int:
        """The bill."""
        return self.fund + self.account + self.own


RULES: Mapping[str, Rule] = {
    "310": Rule("职工基本医疗保险", 20_000, 80, 2_000_000, has_account=True),
    "340": Rule("离休人员医疗保障", 0, 100, 100_000_000, has_account=False),
    "390": Rule("城乡居民基本医疗保险", 10_000, 60, 500_000, has_account=False),
}


def divide(
    rule: Rule, *, total: int, first: int, within: int, spent: int, fund_paid: int, balance: int
) -> Division:
    """Divide a bill.

    Args:
        total: The bill.
        first, within: What is paid beforehand and what the rules apply to; the rest is outside them.
        spent: What of earlier bills of the year was within the rules.
        fund_paid: What the fund paid in the year.
        balance: What the personal account may give; it never pays for what is outside the catalogue.
    """
    above = max(0, within - max(0, rule.deductible - spent))
    fund = min(above * rule.percent // 100, max(0, rule.ceiling - fund_paid))
    account = min(max(0, balance), first + within - fund) if rule.has_account else 0
    return Division(fund, account, total - fund - account)
