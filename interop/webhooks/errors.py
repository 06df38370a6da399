"""What staff can meet who set up the exchange with institutions."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class EndpointKnown(DomainError):
    """The institution has this address already."""

    code = "endpoint_known"
    status = 409
    message = _("这个接收地址已经登记过")
    next_step = _("请在列表中找到它，更改消息类型或重新启用")


class EndpointStateConflict(DomainError):
    """The endpoint is not in the state that the act expects."""

    code = "endpoint_state_conflict"
    status = 409
    message = _("这个接收地址的状态已经变化")
    next_step = _("请刷新后再操作")


class UnknownMessageTypes(DomainError):
    """A type of message is asked for that there is not."""

    code = "unknown_message_types"
    status = 400
    message = _("请至少选择一种消息，并且只选列表中的类型")
    next_step = _("请从列表中选择消息类型")


class DeliveryStateConflict(DomainError):
    """The message is on its way, or has changed meanwhile."""

    code = "delivery_state_conflict"
    status = 409
    message = _("这条消息正在处理，或状态已经变化")
    next_step = _("请刷新后再操作")
