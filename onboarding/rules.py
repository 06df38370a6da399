"""Pure rules: states, the steps of an application, and which documents it needs."""

from enum import StrEnum

from django.db.models import TextChoices


class JoiningState(TextChoices):
    """Where an application of an institution stands."""

    DRAFT = "draft", "填写中"
    SUBMITTED = "submitted", "待审核"
    CORRECTION = "correction", "待补正"
    APPROVED = "approved", "已通过"
    REFUSED = "refused", "未通过"


# Whoever may write is the applicant in the first and third state, the centre in the second.
JOINING_STEPS: dict[JoiningState, frozenset[JoiningState]] = {
    JoiningState.DRAFT: frozenset({JoiningState.SUBMITTED}),
    JoiningState.SUBMITTED: frozenset({JoiningState.CORRECTION, JoiningState.APPROVED, JoiningState.REFUSED}),
    JoiningState.CORRECTION: frozenset({JoiningState.SUBMITTED}),
    JoiningState.APPROVED: frozenset(),
    JoiningState.REFUSED: frozenset(),
}
WRITABLE = frozenset({JoiningState.DRAFT, JoiningState.CORRECTION})


class RequestState(TextChoices):
    """Where a request for an application's client stands."""

    REQUESTED = "requested", "待审核"
    RELEASED = "released", "已开通"
    REFUSED = "refused", "未通过"


class MerchantState(TextChoices):
    """Where a merchant stands."""

    APPLIED = "applied", "待审核"
    OPENED = "opened", "已开通"
    REFUSED = "refused", "未通过"
    SUSPENDED = "suspended", "已停用"


MERCHANT_STEPS: dict[MerchantState, frozenset[MerchantState]] = {
    MerchantState.APPLIED: frozenset({MerchantState.OPENED, MerchantState.REFUSED}),
    MerchantState.OPENED: frozenset({MerchantState.SUSPENDED}),
    MerchantState.SUSPENDED: frozenset({MerchantState.OPENED}),
    MerchantState.REFUSED: frozenset(),
}


class DocumentKind(TextChoices):
    """What a document is."""

    STAMPED_FORM = "stamped_form", "盖章的接入申请表"
    LICENCE = "licence", "医疗机构执业许可证"
    SECURITY_REPORT = "security_report", "系统安全检测报告"
    PAYEE_LICENCE = "payee_licence", "收款账户证明"


JOINING_DOCUMENTS = (DocumentKind.STAMPED_FORM, DocumentKind.LICENCE, DocumentKind.SECURITY_REPORT)
REQUIRED_DOCUMENTS = frozenset({DocumentKind.STAMPED_FORM, DocumentKind.LICENCE})


class Question(StrEnum):
    """The questions of the application, by their part of the address, in their order."""

    NAME = "name"
    NUMBER = "number"
    PLACE = "place"
    KIND = "kind"
    CONTACT = "contact"
    DOCUMENTS = "documents"
    CHECK = "check"


QUESTIONS = tuple(Question)
# The fields that each question asks for; all of them are needed.
ANSWERS: dict[Question, tuple[str, ...]] = {
    Question.NAME: ("name", "short_name"),
    Question.NUMBER: ("uscc", "code"),
    Question.PLACE: ("region", "address"),
    Question.KIND: ("level", "category"),
    Question.CONTACT: ("contact_name",),
}


def first_open(answers: dict[str, str], documents: frozenset[str]) -> Question:
    """The first question that still waits for its answer."""
    for question, names in ANSWERS.items():
        if not all(answers.get(name) for name in names):
            return question
    return Question.CHECK if documents >= REQUIRED_DOCUMENTS else Question.DOCUMENTS


def mask_account(number: str) -> str:
    """A bank account with its last four figures only."""
    return "*" * max(0, len(number) - 4) + number[-4:]
