"""``/gateway.do``: one address for all calls, told apart by ``method``; both sides sign."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import faults, store
from sandbox.alipay import apps, calls, cashier
from sandbox.alipay.answers import AlipayRefusal
from sandbox.alipay.apps import App
from sandbox.outside import outside

PATH = "/gateway.do"
PAGES = "alipay.trade.wap.pay"
_CALLS = {
    "alipay.trade.create": calls.create,
    "alipay.trade.precreate": calls.precreate,
    "alipay.trade.pay": calls.pay,
    "alipay.trade.query": calls.query,
    "alipay.trade.close": calls.close,
    "alipay.trade.cancel": calls.cancel,
    "alipay.trade.refund": calls.refund,
    "alipay.trade.fastpay.refund.query": calls.refund_query,
    "alipay.data.dataservice.bill.downloadurl.query": calls.bill_url,
}
_METHOD = re.compile(r"[a-z.]{1,80}")


async def gateway(request: Request) -> Response:
    """Answer a call, or show the cashier page that a browser was sent to."""
    parameters = await _parameters(request)
    method = parameters.get("method", "")
    try:
        app = await _known(request, parameters, method)
    except AlipayRefusal as refusal:
        # Who asked is not known, so there is nobody to sign for.
        return _written(method, refusal.told, {})
    try:
        content = _content(parameters)
        if method == PAGES:
            return await cashier.send(request, app, content, parameters)
        answer = await _CALLS[method](request, app, content, parameters)
        body = {"code": "10000", "msg": "Success", **answer}
    except AlipayRefusal as refusal:
        body = refusal.told
    if await _is_on(request, "lost"):
        return await faults.hang()
    return await _signed(request, app, method, body)


async def _parameters(request: Request) -> dict[str, str]:
    body = (await request.body()).decode("utf-8", "replace")
    return dict(parse_qsl(request.url.query, keep_blank_values=True)) | dict(
        parse_qsl(body, keep_blank_values=True)
    )


async def _known(request: Request, parameters: Mapping[str, str], method: str) -> App:
    app = await apps.find(store.of(request), parameters.get("app_id", ""))
    if app is None:
        raise AlipayRefusal("isv.invalid-app-id", "无效的AppID参数", "40002")
    if method != PAGES and method not in _CALLS:
        raise AlipayRefusal("isv.invalid-method", "不存在的方法名", "40002")
    numbers = app.numbers
    if numbers and (
        parameters.get("app_cert_sn") != numbers["app"]
        or parameters.get("alipay_root_cert_sn") != numbers["root"]
    ):
        raise AlipayRefusal("isv.app-cert-not-found", "应用公钥证书不存在", "40002")
    if parameters.get("sign_type") != "RSA2" or not apps.is_signed(app, parameters):
        raise AlipayRefusal("isv.invalid-signature", "无效签名", "40002")
    try:
        datetime.strptime(parameters.get("timestamp", ""), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    except ValueError as exc:
        raise AlipayRefusal("isv.invalid-timestamp", "非法的时间戳参数", "40002") from exc
    return app


def _content(parameters: Mapping[str, str]) -> dict[str, Any]:
    try:
        content = json.loads(parameters.get("biz_content", ""))
    except ValueError as exc:
        raise AlipayRefusal("isv.invalid-json", "biz_content不是JSON", "40002") from exc
    if not isinstance(content, dict):
        raise AlipayRefusal("isv.invalid-json", "biz_content不是JSON对象", "40002")
    return content


async def _signed(request: Request, app: App, method: str, body: Mapping[str, Any]) -> Response:
    by = apps.STRANGER if await _is_on(request, "badsign") else apps.SIGNER
    sign = await apps.signature(store.of(request), _json(body), by=by)
    more = {"alipay_cert_sn": app.numbers["alipay"]} if app.certificates else {}
    return _written(method, body, more | {"sign": sign})


def _written(method: str, body: Mapping[str, Any], more: Mapping[str, str]) -> Response:
    known = _METHOD.fullmatch(method) is not None
    name = f"{method.replace('.', '_')}_response" if known else "error_response"
    parts = [f'"{name}":{_json(body)}', *(f"{_json(each)}:{_json(value)}" for each, value in more.items())]
    return PlainTextResponse("{" + ",".join(parts) + "}", media_type="text/html;charset=utf-8")


def _json(value: Any) -> str:
    # Alipay writes slashes with a backslash: who parses and writes again signs something else.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


async def _is_on(request: Request, kind: str) -> bool:
    state = store.of(request)
    for fault, _ in await faults.active(state, "alipay"):
        if fault.kind == kind:
            return await faults.meets(state, fault)
    return False


routes: list[BaseRoute] = [Route(PATH, outside("alipay", gateway), methods=["GET", "POST"])]
