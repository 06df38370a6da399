"""What can go wrong when somebody else than the holder acts on a card."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class CertificateDisagrees(DomainError):
    """The certificate that was shown is not one of the card's person."""

    code = "certificate_disagrees"
    status = 409
    message = _("证件与这张健康卡登记的不一致")
    next_step = _("请对照证件核对；证件换过的，请先更新持卡人的证件，再补领")


class IdentityUnconfirmed(DomainError):
    """The population database did not confirm another name or certificate."""

    code = "identity_unconfirmed"
    status = 409
    message = _("新的姓名和证件没有得到人口库确认，没有更改")
    next_step = _("请稍后再试；仍不能确认的，请让本人携带证件到卡管中心办理")
