"""What can go wrong with the certificates that are joined in a card."""

from django.utils.translation import gettext_lazy as _

from cards.rules.certificates import MOST_PER_PERSON
from foundation.core.errors import DomainError, InvalidInput


class CertificateNotFound(DomainError):
    """There is no such linked certificate for who asks."""

    code = "certificate_not_found"
    status = 404
    message = _("没有找到这个关联证件")
    next_step = _("请从关联证件页面重新进入")


class CertificateKindUnknown(InvalidInput):
    """Not one of the fourteen kinds."""

    code = "certificate_kind_unknown"
    message = _("没有这种证件")
    next_step = _("请从列表中选择")


class CertificateNumberWrong(InvalidInput):
    """The text cannot be the number of a certificate."""

    code = "certificate_number_wrong"
    message = _("证件号码不对：应有 4 至 30 个字，至少有一个数字")
    next_step = _("请照着证件填写")


class CertificateTaken(DomainError):
    """The certificate is linked to somebody else."""

    code = "certificate_taken"
    status = 409
    message = _("这个证件已关联到另一张健康卡")
    next_step = _("请核对号码；确实无误的，请联系卡管中心")


class CertificateDecided(DomainError):
    """The claim was confirmed, refused or taken back meanwhile."""

    code = "certificate_decided"
    status = 409
    message = _("这个关联证件已经处理过了")
    next_step = _("请刷新页面后再看")


class TooManyCertificates(DomainError):
    """A card joins only so many certificates."""

    code = "too_many_certificates"
    status = 409
    message = _("一张健康卡最多关联 %(count)s 个证件")
    next_step = _("请先解除不用的证件")

    def __init__(self) -> None:
        super().__init__(count=MOST_PER_PERSON)
