"""What can go wrong with physical cards."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class PhysicalNumberMalformed(DomainError):
    """The text cannot be the number of a physical card."""

    code = "physical_number_malformed"
    status = 422
    message = _("居民健康卡卡号应为 6 到 32 位数字或字母")
    next_step = _("请照着卡面填写")


class PhysicalBirthDateNeeded(DomainError):
    """None that can be read was given, and the number of the certificate tells none."""

    code = "physical_birth_date_needed"
    status = 422
    message = _("出生日期没有填写，或者写法不对")
    next_step = _("证件号码里没有出生日期的，请按“年-月-日”填写持卡人的出生日期，例如 1950-03-08")


class PhysicalNumberTaken(DomainError):
    """The number is in the register already."""

    code = "physical_number_taken"
    status = 409
    message = _("这个卡号已经登记过")
    next_step = _("请核对卡号；需要更改登记的，请先停用原来的登记")


class PhysicalFileRefused(DomainError):
    """The file cannot be read as a list of cards."""

    code = "physical_file_refused"
    status = 422
    message = _("文件不能读取")
    next_step = _("请用模板的表头另存为 UTF-8 或 GBK 编码的 CSV，每次不超过 %(most)s 行")


class PhysicalCardMoveRefused(DomainError):
    """The card's state does not allow it."""

    code = "physical_card_move_refused"
    status = 409
    message = _("这张实体卡当前的状态不能这样操作")
    next_step = _("请刷新页面后再看")


class ActivationOver(DomainError):
    """The try has run out, was replaced by another, or has had too many wrong codes."""

    code = "activation_over"
    status = 410
    message = _("这次激活已经失效")
    next_step = _("请重新填写卡片信息；多次不成功的，请携带证件和实体卡到窗口办理")


class GuardianMustActivate(DomainError):
    """A child does not hold a card alone."""

    code = "guardian_must_activate"
    status = 409
    message = _("不满14周岁的，由监护人持有健康卡")
    next_step = _("请监护人携带证件到窗口办理")
