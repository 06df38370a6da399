"""What goes into and comes out of this room."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ConsentKind(StrEnum):
    """What is agreed to; the law asks for the two separately."""

    PRIVACY_NOTICE = "privacy_notice"
    SENSITIVE_DATA = "sensitive_data"


class CheckOutcome(StrEnum):
    """What became of a check."""

    ASKED = "asked"
    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"


class Relation(TextChoices):
    """What the holder is to the person."""

    SELF = "self", _("本人")
    CHILD = "child", _("子女")
    PARENT = "parent", _("父母")
    GRANDPARENT = "grandparent", _("祖父母或外祖父母")
    SPOUSE = "spouse", _("配偶")
    OTHER = "other", _("其他")


class EndReason(TextChoices):
    """Why a holding ended, in words that both sides may read."""

    NOT_NEEDED = "not_needed", _("不再需要代管")
    WRONG_PERSON = "wrong_person", _("加错了人")
    NOT_AGREED = "not_agreed", _("本人不同意继续代管")
    CAME_OF_AGE = "came_of_age", _("已满18岁，由本人管理")
    BY_STAFF = "by_staff", _("由工作人员办理结束")
    TAKEN_OVER = "taken_over", _("本人凭更强的证明取回")
    CLOSED = "closed", _("账户已注销")


class TakeOverState(TextChoices):
    """Where a change of the holder at a window stands; one that waits after its time is over."""

    WAITING = "waiting", _("待复核")
    DONE = "done", _("已换人")
    REFUSED = "refused", _("未同意")
    OVER = "over", _("已失效")


class InvitationState(TextChoices):
    """Where an invitation stands."""

    OPEN = "open", "等待同意"
    ACCEPTED = "accepted", "已同意"
    DECLINED = "declined", "未同意"
    WITHDRAWN = "withdrawn", "已撤回"
    EXPIRED = "expired", "已过期"


@dataclass(frozen=True, slots=True)
class Notice:
    """A version of the privacy notice, in the active language."""

    version: str
    text: str


@dataclass(frozen=True, slots=True)
class Consent:
    """That an account agreed to a version, and when it took that back."""

    kind: str
    version: str
    channel: str
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of a real-name check.

    Attributes:
        check_id: Public id of the evidence.
        level: Assurance level that the outcome gives.
        reference: The other side's own number of the check.
    """

    check_id: str
    outcome: CheckOutcome
    level: int
    reference: str

    @property
    def has_answer(self) -> bool:
        """Whether the other side said anything about the pair; if not, ask anew later."""
        return self.outcome in {CheckOutcome.MATCH, CheckOutcome.MISMATCH, CheckOutcome.NOT_FOUND}


@dataclass(frozen=True, slots=True)
class Acting:
    """That an account may act for a person, and how sure that is.

    Attributes:
        person_pk: The survivor of the person's cluster, on which new rows are written.
        is_by_consent: Whether an adult agreed to it, who decides for themselves; a child's
            guardian, who acts by proof, may do more.
    """

    person_pk: int
    person_id: str
    level: int
    relation: str
    is_by_consent: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What an account's hold on its own person rests on.

    Attributes:
        evidence: One of ``identity.rules.Evidence``.
        proved_at: When the level was proved last.
        until: Until when it counts towards others; none for what does not lapse.
    """

    level: int
    evidence: str
    proved_at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class OpenedHolding:
    """A live holding, and whether this call opened it."""

    holding_id: str
    person_pk: int
    person_id: str
    level: int
    created: bool


@dataclass(frozen=True, slots=True)
class FamilyLimits:
    """How many dependants an account may have, and how many guardians a person."""

    dependants: int
    guardians: int


@dataclass(frozen=True, slots=True)
class Guardian:
    """Somebody else's hold on a person, as that person sees it.

    Attributes:
        name: Masked; empty if the account has no person of its own any more.
    """

    holding_id: str
    name: str
    relation: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation, for one of its two sides.

    Attributes:
        inviter: Masked name of who asks.
    """

    invitation_id: str
    relation: str
    state: str
    expires_at: datetime
    inviter: str = ""


@dataclass(frozen=True, slots=True)
class EndedHolding:
    """A dependant whom an account no longer holds, and why."""

    relation: str
    reason: str
    ended_at: datetime

    @property
    def relation_word(self) -> str:
        """The relation as pages say it."""
        return str(Relation(self.relation).label)


@dataclass(frozen=True, slots=True)
class WaitingTakeOver:
    """A change of the holder that waits for a second clerk, masked.

    Attributes:
        is_own: Whether whoever asks stated it, so that somebody else must look.
    """

    take_over_id: str
    name: str
    number: str
    document: str
    reason: str
    asked_at: datetime
    expires_at: datetime
    is_own: bool
