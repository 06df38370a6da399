"""The states of applications, cards and card numbers."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ApplicationState(TextChoices):
    """Where an application stands; ``cards.rules.life`` says what may follow."""

    DRAFT = "draft", "填写中"
    SUBMITTED = "submitted", "待核验"
    CHECKING = "checking", "核验中"
    IN_REVIEW = "in_review", "人工审核中"
    ISSUED = "issued", "已发卡"
    REFUSED = "refused", "未通过"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN_STATES = (
    ApplicationState.DRAFT,
    ApplicationState.SUBMITTED,
    ApplicationState.CHECKING,
    ApplicationState.IN_REVIEW,
)


class ReviewOutcome(TextChoices):
    """How an application was decided."""

    APPROVED = "approved", "通过"
    REFUSED = "refused", "不通过"
    REFERRED = "referred", "转人工审核"


class ProofKind(TextChoices):
    """What shows that the applicant is a child's guardian; the codes are those of certificates."""

    BIRTH_CERTIFICATE = "08", _("出生医学证明")
    HOUSEHOLD_REGISTER = "02", _("居民户口簿")


class CardState(TextChoices):
    """Where a card stands; ``cards.rules.life`` says what may follow."""

    ACTIVE = "active", "正常"
    FROZEN = "frozen", "已冻结"
    LOST = "lost", "已挂失"
    CANCELLED = "cancelled", "已注销"


class NumberState(TextChoices):
    """What a card number still does."""

    CURRENT = "current", "当前"
    SUPERSEDED = "superseded", "已更替（仍可识别）"
    REVOKED = "revoked", "已作废"


class KioskState(TextChoices):
    """Where a session at a self-service terminal stands."""

    STARTED = "started", "已开始"
    READ = "read", "已读证件"
    CHECKED = "checked", "已核对本人"
    ISSUED = "issued", "已发卡"
    DONE = "done", "已结束"
    OVER = "over", "已中止"


OVER_STATES = (KioskState.DONE, KioskState.OVER)


class PhysicalState(TextChoices):
    """Where a physical card of the register stands."""

    REGISTERED = "registered", "待激活"
    ACTIVATED = "activated", "已激活"
    BLOCKED = "blocked", "已停用"


class ActivationState(TextChoices):
    """Where a try to activate a physical card stands; what the worker found is for nobody to see."""

    WAITING = "waiting", "待核对"
    SENT = "sent", "已发验证码"
    UNMATCHED = "unmatched", "不相符"
    DONE = "done", "已激活"
    OVER = "over", "已失效"


OPEN_ACTIVATIONS = (ActivationState.WAITING, ActivationState.SENT, ActivationState.UNMATCHED)


class CertificateState(TextChoices):
    """Where a certificate that is joined in a card stands."""

    CLAIMED = "claimed", "待核对"
    LINKED = "linked", "已关联"
    REFUSED = "refused", "不予关联"
    UNLINKED = "unlinked", "已解除"


LIVE_CERTIFICATES = (CertificateState.CLAIMED, CertificateState.LINKED)


class Channel(TextChoices):
    """Through which way a card was applied for (ID-19)."""

    H5 = "h5", "手机网页"
    WEIXIN_MINI = "weixin_mini", "微信小程序"
    WEIXIN_OFFICIAL = "weixin_official", "微信服务号"
    APP = "app", "手机应用"
    ALIPAY = "alipay", "支付宝"
    BANK = "bank", "银行应用"
    INSTITUTION = "institution", "医疗机构系统"
    HOSPITAL_ACCOUNT = "hospital_account", "医院公众号"
    WINDOW = "window", "人工窗口"
    KIOSK = "kiosk", "自助机"
    PHYSICAL = "physical", "实体卡激活"
    BATCH = "batch", "批量预制"


# Channels that are applications of somebody's, each of them registered by name.
APP_CHANNELS = (Channel.APP, Channel.ALIPAY, Channel.BANK, Channel.WEIXIN_MINI)
