"""What can go wrong with messages."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class SupplierUnknown(DomainError):
    """There is no such supplier, or the last one in use would be taken out."""

    code = "sms_supplier_unknown"
    status = 409
    message = _("短信供应商不能这样设置")
    next_step = _("请至少保留一家使用中的供应商")


class TemplateFieldRefused(DomainError):
    """A field's name or text is not what the channel takes."""

    code = "template_field_refused"
    status = 400
    message = _("字段 %(name)s 不符合渠道的规定：%(why)s")
    next_step = _("请按模板后台的字段名和字数规定修改")


class TemplateVariableRefused(DomainError):
    """A template speaks of something that never leaves the building in a push."""

    code = "template_variable_refused"
    status = 400
    message = _("字段 %(name)s 用了不允许的变量")
    next_step = _("只能使用列出的变量；推送里不写姓名、科室、药名、结果和金额")


class TemplateStateRefused(DomainError):
    """The version is not in a state from which this can be done."""

    code = "template_state_refused"
    status = 409
    message = _("这个版本现在不能这样操作")
    next_step = _("请刷新后查看它的状态")


class DispatchNotReplayable(DomainError):
    """Only what failed or was taken back is sent anew."""

    code = "dispatch_not_replayable"
    status = 409
    message = _("这条发送记录不能重发")
    next_step = _("只有未送达或已取消的才能重发；已提交的请等回执")


class TopicFixed(DomainError):
    """Messages of this topic cannot be switched off."""

    code = "message_topic_fixed"
    status = 409
    message = _("这类消息不能关闭")
    next_step = _("停诊和病历查看关系到您的就诊和隐私，我们必须告诉您")
