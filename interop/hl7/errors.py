"""What a sender of HL7 v2 can meet that has no form of its own."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class NotAnHl7Message(DomainError):
    """The body is no message of HL7 v2, so nothing in it can be acknowledged."""

    code = "not_hl7"
    status = 422
    message = _("请求内容不是 HL7 v2 消息")
    next_step = _("请发送以 MSH 开头的竖线格式消息，字符集与 MSH-18 一致")
