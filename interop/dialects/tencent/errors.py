"""The dialect's own error form, and the numbers that it uses.

The platform's table is not public; 0 and -10044 are known from real answers. The other
numbers are ours, listed in ``docs/institutions/tencent.md``, and every answer carries our
error code in its sentence, so that an engineer can look it up.
"""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError

SUCCESS = 0
MISSING_PARAMETER = -10044
INTERNAL = -10999
# A refusal of our services that has no number of its own.
REFUSED = -20000

# Our error code -> the number that clients of this dialect get.
NUMBERS: Mapping[str, int] = {
    "tencent_bad_body": -10001,
    "tencent_missing_parameter": MISSING_PARAMETER,
    "tencent_bad_parameter": -10045,
    "tencent_bad_signature": -10002,
    "tencent_bad_token": -10003,
    "tencent_clock_skew": -10004,
    "tencent_request_id_used": -10005,
    "tencent_hospital_mismatch": -10006,
    "tencent_operation_not_opened": -10007,
    "tencent_method": -10008,
    "tencent_wechat_code": -10009,
    "tencent_real_name_unavailable": -10018,
    "body_too_large": -10010,
    "client_suspended": -10011,
    "scope_missing": -10012,
    "too_many_requests": -10013,
    "request_in_progress": -10014,
    "length_required": -10015,
    "check_in_progress": -10016,
    "sandbox_client_refused": -10017,
    "bad_signature": -10002,
    "request_id_reused": -10005,
    "verification_busy": INTERNAL,
    "gateway_unavailable": INTERNAL,
    "internal_error_tencent": INTERNAL,
    # person
    "unknown_certificate_type": -20001,
    "invalid_certificate_number": -20002,
    "birth_date_disagrees": -20003,
    "invalid_birth_date": -20004,
    "invalid_name": -20005,
    "invalid_phone_number": -20006,
    "identity_conflict": -20007,
    "real_name_mismatch": -20008,
    "real_name_unanswered": -20013,
    "source_record_taken": -20009,
    "certificate_too_long": -20010,
    "invalid_input": -20011,
    "person_erased": -20012,
    # card and code
    "card_unknown": -20101,
    "card_not_found": -20101,
    "card_frozen": -20102,
    "card_lost": -20103,
    "card_cancelled": -20104,
    "card_number_revoked": -20105,
    "code_malformed": -20201,
    "code_too_long": -20201,
    "code_forged": -20202,
    "code_foreign": -20203,
    "code_expired": -20204,
    "code_not_yet_valid": -20205,
    "code_used": -20206,
    "static_code_not_allowed": -20207,
    "static_code_switched_off": -20208,
    "city_card_not_accepted": -20209,
    "temporary_card_not_accepted": -20210,
    "national_no_answer": -20211,
    "national_unavailable": -20211,
    "cross_domain_busy": -20211,
    "issuer_no_answer": -20211,
    "issuer_unavailable": -20211,
    "national_refused": -20212,
    "foreign_answer_untrusted": -20212,
    "route_loop": -20212,
    "route_unknown": -20213,
    "foreign_refused": -20214,
    "terminal_unknown": -20301,
    "terminal_disabled": -20302,
    "terminal_bound_elsewhere": -20303,
    "terminal_not_signed_in": -20304,
    "terminal_not_named": -20305,
    "no_scan_session": -20401,
    "scan_session_over": -20402,
    "person_not_bound": -20501,
    # handing over
    "claim_code_invalid": -20601,
    "pack_order_invalid": -20602,
    "pre_registration_over": -20603,
    "card_numbers_used_up": -20502,
    "reissued_lately": -20503,
    "reported_card_cancelled": -20504,
    "mother_not_female": -20505,
    "scan_unknown": -20701,
    "scan_over": -20702,
    "address_not_allowed": -20801,
    "verify_order_unknown": -20901,
}


class TencentError(DomainError):
    """Base of the errors of the envelope."""

    code = "tencent_refused"
    status = 200
    message = _("请求没有被接受")
    next_step: ClassVar[str | Promise] = _("请对照接口文档检查请求")


class BadBody(TencentError):
    """The body is no envelope."""

    code = "tencent_bad_body"
    message = _("请求内容不是合格的 JSON：%(reason)s")
    next_step = _("请以 UTF-8 发送 {commonIn, req} 结构的 JSON")


class MissingParameter(TencentError):
    """A parameter that the operation needs is missing or empty."""

    code = "tencent_missing_parameter"
    message = _("缺少参数 %(name)s")
    next_step = _("请补上该参数后重新签名发送")


class BadParameter(TencentError):
    """A parameter has the wrong type or an unknown value."""

    code = "tencent_bad_parameter"
    message = _("参数 %(name)s 的值不正确")
    next_step = _("请对照接口文档修改后重新签名发送")


class BadSignature(TencentError):
    """The signature does not verify, or there is no such application: one answer for both."""

    code = "tencent_bad_signature"
    message = _("签名校验失败")
    next_step = _("请检查 appSecret 和待签名文本")


class BadToken(TencentError):
    """The token is unknown, has expired, or was replaced by a newer one."""

    code = "tencent_bad_token"
    message = _("appToken 无效或已过期")
    next_step = _("请重新调用 getAppToken 获取")


class ClockSkew(TencentError):
    """The timestamp is too far from the server's clock."""

    code = "tencent_clock_skew"
    message = _("时间戳与服务器时间相差超过 5 分钟，服务器时间为 %(server_time)s")
    next_step = _("请校准本机时钟后重新签名发送")


class RequestIdUsed(TencentError):
    """The requestId belongs to another request."""

    code = "tencent_request_id_used"
    message = _("requestId 已用于另一个请求")
    next_step = _("请为每个请求生成新的 requestId")


class HospitalMismatch(TencentError):
    """The hospitalId is not that of the application."""

    code = "tencent_hospital_mismatch"
    message = _("hospitalId 与应用所属机构不一致")
    next_step = _("请使用接入时分配的 hospitalId")


class OperationNotOpened(TencentError):
    """The operation is not offered here."""

    code = "tencent_operation_not_opened"
    message = _("接口 %(name)s 未开放")
    next_step = _("请对照接口文档中的已开放列表")


class MethodRefused(TencentError):
    """Only POST is spoken."""

    code = "tencent_method"
    message = _("只支持 POST 请求")
    next_step = _("请改用 POST 发送")


class WechatCodeInvalid(TencentError):
    """The one-time code is unknown, used or too old."""

    code = "tencent_wechat_code"
    message = _("wechatCode 无效、已使用或已过期")
    next_step = _("请让用户重新授权以取得新的 wechatCode")


class RealNameUnavailable(TencentError):
    """The population database did not answer this request; its answer to it stays."""

    code = "tencent_real_name_unavailable"
    message = _("实名核验暂时没有结果")
    next_step = _("请稍后用新的 requestId 重试")


class InternalFault(TencentError):
    """A defect of ours, or a part of ours that is away for a moment."""

    code = "internal_error_tencent"
    # Says "not now": the answer is not kept, so that the same request may be sent again.
    status = 503
    message = _("系统繁忙")
    next_step = _("请用同一个 requestId 和相同内容重试")


def number_of(error: DomainError) -> int:
    """The ``resultCode`` of an error."""
    return NUMBERS.get(error.code, REFUSED)


def sentence_of(error: DomainError) -> str:
    """The ``errMsg`` of an error: what happened, what to do, and our code."""
    return f"{error.text()}。{error.advice()}（{error.code}）"
