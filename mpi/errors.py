"""What can go wrong when a person is registered or changed."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError, InvalidInput
from mpi.rules import Fault, Problem


class InvalidParticulars(InvalidInput):
    """Something that was said of a person cannot be so; the sentence says what."""

    code = "invalid_particulars"
    message = _("填写的个人信息有误")
    next_step = _("请对照证件修改后重新提交")

    def __init__(self, problem: Problem) -> None:
        super().__init__(field=problem.field, fault=problem.code)
        self.problem = problem

    def text(self) -> str:
        """The sentence of the fault, in the active language."""
        return self.problem.sentence


class UnknownCertificateType(InvalidParticulars):
    """The code names no type of certificate."""

    code = "unknown_certificate_type"
    message = _("没有这种证件类型")


class InvalidCertificateNumber(InvalidParticulars):
    """The number cannot be one of this type of certificate."""

    code = "invalid_certificate_number"
    message = _("证件号码有误")


class BirthDateDisagrees(InvalidParticulars):
    """The birth date given is not the one in the number."""

    code = "birth_date_disagrees"
    message = _("出生日期与证件号码不一致")


class InvalidBirthDate(InvalidParticulars):
    """Nobody alive was born on that day."""

    code = "invalid_birth_date"
    message = _("出生日期有误")


class InvalidName(InvalidParticulars):
    """The text cannot be a name."""

    code = "invalid_name"
    message = _("姓名有误")


class InvalidPhoneNumber(InvalidParticulars):
    """The text cannot be a telephone number."""

    code = "invalid_phone_number"
    message = _("电话号码有误")


_BY_FAULT: Mapping[Fault, type[InvalidParticulars]] = {
    Fault.TYPE_UNKNOWN: UnknownCertificateType,
    Fault.BIRTH_DATE_DISAGREES: BirthDateDisagrees,
    Fault.BIRTH_DATE_FUTURE: InvalidBirthDate,
    Fault.BIRTH_DATE_TOO_OLD: InvalidBirthDate,
    Fault.PHONE_SHAPE: InvalidPhoneNumber,
}
_BY_FIELD: Mapping[str, type[InvalidParticulars]] = {
    "id_number": InvalidCertificateNumber,
    "name": InvalidName,
}


def raise_first(problems: Sequence[Problem]) -> None:
    """Raise the error of the first problem, if there is one."""
    if problems:
        problem = problems[0]
        raise (_BY_FAULT.get(problem.fault) or _BY_FIELD[problem.field])(problem)


class IdentityConflict(DomainError):
    """The number is registered with another name or birth date.

    Nothing was changed: whether a name was mistyped, or two people got one number, is for a
    person to decide. The sentence is the same for everybody who meets it, because it must not
    tell a stranger that a number is registered.

    Attributes:
        person_pk: Whom the number belongs to so far; for the review, never for the caller.
        fields: What differs: ``name``, ``birth_date``.
    """

    code = "identity_conflict"
    status = 409
    message = _("这份证件信息需要人工核对")
    next_step = _("请携带证件到窗口办理，或联系服务热线")

    def __init__(self, *, person_pk: int, person_id: str, fields: tuple[str, ...]) -> None:
        super().__init__()
        self.person_pk = person_pk
        self.person_id = person_id
        self.fields = fields


class IdentifierTaken(DomainError):
    """The certificate is registered for somebody else."""

    code = "identifier_taken"
    status = 409
    message = _("这个证件号码已登记在另一人名下")
    next_step = _("请核对证件；确实无误时，转交主索引人员处理")


class SourceRecordTaken(DomainError):
    """The institution's own number is linked to somebody else."""

    code = "source_record_taken"
    status = 409
    message = _("这个院内号码已关联另一人")
    next_step = _("请核对院内号码；确实无误时，转交主索引人员处理")


class PersonErased(DomainError):
    """The person's data key was destroyed; only the anchor is left."""

    code = "person_erased"
    status = 410
    message = _("此人的个人信息已按规定删除")
    next_step = _("如需再次使用，请重新登记")
