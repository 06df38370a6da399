"""What a client may be allowed to do.

A scope is a word in a client's list. The table is the whole of it: a word that is not here
can neither be granted nor asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission.

    Attributes:
        label: Its short name in Chinese.
        allows: What a client that holds it may do.
        opens_personal_data: Whether the holder sees personal data in full or acts for a person.
    """

    label: str | Promise
    allows: str | Promise
    opens_personal_data: bool = False


CARD_REGISTER = "card:register"
CARD_BATCH = "card:batch"
CARD_READ = "card:read"
CARD_READ_FULL = "card:read_full"
CARD_UPDATE = "card:update"
CARD_MANAGE = "card:manage"
CODE_VERIFY = "code:verify"
CODE_MINT = "code:mint"
USAGE_REPORT = "usage:report"
KIOSK_ISSUE = "kiosk:issue"
CARD_CLAIM = "card:claim"
SCAN_START = "scan:start"
CERTIFICATE_LINK = "certificate:link"
IDENTITY_VERIFY = "identity:verify"
APPOINTMENT_CHECK = "appointment:check"
APPOINTMENT_WRITE = "appointment:write"
NOTICE_SEND = "notice:send"
CONFIRMATION_ASK = "confirmation:ask"
EVENT_SEND = "event:send"
REPORT_PUBLISH = "report:publish"
PATIENT_OPEN = "patient:open"
QUEUE_JOIN = "queue:join"
REPORT_PRINT = "report:print"
RECORD_READ = "record:read"
BILL_WRITE = "bill:write"
BILL_READ = "bill:read"
PAYMENT_TAKE = "payment:take"
REFUND_ASK = "refund:ask"
STATEMENT_EXCHANGE = "statement:exchange"

SCOPES: dict[str, Scope] = {
    CARD_REGISTER: Scope(_("注册健康卡"), _("为到院居民登记并取得电子健康卡")),
    CARD_BATCH: Scope(_("批量预制"), _("提交本机构的人员名单，批量核验并发放健康卡，读取逐行结果")),
    CARD_READ: Scope(_("读取健康卡（脱敏）"), _("读取持卡人信息，姓名和证件号码部分隐藏")),
    CARD_READ_FULL: Scope(
        _("读取健康卡（完整）"), _("读取持卡人的完整姓名、证件号码和联系方式"), opens_personal_data=True
    ),
    CARD_UPDATE: Scope(
        _("更改持卡人信息"),
        _("更改已在本机构登记的持卡人的联系方式、地址等信息"),
        opens_personal_data=True,
    ),
    CARD_MANAGE: Scope(
        _("办理挂失、补发和注销"),
        _("为已在本机构登记的持卡人办理健康卡的挂失、补发和注销"),
        opens_personal_data=True,
    ),
    CERTIFICATE_LINK: Scope(
        _("关联证件"),
        _("把疫苗接种卡、献血证等证件关联到已在本机构登记的持卡人的健康卡"),
        opens_personal_data=True,
    ),
    CODE_VERIFY: Scope(_("核验二维码"), _("提交扫到的二维码文本，核验并取得持卡人信息")),
    CODE_MINT: Scope(
        _("获取动态码"),
        _("为已在本机构建立关系的持卡人取得动态二维码，持卡人会收到提醒"),
        opens_personal_data=True,
    ),
    KIOSK_ISSUE: Scope(
        _("自助终端发卡"),
        _("自助终端读取证件、核对本人、发卡并打印静态码"),
        opens_personal_data=True,
    ),
    USAGE_REPORT: Scope(_("上报用卡数据"), _("上报在院内用卡的环节、科室和时间")),
    CARD_CLAIM: Scope(
        _("授权领卡"),
        _("用居民授权后返回的一次性授权码取得其健康卡，并关联院内就诊人"),
        opens_personal_data=True,
    ),
    IDENTITY_VERIFY: Scope(
        _("核验身份"), _("核验姓名与证件号码，或请居民刷脸核身，取得是否通过"), opens_personal_data=True
    ),
    APPOINTMENT_CHECK: Scope(_("预约风控"), _("查询持卡人当日预约次数是否过多")),
    APPOINTMENT_WRITE: Scope(
        _("登记院内预约"),
        _("登记医院窗口给出的号，读取和取消本机构的预约"),
        opens_personal_data=True,
    ),
    NOTICE_SEND: Scope(_("发送就诊通知"), _("提醒已在本机构登记的持卡人有新的就诊记录，不含内容")),
    CONFIRMATION_ASK: Scope(
        _("请居民确认"),
        _("请已在本机构登记的持卡人阅读一段文字，用健康卡签署同意或拒绝，并取得可核验的回执"),
        opens_personal_data=True,
    ),
    EVENT_SEND: Scope(
        _("推送事件"),
        _("推送本机构的就诊事件，例如报告已出、停诊、排队进展；事件只写入，不返回居民信息"),
    ),
    REPORT_PUBLISH: Scope(
        _("发布报告"),
        _("为已在本机构登记的持卡人发布、更正、撤回检验检查报告，发送就诊记录"),
        opens_personal_data=True,
    ),
    PATIENT_OPEN: Scope(
        _("院内建档"),
        _("为到院居民取得院内就诊号；没有时请本院系统建一份档案"),
        opens_personal_data=True,
    ),
    QUEUE_JOIN: Scope(_("签到排队"), _("在自助机或窗口为当天有预约的居民签到，取得候诊号")),
    REPORT_PRINT: Scope(
        _("打印报告"),
        _("患者在本机构扫动态码后，在自助机打印本机构近 90 天的报告"),
        opens_personal_data=True,
    ),
    RECORD_READ: Scope(
        _("经授权查阅病历"),
        _("请患者授权本机构的医生查阅病历，并在授权范围和期限内读取，每次查阅患者都能看到"),
        opens_personal_data=True,
    ),
    BILL_WRITE: Scope(
        _("开账单"),
        _("为居民开出、更改、撤销本机构的账单，并告知是否已入账"),
        opens_personal_data=True,
    ),
    BILL_READ: Scope(_("查询账单"), _("查询本机构的账单、支付结果和收费明细"), opens_personal_data=True),
    PAYMENT_TAKE: Scope(_("收款"), _("在窗口或诊间为本机构的账单收款，查询和结束收款")),
    REFUND_ASK: Scope(_("退款"), _("退回本机构账单已付的款项，查询退款进展")),
    STATEMENT_EXCHANGE: Scope(_("交换对账文件"), _("下载本机构每天的对账单，提交本院系统的入账明细")),
    SCAN_START: Scope(_("居民主扫"), _("在终端显示二维码，由居民用手机扫码并同意后取得其健康卡")),
}


def unknown(scopes: Iterable[str]) -> list[str]:
    """The words that are no scopes, in their order."""
    return [scope for scope in scopes if scope not in SCOPES]
