"""Messages about cards, their holders and their family."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from notifications.kinds.base import Kind

KINDS: Mapping[str, Kind] = {
    "application.approved": Kind(
        title=_("健康卡已经办好"),
        body=_("您的申请已通过，现在可以到医院出示健康卡了。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="card",
    ),
    "application.refused": Kind(
        title=_("申请没有通过"),
        body=_("您可以查看原因，改正后重新申请，或带身份证到医院窗口办理。"),
        link="/card/apply/{application}/result/",
        action=_("查看原因"),
        icon="warning",
    ),
    "application.referred": Kind(
        title=_("申请转为人工核对"),
        body=_("工作人员会在 1 个工作日内核对，有结果马上告诉您。"),
        link="/card/apply/{application}/result/",
        action=_("查看进度"),
        icon="clock",
    ),
    "card.issued": Kind(
        title=_("医院为您办好了健康卡"),
        body=_("就诊时办理的健康卡已经开通。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="card",
    ),
    "card.prepared": Kind(
        title=_("有单位按名单为您办好了健康卡"),
        body=_("健康卡已经开通，可以到医院出示。如果您不清楚是哪个单位办的，请联系服务热线。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="card",
    ),
    "card.frozen": Kind(
        title=_("健康卡已停用"),
        body=_("二维码现在不能使用。如果不是您本人操作，请马上联系服务热线。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="lock",
    ),
    "card.lost": Kind(
        title=_("健康卡已挂失"),
        body=_("二维码现在不能使用。找回以后可以恢复。如果不是您本人操作，请马上联系服务热线。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="lock",
    ),
    "card.number_revoked": Kind(
        title=_("健康卡已经补领"),
        body=_(
            "您的健康卡换了新的卡号，以前的二维码和打印的静态码全部作废。如果不是您本人操作，请马上联系服务热线。"
        ),
        link="/card/",
        action=_("查看健康卡"),
        icon="card",
    ),
    "card.number_superseded": Kind(
        title=_("健康卡已按新的身份信息更新"),
        body=_("您的姓名或证件变更后，健康卡换了新的卡号。以前打印的静态码仍可使用。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="card",
    ),
    "card.active": Kind(
        title=_("健康卡已恢复使用"),
        body=_("二维码可以正常出示了。如果不是您本人操作，请马上联系服务热线。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="check",
    ),
    "card.cancelled": Kind(
        title=_("健康卡已注销"),
        body=_("需要时可以重新申领。如果不是您本人操作，请马上联系服务热线。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="warning",
    ),
    "record.noticed": Kind(
        title=_("医院有新的就诊记录"),
        body=_("您就诊的医院更新了就诊记录，请在医院的公众号或窗口查看。为保护隐私，这里不显示内容。"),
        link="/card/pack/",
        action=_("查看卡包"),
        icon="hospital",
    ),
    "card.claimed": Kind(
        title=_("健康卡已领取到医院"),
        body=_(
            "按您的授权，医院已取得这张健康卡。在“卡包”里可以看到领取过的医院。如果不是您本人操作，请马上联系服务热线。"
        ),
        link="/card/pack/",
        action=_("查看卡包"),
        icon="hospital",
    ),
    "confirmation.asked": Kind(
        title=_("医院请您确认一件事"),
        body=_("请先看完内容，再决定同意还是拒绝。过期没有回答，就当没有这件事。"),
        link="/me/data/confirmations/{confirmation}/",
        action=_("查看内容"),
        icon="document",
    ),
    "holding.taken_over": Kind(
        title=_("这个账号不再持有健康卡"),
        body=_(
            "有人证明了自己是持卡人，健康卡换到了另一个账号，这里不能再出示。如果不是您本人办理，请马上联系服务热线，或携带证件到窗口。"
        ),
        link="/card/",
        action=_("查看"),
        icon="warning",
    ),
    "holding.by_staff": Kind(
        title=_("这个账号不再持有健康卡"),
        body=_(
            "工作人员结束了这个账号与健康卡的关联，这里不能再出示。如果您是持卡人，请联系服务热线，或携带证件到窗口。"
        ),
        link="/card/",
        action=_("查看"),
        icon="warning",
    ),
    "family.approved": Kind(
        title=_("孩子的健康卡已经办好"),
        body=_("申请已通过，现在可以在“家人”里出示孩子的健康卡了。"),
        link="/family/",
        action=_("查看家人的健康卡"),
        icon="family",
    ),
    "family.refused": Kind(
        title=_("孩子的申请没有通过"),
        body=_("您可以查看原因，改正后重新申请，或带上孩子的证件到医院窗口办理。"),
        link="/card/apply/{application}/result/",
        action=_("查看原因"),
        icon="warning",
    ),
    "family.referred": Kind(
        title=_("孩子的申请转为人工核对"),
        body=_("工作人员会在 1 个工作日内核对监护证明，有结果马上告诉您。"),
        link="/card/apply/{application}/result/",
        action=_("查看进度"),
        icon="clock",
    ),
    "family.held": Kind(
        title=_("家人可以代您出示健康卡了"),
        body=_("如果不是您同意的，可以马上在“家人”里结束代管，并联系服务热线。"),
        link="/family/",
        action=_("查看"),
        icon="family",
    ),
    "family.ending": Kind(
        title=_("孩子快满18岁了"),
        body=_("满18岁那天起，健康卡由孩子本人管理，您不能再代为出示。请提醒孩子用自己的手机登录并申领。"),
        link="/family/",
        action=_("查看家人的健康卡"),
        icon="clock",
    ),
    "family.came_of_age": Kind(
        title=_("孩子已满18岁，代管结束"),
        body=_("健康卡从今天起由孩子本人管理，卡和用卡记录都还在。孩子用自己的账号申领，就能接着使用。"),
        link="/family/",
        action=_("查看"),
        icon="family",
    ),
    "family.ended": Kind(
        title=_("一位家人的代管已经结束"),
        body=_("您不能再出示这位家人的健康卡。原因可以在“家人”里查看。"),
        link="/family/",
        action=_("查看原因"),
        icon="family",
    ),
    "family.released": Kind(
        title=_("家人不再代管您的健康卡"),
        body=_("健康卡由您自己出示和管理，一切照常使用。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="card",
    ),
    "certificate.linked": Kind(
        title=_("一个证件已关联到健康卡"),
        body=_("以后办事出示健康卡即可。如果不是您的证件，可以在“关联证件”里解除。"),
        link="/card/certificates/",
        action=_("查看关联证件"),
        icon="document",
    ),
    "certificate.refused": Kind(
        title=_("证件没有关联成功"),
        body=_("卡管中心核对后没有通过，原因在变更历史里。您可以改正后重新添加。"),
        link="/card/history/",
        action=_("查看原因"),
        icon="warning",
    ),
    "code.minted": Kind(
        title=_("医院为您生成了一个二维码"),
        body=_("工作人员正在用您的健康卡办理业务。如果您不在医院，请马上联系服务热线。"),
        link="/card/",
        action=_("查看健康卡"),
        icon="hospital",
    ),
}
