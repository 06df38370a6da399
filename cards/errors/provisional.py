"""What can go wrong with the cards of people without a certificate: newborns, unknown patients."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class TemporaryCardExpired(DomainError):
    """The deadline of a temporary card has passed."""

    code = "temporary_card_expired"
    status = 410
    message = _("这张临时卡已过期")
    next_step = _("请核对居民的有效证件，办理实名健康卡；仍无证件的，请重新发临时卡")


class TemporaryCodeOnly(DomainError):
    """A temporary card has one code, which never changes."""

    code = "temporary_code_only"
    status = 409
    message = _("临时卡没有动态码")
    next_step = _("请改取静态码（code_kind 为 static），或补办实名健康卡")


class NotTemporary(DomainError):
    """The card has no deadline."""

    code = "not_temporary"
    status = 409
    message = _("这不是临时卡，没有有效期")
    next_step = _("请刷新页面后再看")


class MotherNotFemale(DomainError):
    """Whoever is named as the mother is registered as a man."""

    code = "mother_not_female"
    status = 422
    message = _("填写的母亲登记为男性")
    next_step = _("请核对母亲的健康卡或证件")


class HasCertificate(DomainError):
    """The card is that of somebody who has a certificate of their own."""

    code = "has_certificate"
    status = 409
    message = _("这张卡已经登记过证件")
    next_step = _("请读取本人的证件办理")


class BirthDateDiffers(DomainError):
    """The certificate says another day of birth than the record of the newborn."""

    code = "birth_date_differs"
    status = 409
    message = _("证件上的出生日期与出生登记的不一致")
    next_step = _("请核对扫的是不是这个孩子的标签；确实无误时，转交主索引人员处理")


class ReportedCardCancelled(DomainError):
    """A birth or patient is reported again, and the card of the first report was cancelled."""

    code = "reported_card_cancelled"
    status = 409
    message = _("这次登记办过的健康卡已经注销，没有再发新卡")
    next_step = _("请核对院内号或分娩记录号；仍需要健康卡的，请先登记本人的证件，再按有证件的患者办理")
