"""What can go wrong with an application."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError
from mpi.rules import Problem


class ApplicationNotFound(DomainError):
    """There is no such application of this account."""

    code = "application_not_found"
    status = 404
    message = _("没有找到这份申请")
    next_step = _("请从健康卡页面重新进入")


class ApplicationClosed(DomainError):
    """The application is handed in or decided: its answers no longer change."""

    code = "application_closed"
    status = 409
    message = _("这份申请已经提交，不能再修改")
    next_step = _("请在健康卡页面查看办理进度")


class AnswersMissing(DomainError):
    """A question of the application is open."""

    code = "answers_missing"
    status = 409
    message = _("还有问题没有填写")
    next_step = _("请补填后再提交")

    def __init__(self, step: str) -> None:
        super().__init__(field=step)
        self.step = step


class AnswersInvalid(DomainError):
    """Answers are wrong; ``problems`` says which and why."""

    code = "answers_invalid"
    status = 422
    message = _("填写的内容有误")
    next_step = _("请按提示修改后再提交")

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(field=problems[0].field)
        self.problems = problems

    def text(self) -> str:
        """The sentence of the first problem."""
        return self.problems[0].sentence

    @property
    def errors(self) -> list[dict[str, str]]:
        """Every problem, for a client: field, code and sentence."""
        return [
            {"field": problem.field, "code": problem.code, "detail": problem.sentence}
            for problem in self.problems
        ]


class CardHeldAlready(DomainError):
    """The account has its own card."""

    code = "card_held_already"
    status = 409
    message = _("您已经有健康卡了")
    next_step = _("请直接出示健康卡")


class ReasonNeeded(DomainError):
    """A decision by a person carries its reason."""

    code = "reason_needed"
    status = 422
    message = _("请填写理由")
    next_step = _("理由会留存备查，不通过时申请人会看到")


class HeldPersonNeedsProof(DomainError):
    """A name and a number do not move a person to another account, nor change who it is."""

    code = "held_person_needs_proof"
    status = 409
    message = _("该人员已有持卡账号或登记信息不一致，不能仅凭姓名和证件号通过")
    next_step = _("请不予通过，并告知申请人携带证件到窗口办理")


class GuardianMustApply(DomainError):
    """A child does not hold a card alone; a guardian applies for it."""

    code = "guardian_must_apply"
    status = 409
    message = _("申请人不满14周岁，不能通过本人申请")
    next_step = _("请不予通过，并告知由监护人携带证件到窗口办理")


class RealNameMismatch(DomainError):
    """The population database knows the number by another name."""

    code = "real_name_mismatch"
    status = 422
    message = _("姓名与证件号码不一致")
    next_step = _("请对照证件核对姓名和证件号码；确认无误的，请让本人到窗口办理")
