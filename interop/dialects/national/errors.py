"""The dialect's own error form, and the return codes that it uses.

The SDK's table is not public. ``0`` is success; the others are ours, listed in
``docs/institutions/national.md``, and every sentence ends with our error code, so that an
engineer can look it up.
"""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError

SUCCESS = "0"
INTERNAL = "9999"
# A refusal of our services that has no return code of its own.
REFUSED = "9000"

# Our error code -> the return code that clients of this dialect get.
RETURN_CODES: Mapping[str, str] = {
    # envelope
    "national_bad_form": "1001",
    "not_json": "1002",
    "national_missing_parameter": "1003",
    "national_bad_parameter": "1004",
    "national_bad_encryption": "1005",
    "national_bad_digest": "1006",
    "bad_signature": "1006",
    "national_clock_skew": "1007",
    "nonce_replayed": "1008",
    "national_serial_used": "1009",
    "check_request_reused": "1009",
    "request_id_reused": "1009",
    "national_method": "1010",
    "national_method_unknown": "1011",
    "body_too_large": "1012",
    "length_required": "1013",
    "unsupported_content_type": "1014",
    # who calls
    "client_suspended": "1101",
    "scope_missing": "1102",
    "permission_refused": "1102",
    "sandbox_client_refused": "1103",
    "too_many_requests": "1104",
    "request_in_progress": "1105",
    "check_in_progress": "1106",
    "terminal_unknown": "1201",
    "terminal_disabled": "1202",
    "terminal_bound_elsewhere": "1203",
    "terminal_not_signed_in": "1204",
    # person
    "unknown_certificate_type": "2001",
    "invalid_certificate_number": "2002",
    "birth_date_disagrees": "2003",
    "invalid_birth_date": "2004",
    "invalid_name": "2005",
    "invalid_phone_number": "2006",
    "identity_conflict": "2007",
    "real_name_mismatch": "2008",
    "certificate_too_long": "2009",
    "invalid_input": "2010",
    "person_erased": "2011",
    "person_not_bound": "2012",
    "national_certificate_differs": "2013",
    "channel_stopped": "2014",
    "identifier_taken": "2015",
    "source_record_taken": "2016",
    # card
    "card_unknown": "3001",
    "card_not_found": "3001",
    "not_found": "3001",
    "card_frozen": "3002",
    "card_lost": "3003",
    "card_cancelled": "3004",
    "reported_card_cancelled": "3004",
    "card_number_revoked": "3005",
    "card_move_refused": "3006",
    "card_held_by_centre": "3007",
    "card_numbers_used_up": "3008",
    "stale_page": "3009",
    "temporary_card_expired": "3010",
    # code
    "code_malformed": "4001",
    "code_too_long": "4001",
    "code_forged": "4002",
    "code_foreign": "4003",
    "code_expired": "4004",
    "code_not_yet_valid": "4005",
    "code_used": "4006",
    "static_code_not_allowed": "4007",
    "static_code_switched_off": "4008",
    "city_card_not_accepted": "4009",
    "temporary_card_not_accepted": "4010",
    "temporary_code_only": "4011",
    # code of another centre
    "national_no_answer": "5001",
    "national_unavailable": "5001",
    "cross_domain_busy": "5001",
    "issuer_no_answer": "5001",
    "issuer_unavailable": "5001",
    "national_refused": "5002",
    "foreign_answer_untrusted": "5002",
    "route_loop": "5002",
    "route_unknown": "5003",
    "foreign_refused": "5004",
    # not now
    "verification_busy": INTERNAL,
    "gateway_unavailable": INTERNAL,
    "internal_error_national": INTERNAL,
}

_AS_FORM = _("请以 UTF-8 的 application/x-www-form-urlencoded 发送，每个字段一次")
_CHECK_DIGEST = _("请检查 app_id、系统密钥和待摘要文本的字段顺序")
_NEW_SERIAL = _("请为每个请求生成新的流水号")
_SAME_AGAIN = _("请稍后用当前的 timestamp 重试，流水号和内容保持不变")
_NEW_TIME = _("请换用当前的 timestamp，重新计算摘要后发送")

# What to do next where the error's own sentence speaks of another interface.
_ADVICE: Mapping[str, str | Promise] = {
    "nonce_replayed": _NEW_TIME,
    "bad_signature": _CHECK_DIGEST,
    "request_in_progress": _SAME_AGAIN,
    "check_in_progress": _SAME_AGAIN,
    "check_request_reused": _NEW_SERIAL,
    "verification_busy": _NEW_TIME,
    "stale_page": _SAME_AGAIN,
    "terminal_not_signed_in": _("本接口无法携带终端登录令牌，请改用未启用激活码的终端编号"),
    "unsupported_content_type": _AS_FORM,
}


class NationalError(DomainError):
    """Base of the errors of the envelope."""

    code = "national_sdk_refused"
    status = 200
    message = _("请求没有被接受")
    next_step: ClassVar[str | Promise] = _("请对照接口文档检查请求")


class BadForm(NationalError):
    """The body is no form of the dialect."""

    code = "national_bad_form"
    message = _("请求内容不是合格的表单：%(reason)s")
    next_step = _AS_FORM


class MissingParameter(NationalError):
    """A parameter that the method needs is missing or empty."""

    code = "national_missing_parameter"
    message = _("缺少参数 %(name)s")
    next_step = _("请补上该参数后重新计算摘要并发送")


class BadParameter(NationalError):
    """A parameter has the wrong shape or an unknown value."""

    code = "national_bad_parameter"
    message = _("参数 %(name)s 的值不正确")
    next_step = _("请对照接口文档修改后重新计算摘要并发送")


class BadEncryption(NationalError):
    """The content is no SM4 text of this dialect."""

    code = "national_bad_encryption"
    message = _("biz_content 无法按 SM4 解密")
    next_step = _("请用 SM4-ECB 加密、末尾补零到 16 字节的倍数，并写成十六进制")


class BadDigest(NationalError):
    """The digest does not verify, or there is no such application: one answer for both."""

    code = "national_bad_digest"
    message = _("摘要校验失败")
    next_step = _CHECK_DIGEST


class ClockSkew(NationalError):
    """The timestamp is too far from the server's clock."""

    code = "national_clock_skew"
    message = _("时间戳与服务器时间相差超过 5 分钟，服务器时间为 %(server_time)s")
    next_step = _("请校准本机时钟后重新计算摘要并发送")


class SerialUsed(NationalError):
    """The serial number belongs to another request."""

    code = "national_serial_used"
    message = _("流水号 %(name)s 已用于另一个请求")
    next_step = _NEW_SERIAL


class MethodRefused(NationalError):
    """Only POST is spoken."""

    code = "national_method"
    message = _("只支持 POST 请求")
    next_step = _("请改用 POST 发送")


class MethodUnknown(NationalError):
    """There is no such method here."""

    code = "national_method_unknown"
    message = _("没有这个接口")
    next_step = _("请对照接口文档检查地址")


class CertificateDiffers(NationalError):
    """The certificate is not that of the card's holder."""

    code = "national_certificate_differs"
    message = _("证件与这张健康卡的持卡人不符")
    next_step = _("请核对证件类型、证件号码和健康卡")


class InternalFault(NationalError):
    """A defect of ours, or a part of ours that is away for a moment."""

    code = "internal_error_national"
    # Says "not now": the answer is not kept, so that the same request may be sent again.
    status = 503
    message = _("系统繁忙")
    next_step = _SAME_AGAIN


def return_code_of(error: DomainError) -> str:
    """The ``return_code`` of an error."""
    return RETURN_CODES.get(error.code, REFUSED)


def sentence_of(error: DomainError) -> str:
    """The ``return_msg`` of an error: what happened, what to do, and our code."""
    advice = str(_ADVICE[error.code]) if error.code in _ADVICE else error.advice()
    return f"{error.text()}。{advice}（{error.code}）"
