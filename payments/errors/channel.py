"""What can go wrong with ways of paying and their set-up."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class ProviderUnknown(DomainError):
    """There is no such way of paying."""

    code = "provider_unknown"
    message = _("没有这种支付方式")
    next_step = _("请选择列出的支付方式")


class ChannelInUse(DomainError):
    """Payments were taken under the merchant's number, and are asked for and given back under it."""

    code = "pay_channel_in_use"
    status = 409
    message = _("这个渠道已经收过款，商户号不能再改")
    next_step = _("请停用它，用新的商户号添加一个渠道")


class ChannelKnown(DomainError):
    """The institution has this channel already."""

    code = "pay_channel_known"
    status = 409
    message = _("这家机构已经有这个支付渠道")
    next_step = _("请修改原来的渠道，或先停用它")


class ChannelIncomplete(DomainError):
    """Something that the channel needs is missing."""

    code = "pay_channel_incomplete"
    status = 409
    message = _("渠道的参数还不完整，不能启用")
    next_step = _("请补齐带星号的参数和密钥")
