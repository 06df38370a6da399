"""What surrounds every call of a merchant: who asks, and that WeChat Pay answers."""

import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import faults, store
from sandbox.answers import Refusal, RestRefusal, json_object
from sandbox.outside import Handler, outside
from sandbox.weixinpay import behaviour, keys, suites
from sandbox.weixinpay.keys import CERTIFICATE, OLD_CERTIFICATE, PUBLIC_KEY, RSA

SYSTEM = "weixinpay"
SKEW_SECONDS = 300
_FIELD = re.compile(r'([a-z_]+)="([^"]*)"')
_SIGNED_FIELDS = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}

# What a handler answers: an object, or nothing for 204.
Content = Mapping[str, Any] | None


@dataclass(frozen=True)
class Caller:
    """The merchant that asks, and by which algorithms it signs."""

    mchid: str
    suite: str


PayHandler = Callable[[Request, Caller], Awaitable[Content]]


class PayRefusal(Refusal):
    """A refusal in WeChat Pay's form; the number stands at the end of ``Request-Id``."""

    def __init__(self, status: int, word: str, message: str, number: str = "268435461") -> None:
        super().__init__(word)
        self.status = status
        self.number = number
        self.body = {"code": word, "message": message}
        self.answer: Response | None = None

    def response(self) -> Response:
        """The refusal, signed where it is known for whom."""
        return self.answer or _plain(self.status, _text(self.body), self.number)


def signed(handler: PayHandler) -> Handler:
    """Make a handler one of WeChat Pay's calls: it hears only merchants, and its answers are signed."""

    async def call(request: Request) -> Response:
        caller: Caller | None = None
        try:
            caller = await authenticate(request)
            await _refused_on_order(request)
            content = await handler(request, caller)
        except RestRefusal as refusal:
            wrong = PayRefusal(400, "PARAM_ERROR", str(refusal.body["message"]))
            wrong.answer = await _signed(request, caller, 400, _text(wrong.body), wrong.number)
            raise wrong from refusal
        except PayRefusal as refusal:
            refusal.answer = await _signed(
                request, caller, refusal.status, _text(refusal.body), refusal.number
            )
            raise
        if request.method == "POST" and await _is_on(request, "lost"):
            return Response("<html>502 Bad Gateway</html>", 502, media_type="text/html")
        return await _signed(request, caller, 204 if content is None else 200, _text(content), "0")

    return outside(SYSTEM, call)


async def authenticate(request: Request) -> Caller:
    """The merchant whose signature the request has.

    Raises:
        PayRefusal: It has none, or a wrong one.
    """
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    fields = dict(_FIELD.findall(rest))
    suite = next((name for name, known in suites.SCHEMES.items() if known == scheme), "")
    if not suite or fields.keys() != _SIGNED_FIELDS or not behaviour.NUMBER.fullmatch(fields["mchid"]):
        raise _wrong_signature("Http头Authorization值格式错误")
    name = keys.merchant_key(fields["mchid"])
    if fields["serial_no"].upper() != keys.serial(suite, name):
        raise _wrong_signature("商户证书序列号有误")
    stamp = fields["timestamp"]
    if not stamp.isdecimal() or abs(time.time() - int(stamp[:12])) > SKEW_SECONDS:
        raise _wrong_signature("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    path = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    query = request.scope["query_string"].decode("ascii", "replace")
    text = "\n".join((request.method, f"{path}?{query}" if query else path, stamp, fields["nonce_str"], ""))
    given = text.encode() + await request.body() + b"\n"
    if not suites.verifies(suite, name, given, fields["signature"]):
        raise _wrong_signature("错误的签名，验签失败")
    return Caller(fields["mchid"], suite)


async def body_of(request: Request) -> dict[str, Any]:
    """The body as a JSON object."""
    return await json_object(request)


def text_of(body: Mapping[str, Any], name: str, *, least: int = 1, most: int = 64) -> str:
    """A field that must be a text of some length."""
    value = body.get(name)
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise PayRefusal(400, "PARAM_ERROR", f"参数{name}长度或类型不符合要求")
    return value


def fen_of(body: Mapping[str, Any], name: str, *, least: int = 1) -> int:
    """A field that must be a whole number."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise PayRefusal(400, "PARAM_ERROR", f"参数{name}须为整数，单位为分")
    return value


def amount_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The amount of a request, in CNY."""
    amount = body.get("amount")
    if not isinstance(amount, dict) or amount.get("currency", "CNY") != "CNY":
        raise PayRefusal(400, "PARAM_ERROR", "参数amount不符合要求")
    return amount


def headers(suite: str, signer: str, body: bytes, *, skew: int = 0, prefix: str = "") -> dict[str, str]:
    """The headers by which WeChat Pay signs an answer or a notice with one of its keys."""
    stamp, nonce = str(int(time.time()) + skew), secrets.token_hex(16)
    text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    shown = CERTIFICATE if signer == suites.STRANGER else signer
    return {
        "Wechatpay-Serial": keys.public_key_id() if shown == PUBLIC_KEY else keys.serial(suite, shown),
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": prefix + suites.sign(suite, signer, text),
        "Wechatpay-Signature-Type": suites.SCHEMES[suite],
    }


def signer_named(suite: str, serial: str) -> str:
    """The key of WeChat Pay that a caller names; empty if it names none."""
    if serial == keys.public_key_id():
        return PUBLIC_KEY
    known = {keys.serial(suite, name): name for name in (OLD_CERTIFICATE, CERTIFICATE)}
    return known.get(serial.upper(), "")


async def _signed(request: Request, caller: Caller | None, status: int, body: bytes, number: str) -> Response:
    """An answer under the key that the caller named, which is how one changes from one to the other."""
    suite = caller.suite if caller is not None else RSA
    signer = signer_named(suite, request.headers.get("wechatpay-serial", "")) or CERTIFICATE
    if await _is_on(request, "badsign"):
        signer = suites.STRANGER
    answer = _plain(status, body, number)
    answer.headers.update(headers(suite, signer, body))
    return answer


def _plain(status: int, body: bytes, number: str) -> Response:
    media = "application/json; charset=utf-8" if body else None
    answer = Response(body, status, media_type=media)
    answer.headers["Request-Id"] = f"{secrets.token_hex(20).upper()}-{number}"
    return answer


async def _refused_on_order(request: Request) -> None:
    for fault, _ in await faults.active(store.of(request), SYSTEM):
        if fault.kind == "code" and request.url.path.startswith(fault.path):
            raise PayRefusal(STATUS.get(fault.code, 400), fault.code, "沙箱中打开了这个错误", "0")


async def _is_on(request: Request, kind: str) -> bool:
    state = store.of(request)
    for fault, _ in await faults.active(state, SYSTEM):
        if fault.kind == kind and request.url.path.startswith(fault.path):
            return await faults.meets(state, fault)
    return False


def _wrong_signature(message: str) -> PayRefusal:
    return PayRefusal(401, "SIGN_ERROR", message, "268443699")


def _text(content: Content) -> bytes:
    return b"" if content is None else json.dumps(content, ensure_ascii=False).encode()


STATUS = {
    "SYSTEM_ERROR": 500,
    "BANK_ERROR": 500,
    "FREQUENCY_LIMITED": 429,
    "NO_AUTH": 403,
    "RULE_LIMIT": 403,
    "NOT_ENOUGH": 403,
    "SIGN_ERROR": 401,
}
