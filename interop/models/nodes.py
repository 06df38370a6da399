"""Other card centres that this one speaks to, and their public keys."""

from django.db import models

from foundation.core.models import PublicIdModel, TimestampedModel


class NodeKind(models.TextChoices):
    """What another card centre is to this one."""

    UPPER = "upper", "上级卡管"
    PEER = "peer", "其他卡管"


class NodeState(models.TextChoices):
    """Whether messages go to and from another centre."""

    ACTIVE = "active", "使用中"
    SUSPENDED = "suspended", "已停用"


class NodeKeyUse(models.TextChoices):
    """What a key of another centre is for: two pairs, as the national rules ask."""

    SIGN = "sign", "验签"
    SEAL = "seal", "加密"


class NodeKeyState(models.TextChoices):
    """Whether a key is still accepted."""

    ACTIVE = "active", "使用中"
    RETIRED = "retired", "已作废"


class Node(PublicIdModel, TimestampedModel):
    """Another card centre.

    ``node_id`` is its EHCAPPID, the route in the fifth segment of its codes. One is the upper
    centre: foreign codes are asked there, and reports go there.

    ``may_read_full`` lets the centre read holders unmasked where its own institution may.
    """

    node_id = models.CharField("发卡机构标识", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("关系", max_length=8, choices=NodeKind.choices)
    base_url = models.URLField("接口地址", max_length=200)
    state = models.CharField("状态", max_length=10, choices=NodeState.choices, default=NodeState.ACTIVE)
    may_read_full = models.BooleanField("可读取完整信息", default=False)
    enrolled_at = models.DateTimeField("登记时间", null=True)
    answered_at = models.DateTimeField("最近应答时间", null=True)
    failed_at = models.DateTimeField("最近失败时间", null=True)
    failure = models.CharField("最近失败原因", max_length=40, blank=True)

    class Meta:
        db_table = "interop_node"
        verbose_name = "卡管节点"
        verbose_name_plural = "卡管节点"
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(kind="upper"), name="interop_node_one_upper"
            ),
            models.CheckConstraint(
                condition=models.Q(node_id__regex=r"^[0-9A-Z]{4,20}$"), name="interop_node_id_shape"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class NodeKey(PublicIdModel):
    """A public key of another centre: 128 hexadecimal digits, x and y of the point.

    Several may be in force at once, so that the other side can change its key without a moment
    in which nobody understands it.
    """

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="keys", verbose_name="卡管节点")
    use = models.CharField("用途", max_length=4, choices=NodeKeyUse.choices)
    kid = models.CharField("密钥编号", max_length=40)
    public_key = models.CharField("公钥", max_length=128)
    state = models.CharField("状态", max_length=10, choices=NodeKeyState.choices, default=NodeKeyState.ACTIVE)
    created_at = models.DateTimeField("创建时间", auto_now_add=True, editable=False)
    retired_at = models.DateTimeField("作废时间", null=True)

    class Meta:
        db_table = "interop_node_key"
        verbose_name = "节点密钥"
        verbose_name_plural = "节点密钥"
        constraints = [
            models.UniqueConstraint(fields=["node", "use", "kid"], name="interop_node_key_once"),
        ]

    def __str__(self) -> str:
        return self.kid
