"""What an institution's system can do wrong at the door, and what it should do about it."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class GatewayError(DomainError):
    """Base of the errors of the door; may carry more members for the problem document."""

    code = "gateway_refused"
    status = 400
    message = _("请求没有被接受")
    next_step = _("请对照接入文档检查请求")

    @property
    def members(self) -> Mapping[str, object]:
        """Further members of the problem document."""
        return {}


class MissingSignature(GatewayError):
    """The call carries no signature at all."""

    code = "missing_signature"
    status = 401
    message = _("请求没有签名")
    next_step = _("请按接入文档的“签名”一节带上 EHC-Client 等请求头")


class BadSignatureHeader(GatewayError):
    """A header of the signature is missing or has the wrong shape; ``field`` names it."""

    code = "bad_signature_header"
    status = 401
    message = _("签名请求头缺失或格式不对")
    next_step = _("请检查 field 指出的请求头")


class ClockSkew(GatewayError):
    """The timestamp is too far from the server's clock."""

    code = "clock_skew"
    status = 401
    message = _("请求时间与服务器时间相差超过 5 分钟")
    next_step = _("请校准本机时钟后重新签名发送；server_time 是服务器的当前时间")

    def __init__(self, *, server_time: int, field: str = "EHC-Timestamp") -> None:
        super().__init__(field=field)
        self.server_time = server_time

    @property
    def members(self) -> Mapping[str, object]:
        """The server's time in Unix seconds, so that the caller can measure its error."""
        return {"server_time": self.server_time}


class BadSignature(GatewayError):
    """The signature does not verify, or there is no such client or key: one answer for all."""

    code = "bad_signature"
    status = 401
    message = _("签名核对不通过")
    next_step = _("请检查应用编号、密钥编号、密钥和待签名文本；密钥可能已作废或到期")


class NonceReplayed(GatewayError):
    """The same request was received before."""

    code = "nonce_replayed"
    status = 409
    message = _("这个请求已经收到过")
    next_step = _("重试时请换一个新的 EHC-Nonce 并重新签名，Idempotency-Key 保持不变")


class ClientSuspended(GatewayError):
    """The client, or its whole institution, is suspended."""

    code = "client_suspended"
    status = 403
    message = _("该接入应用或所属机构已停用")
    next_step = _("请联系卡管中心")


class SandboxClientRefused(GatewayError):
    """The client is for trying things out, and this installation has real people in it."""

    code = "sandbox_client_refused"
    status = 403
    message = _("联调用的接入应用只能用于演示环境")
    next_step = _("请联系卡管中心")


class ScopeMissing(GatewayError):
    """The client was not granted what the call needs."""

    code = "scope_missing"
    status = 403
    message = _("该接入应用没有 %(scope)s 权限")
    next_step = _("请向卡管中心申请开通")

    def __init__(self, *, scope: str) -> None:
        super().__init__(scope=scope)
        self.scope = scope

    @property
    def members(self) -> Mapping[str, object]:
        """The scope that is needed."""
        return {"scope": self.scope}


class AuthenticationRequired(GatewayError):
    """Neither a signed-in person nor a signed call."""

    code = "authentication_required"
    status = 401
    message = _("请先登录")
    next_step = _("请登录后重试")


class GatewayUnavailable(GatewayError):
    """The store of nonces cannot be asked; accepting the call could accept it twice."""

    code = "gateway_unavailable"
    status = 503
    message = _("服务暂时不可用")
    next_step = _("请稍后重试")
    retry_after = 2


class BodyTooLarge(GatewayError):
    """The body is larger than this call allows."""

    code = "body_too_large"
    status = 413
    message = _("请求内容超过 %(limit)s 字节的上限")
    next_step = _("请减小请求内容，或分多次发送")


class LengthRequired(GatewayError):
    """The body comes without a length."""

    code = "length_required"
    status = 411
    message = _("请求没有 Content-Length")
    next_step = _("请不要使用分块传输，带上 Content-Length 后重新发送")


class NotJson(GatewayError):
    """The body is no JSON object that we accept."""

    code = "not_json"
    status = 400
    message = _("请求内容不是合格的 JSON 对象：%(reason)s")
    next_step = _("请以 UTF-8 编码发送一个 JSON 对象")


class UnsupportedContentType(GatewayError):
    """The body is of a type that the call does not take."""

    code = "unsupported_content_type"
    status = 415
    message = _("不支持的内容类型")
    next_step = _("请使用 Content-Type: application/json")


class MethodRefused(GatewayError):
    """The path exists and has no such method."""

    code = "method_not_allowed"
    status = 405
    message = _("这个地址不支持该请求方法")
    next_step = _("请对照接口文档使用正确的方法")


class NotAcceptable(GatewayError):
    """The caller takes no form that we have."""

    code = "not_acceptable"
    status = 406
    message = _("无法按要求的格式返回")
    next_step = _("请使用 Accept: application/json")


class InternalError(GatewayError):
    """A defect of ours."""

    code = "internal_error"
    status = 500
    message = _("服务器内部错误")
    next_step = _("请稍后重试；仍不成功，请提供 trace_id 联系技术支持")


class MissingIdempotencyKey(GatewayError):
    """A call that changes something carries no usable ``Idempotency-Key``."""

    code = "missing_idempotency_key"
    status = 400
    message = _("缺少 Idempotency-Key 请求头，或格式不对")
    next_step = _("请为每次操作生成一个 16 至 64 位的随机标识（字母、数字、下划线、连字符），重试时保持不变")


class RequestInProgress(GatewayError):
    """The same request is being worked on at this moment."""

    code = "request_in_progress"
    status = 409
    message = _("相同的请求正在处理")
    next_step = _("请稍后用同一个 Idempotency-Key 重试，以取得处理结果")

    def __init__(self, *, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class IdempotencyKeyReused(GatewayError):
    """The key was used before for another request."""

    code = "idempotency_key_reused"
    status = 422
    message = _("这个 Idempotency-Key 已用于另一个不同的请求")
    next_step = _("新的操作请使用新的 Idempotency-Key")


class UnknownScopes(GatewayError):
    """A scope is asked for that does not exist."""

    code = "unknown_scopes"
    status = 400
    message = _("没有这样的权限：%(scopes)s")
    next_step = _("请从权限表中选择")


class ClientNameTaken(GatewayError):
    """The institution has a client of this name already."""

    code = "client_name_taken"
    status = 409
    message = _("该机构已有同名的接入应用")
    next_step = _("请换一个名称")


class BadPublicKey(GatewayError):
    """The text is no SM2 public key."""

    code = "bad_public_key"
    status = 400
    message = _("这不是有效的 SM2 公钥")
    next_step = _("请粘贴 PEM 格式的公钥，或 128 位十六进制的 x、y 坐标")


class KeyAlreadyRetired(GatewayError):
    """The key was retired before."""

    code = "key_already_retired"
    status = 409
    message = _("这个密钥已经作废")
    next_step = _("无需再次操作")


class ClientStateConflict(GatewayError):
    """The client is already in the state that was asked for."""

    code = "client_state_conflict"
    status = 409
    message = _("该接入应用的状态已经变化")
    next_step = _("请刷新后再操作")


class AddressNotAllowed(GatewayError):
    """An address is not on a host that the client has registered."""

    code = "address_not_allowed"
    status = 422
    message = _("地址不在接入应用登记的域名内，或不是 https")
    next_step = _("请由机构管理员在接入应用里登记域名，或改用已登记的地址")


class HostTaken(GatewayError):
    """A host is registered by an application of another institution."""

    code = "host_taken"
    status = 409
    message = _("域名 %(host)s 已由另一个机构的接入应用登记")
    next_step = _("一个域名只属于一个机构；几家机构共用一个系统的，请为每家用一个子域名")


class BadHosts(GatewayError):
    """A text is no host name, or there are too many."""

    code = "bad_hosts"
    status = 400
    message = _("域名格式不正确")
    next_step = _("每行写一个小写域名，例如 his.example.com，不带 https:// 和路径，最多 20 个")


class UnknownEventType(GatewayError):
    """Nobody here hears events of this type."""

    code = "unknown_event_type"
    status = 422
    message = _("没有这种事件")
    next_step = _("请对照事件目录填写 type；types 列出了可以推送的全部类型")

    def __init__(self, *, types: list[str]) -> None:
        super().__init__(field="type")
        self.types = types

    @property
    def members(self) -> Mapping[str, object]:
        """Every type that may be sent."""
        return {"types": self.types}


class BadEvent(GatewayError):
    """A field of an event is missing or not as its schema says; ``field`` names the first."""

    code = "bad_event"
    status = 422
    message = _("事件内容不符合该类型的格式")
    next_step = _("请按 errors 逐项修改后重新推送；格式见事件目录")

    def __init__(self, *, errors: list[dict[str, str]]) -> None:
        super().__init__(field=errors[0]["field"])
        self.errors = errors

    @property
    def members(self) -> Mapping[str, object]:
        """``field``, ``code`` and ``message`` of each field that is wrong."""
        return {"errors": self.errors}


class EventIdReused(GatewayError):
    """An event with this number was received before, and said something else."""

    code = "event_id_reused"
    status = 422
    message = _("这个 event_id 已用于另一个内容不同的事件")
    next_step = _("每个事件用一个新的 event_id；只有重发同一个事件时才保持不变")
