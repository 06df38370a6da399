"""The words of this room that others use too."""

from django.db.models import TextChoices


class ClientState(TextChoices):
    """Whether a client is served."""

    ACTIVE = "active", "正常"
    SUSPENDED = "suspended", "已停用"
    RETIRED = "retired", "已注销"


class Environment(TextChoices):
    """What a client is for: one of the sandbox is served by a demo alone, never near real people."""

    SANDBOX = "sandbox", "联调"
    PRODUCTION = "production", "正式"


class Algorithm(TextChoices):
    """How a client signs.

    Two are those of the Tencent-compatible and the national dialect; the last signs events and no
    calls.
    """

    HMAC_SM3 = "HMAC-SM3", "HMAC-SM3（共享密钥）"
    SM2_SM3 = "SM2-SM3", "SM2-SM3（公钥）"
    TENCENT = "TENCENT", "腾讯兼容（appSecret）"
    NATIONAL = "NATIONAL", "国家 SDK（系统密钥）"
    WEBHOOK = "WEBHOOK", "事件推送（whsec_ 密钥）"


class KeyState(TextChoices):
    """Whether a key may sign."""

    ACTIVE = "active", "使用中"
    RETIRED = "retired", "已作废"


class RecordState(TextChoices):
    """Whether the answer of a request is known."""

    IN_PROGRESS = "in_progress", "处理中"
    DONE = "done", "已完成"
