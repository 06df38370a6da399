"""Which applications a computer decides, and which a person looks at.

Each rule that speaks leaves its code in the review result. Referral always reads the same to
the applicant, so that nobody learns from it whether a card exists (decision 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

# Certificates that the population database knows; the others are looked at by a person.
CHECKED_AUTOMATICALLY = frozenset({"01", "02"})
GUARDIAN_BELOW_YEARS = 14
MANY_REFUSALS = 3


class Rule(StrEnum):
    """A reason for a decision."""

    MATCHED = "matched"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"
    OUTSIDE_UNAVAILABLE = "outside_unavailable"
    OTHER_CERTIFICATE = "other_certificate"
    GUARDIAN_NEEDED = "guardian_needed"
    MANY_REFUSALS = "many_refusals"
    NAME_ON_FILE_DIFFERS = "name_on_file_differs"
    HELD_ALREADY = "held_already"
    HOLDS_ANOTHER = "holds_another"
    PROOF_TO_REVIEW = "proof_to_review"
    CANNOT_ISSUE = "cannot_issue"


# What the reviewer reads; the applicant never sees which rule referred the application.
REVIEWER_TEXT = {
    Rule.MATCHED: _("人口库核验一致"),
    Rule.MISMATCH: _("人口库核验不一致"),
    Rule.NOT_FOUND: _("人口库查无此人"),
    Rule.OUTSIDE_UNAVAILABLE: _("人口库多次无应答，未能核验"),
    Rule.OTHER_CERTIFICATE: _("证件类型需要人工核对"),
    Rule.GUARDIAN_NEEDED: _("申请人不满14周岁，应由监护人办理"),
    Rule.MANY_REFUSALS: _("该账号近期多次申请未通过"),
    Rule.NAME_ON_FILE_DIFFERS: _("该证件号码已登记了不同的姓名"),
    Rule.HELD_ALREADY: _("该人员已有持卡账号，需2级核验后才能绑定"),
    Rule.HOLDS_ANOTHER: _("该账号已绑定另一人员"),
    Rule.PROOF_TO_REVIEW: _("为子女申领，请核对监护证明的种类和编号"),
    Rule.CANNOT_ISSUE: _("核验一致，但系统不能自动发卡，请联系卡管中心管理员查明原因"),
}


class CheckOutcome(StrEnum):
    """What the real-name check said."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at.

    Attributes:
        age: Full years at the time of the decision.
        recent_refusals: Applications of this account refused in the last 24 hours.
        name_differs: The certificate is registered under another name.
        held_by_other: Another account is the person's live self-holder.
        holds_other: The account is already the self-holder of another person.
        for_child: A guardian applies for a child; then who holds whom as themselves is no matter.
    """

    outcome: CheckOutcome
    id_type: str
    age: int
    recent_refusals: int
    name_differs: bool
    held_by_other: bool
    holds_other: bool
    for_child: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """``approved``, ``refused`` or ``referred``, and the rules that said so."""

    outcome: str
    rules: Sequence[Rule]


def needs_guardian(age: int) -> bool:
    """Whether somebody else has to apply for a person of this age."""
    return age < GUARDIAN_BELOW_YEARS


def decide(facts: Facts) -> Decision:
    """Decide an application after its check."""
    if facts.outcome is CheckOutcome.MISMATCH:
        return Decision("refused", (Rule.MISMATCH,))
    speaking = [
        rule
        for rule, speaks in (
            (Rule.NOT_FOUND, facts.outcome is CheckOutcome.NOT_FOUND),
            (Rule.OUTSIDE_UNAVAILABLE, facts.outcome is CheckOutcome.NO_ANSWER),
            (Rule.OTHER_CERTIFICATE, facts.id_type not in CHECKED_AUTOMATICALLY),
            (Rule.GUARDIAN_NEEDED, needs_guardian(facts.age) and not facts.for_child),
            (Rule.MANY_REFUSALS, facts.recent_refusals >= MANY_REFUSALS),
            (Rule.NAME_ON_FILE_DIFFERS, facts.name_differs),
            (Rule.HELD_ALREADY, facts.held_by_other and not facts.for_child),
            (Rule.HOLDS_ANOTHER, facts.holds_other and not facts.for_child),
            (Rule.PROOF_TO_REVIEW, facts.for_child),
        )
        if speaks
    ]
    if speaking:
        return Decision("referred", tuple(speaking))
    return Decision("approved", (Rule.MATCHED,))
