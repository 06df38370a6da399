"""What can go wrong with a hospital's system, as staff and calling systems are told."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class HospitalSystemKnown(DomainError):
    """The institution has one already."""

    code = "hospital_system_known"
    status = 409
    message = _("该机构已登记医院系统")
    next_step = _("请在列表中修改原有的一项")


class HospitalSystemAddressRefused(DomainError):
    """The address is not on a host that one of the institution's clients has registered."""

    code = "hospital_system_address_refused"
    status = 422
    message = _("接口地址不在本机构应用登记的域名内，或不是 https 地址")
    next_step = _("请先为本机构的应用登记这个域名，再填写地址")


class HospitalSystemGone(DomainError):
    """Its state has changed meanwhile."""

    code = "hospital_system_moved"
    status = 409
    message = _("医院系统的状态已经变化")
    next_step = _("请刷新页面后再操作")


class PatientNumbersNotOffered(DomainError):
    """The institution's own system is not asked for patient numbers."""

    code = "patient_numbers_not_offered"
    status = 409
    message = _("本机构的医院系统没有提供建档接口")
    next_step = _("请在医院系统内建档，再用绑定接口登记院内就诊号")


class PatientRecordUnknown(DomainError):
    """There is no such question of this institution."""

    code = "patient_record_unknown"
    status = 404
    message = _("没有找到这次建档")
    next_step = _("请核对编号，或重新扫码后再建档")


class PatientRecordSettled(DomainError):
    """It is no longer open to be decided on."""

    code = "patient_record_settled"
    status = 409
    message = _("这次建档已经处理过")
    next_step = _("请刷新页面查看结果")


class CardNotNamed(DomainError):
    """Neither a scanned code nor a card was named, or both were."""

    code = "card_not_named"
    status = 422
    message = _("请提交扫码得到的文本或健康卡号中的一项")
    next_step = _("请在 code 和 health_card_id 中填写一项")
