"""Why a card was moved, in words of our own.

Holders and the product give a code, staff and institutions a sentence. Both stand in the
audit as the reason; ``reason_text`` reads them to the holder.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

HOLDER = "holder"
ACCOUNT_CLOSED = "account_closed"
GUARDIAN = "guardian"
PERSON_UPDATED = "person updated"
BIRTH = "birth"
IDENTIFIED = "identified"
EXPIRED = "expired"
# The reason that the operation of this name gives in the Tencent dialect.
UPDATED_ID = "updateHealthCardId"
# Those of the methods of the national SDK's dialect.
SDK_CLOSED = "national.close"
SDK_ALTERED = "national.alterinfo"

LOSS_REASONS: Mapping[str, str | Promise] = {
    "phone_lost": _("手机丢了"),
    "print_lost": _("打印的静态码丢了"),
    "misuse": _("怀疑被人冒用"),
}
_WORDS: Mapping[str, str | Promise] = {
    **LOSS_REASONS,
    HOLDER: "",
    ACCOUNT_CLOSED: _("注销账户"),
    GUARDIAN: "",
    PERSON_UPDATED: _("姓名或证件变更"),
    BIRTH: _("出生登记"),
    IDENTIFIED: _("窗口看过证件"),
    EXPIRED: _("临时卡到期"),
    UPDATED_ID: _("医院按接口更新卡号"),
    SDK_CLOSED: _("医院按接口注销"),
    SDK_ALTERED: _("医院按接口变更信息"),
}


def reason_text(reason: str) -> str:
    """The reason as the holder reads it; empty where there is nothing to say."""
    return str(_WORDS.get(reason, reason))
