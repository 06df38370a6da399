"""Messages about reports, and about who reads them. What is in them is said nowhere here."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from notifications.kinds.base import Kind
from notifications.rules.topics import Topic

_SEE_REPORT = _("查看报告")
# Results of one taking of blood come one after the other.
_TOGETHER = timedelta(minutes=5)

KINDS: Mapping[str, Kind] = {
    "report.published": Kind(
        title=_("有一份新的检查检验报告"),
        body=_("报告可以查看了。为保护隐私，这里不显示内容，打开前要再验证一次身份。"),
        link="/records/reports/{report}/",
        action=_SEE_REPORT,
        icon="document",
        topic=Topic.REPORT,
        what="新的检查检验报告",
        digest=_TOGETHER,
    ),
    "report.amended": Kind(
        title=_("一份报告有更正"),
        body=_("医院更正了这份报告，请以新的为准；原来的版本也可以查看。"),
        link="/records/reports/{report}/",
        action=_SEE_REPORT,
        icon="document",
        topic=Topic.REPORT,
        what="报告更正",
    ),
    "report.withdrawn": Kind(
        title=_("一份报告已被医院撤回"),
        body=_("这份报告不再有效，请不要据此用药。有疑问请联系医院。"),
        link="/records/reports/{report}/",
        action=_SEE_REPORT,
        icon="warning",
        topic=Topic.REPORT,
        what="报告撤回",
    ),
    "access.asked": Kind(
        title=_("有医生请您同意查看病历"),
        body=_("请先看清会打开哪些记录、给谁看、看多久，再决定同意还是拒绝。"),
        link="/records/access/requests/{request}/",
        action=_("查看申请"),
        icon="document",
        topic=Topic.ACCESS,
        what="病历查看申请",
        is_urgent=True,
        lasts=timedelta(minutes=30),
    ),
    "access.granted": Kind(
        title=_("已同意医生查看病历"),
        body=_("随时可以收回。如果不是您本人同意的，请马上收回，并联系服务热线。"),
        link="/records/access/grants/{grant}/",
        action=_("查看授权"),
        icon="lock",
        topic=Topic.ACCESS,
        what="病历授权",
    ),
    "access.revoked": Kind(
        title=_("病历授权已收回"),
        body=_("医生从现在起不能再查看。以前看过哪些，在“谁看过”里可以查到。"),
        link="/records/access/",
        action=_("查看授权"),
        icon="lock",
        topic=Topic.ACCESS,
        what="病历授权收回",
    ),
    "record.opened": Kind(
        title=_("医生查看了病历"),
        body=_("谁在什么时候看了哪些，可以在“谁看过”里查到。"),
        link="/records/access/read/",
        action=_("查看记录"),
        icon="hospital",
        topic=Topic.ACCESS,
        what="病历被查看",
        digest=timedelta(minutes=15),
    ),
    "emergency.opened": Kind(
        title=_("急救中查看了病历"),
        body=_("医生为了抢救，没有等您同意就查看了病历，写明的原因会由专人审核。如有疑问，请联系服务热线。"),
        link="/records/access/read/",
        action=_("查看记录"),
        icon="warning",
        topic=Topic.ACCESS,
        what="急救查看病历",
        is_urgent=True,
    ),
}
