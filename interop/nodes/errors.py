"""What can go wrong between card centres, as a calling centre and our own staff are told."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class NodeSignatureMissing(DomainError):
    """A header of the signature is missing or misshapen."""

    code = "node_signature_missing"
    status = 401
    message = _("请求没有卡管节点签名，或签名头不完整")
    next_step = _("请按卡管节点接口文档签名后发送")


class NodeSignatureWrong(DomainError):
    """Unknown centre or key, or the signature does not verify."""

    code = "node_signature_wrong"
    status = 401
    message = _("卡管节点签名不正确")
    next_step = _("请核对节点标识、密钥编号和签名原文；密钥更换后请先登记新公钥")


class NodeMessageReplayed(DomainError):
    """The nonce was used before."""

    code = "node_message_replayed"
    status = 409
    message = _("这个请求已经收到过")
    next_step = _("请用新的随机数重新签名发送")


class NodeSuspended(DomainError):
    """The centre stopped this link."""

    code = "node_suspended"
    status = 403
    message = _("与该卡管节点的连接已停用")
    next_step = _("请联系对方卡管中心")


class NodeMessageMalformed(DomainError):
    """The signed message is not one of the shapes of the protocol."""

    code = "node_message_malformed"
    status = 400
    message = _("卡管节点请求的内容不完整")
    next_step = _("请对照卡管节点接口文档检查请求")


class NodeKnown(DomainError):
    """There is a node of this id, or an upper centre, already."""

    code = "node_known"
    status = 409
    message = _("该节点标识已登记，或已有上级卡管")
    next_step = _("请在节点列表中修改原有的一项")


class NodeKeyKnown(DomainError):
    """The node has a key of this number already."""

    code = "node_key_known"
    status = 409
    message = _("这个密钥编号已经登记")
    next_step = _("请核对密钥编号")


class NodeKeyInvalid(DomainError):
    """The text is no SM2 public key."""

    code = "node_key_invalid"
    status = 400
    message = _("这不是有效的 SM2 公钥")
    next_step = _("请填写 128 位十六进制的 x、y 坐标")


class NodeKeyGone(DomainError):
    """The key is the last of its use, or was retired before."""

    code = "node_key_gone"
    status = 409
    message = _("这个密钥已作废，或是该用途的最后一个密钥")
    next_step = _("请先登记新的公钥，再作废旧的")


class NodeNotAnswering(DomainError):
    """The other centre did not take the message that staff sent."""

    code = "node_not_answering"
    status = 502
    message = _("对方卡管没有接受请求（%(reason)s）")
    next_step = _("请核对接口地址、登记码和对方公钥，稍后再试")


class NodeMoved(DomainError):
    """Somebody changed the node meanwhile, or it is in this state already."""

    code = "node_moved"
    status = 409
    message = _("节点状态已经改变")
    next_step = _("请刷新页面后再操作")
