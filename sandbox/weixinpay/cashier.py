"""What the payer sees: WeChat Pay's cashier, inside WeChat, in another browser, or after scanning a code.

A page that cannot call WeChat sends its browser here with the same fields, and ``back``.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import store
from sandbox.html import Html, page, render
from sandbox.weixinpay import keys, mixed, orders, suites
from sandbox.weixinpay.bill_files import yuan
from sandbox.weixinpay.orders import NotPayable, Order

CASHIER = "/weixinpay/cashier"
_PACKAGE = "prepay_id="


async def inside(request: Request) -> Response:
    """Called by a page or a mini-program: the signature for the payer's device is checked."""
    asked = request.query_params
    token = asked.get("package", "").removeprefix(_PACKAGE)
    order = await orders.by_token(store.of(request), token) if token else None
    wrong = _wrong_launch(asked, order)
    if wrong:
        return _refused(wrong)
    if "mixTradeNo" in asked:
        return await _mixed_page(request, asked["mixTradeNo"], order)
    return _cashier(request, order) if order is not None else _refused("缺少参数 total_fee")


def _wrong_launch(asked: Mapping[str, str], order: Order | None) -> str:
    """Why WeChat does not open; a mixed order without a part of one's own has nothing to sign."""
    if "mixTradeNo" in asked and "package" not in asked:
        return ""
    if order is None:
        return "支付会话已失效，请重新下单"
    fields = [asked.get(name, "") for name in ("appId", "timeStamp", "nonceStr", "package")]
    text = "".join(f"{field}\n" for field in fields).encode()
    if asked.get("appId") != order["appid"] or not suites.verifies(
        order["suite"], keys.merchant_key(order["mchid"]), text, asked.get("paySign", "")
    ):
        return "支付验证签名失败"
    return ""


async def redirected(request: Request) -> Response:
    """Opened in a browser by an ``h5_url``."""
    order = await orders.by_token(store.of(request), request.query_params.get("prepay_id", ""))
    if order is None or order["kind"] != "h5":
        return _refused("支付会话已失效，请返回商家重新发起")
    return _cashier(request, order)


async def scanned(request: Request) -> Response:
    """Opened by scanning a code; without one, the page asks for it."""
    text = request.query_params.get("text", "")
    token = "".join(parse_qs(urlsplit(text).query).get("pr", []))
    order = await orders.by_token(store.of(request), token) if token else None
    if order is not None and order["kind"] == "native":
        return _cashier(request, order)
    wrong = Html("<p class='bad' role='alert'>二维码已失效</p>") if text else Html("")
    form = render(
        "{wrong}<form class='switch' method='get' action='/weixinpay/scan'><label>二维码里的文字"
        "<input name='text' autocomplete='off'></label><button class='button main'>扫一扫</button></form>",
        wrong=wrong,
    )
    return page("微信扫一扫", form)


async def press(request: Request) -> Response:
    """A button of the cashier."""
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    state, pressed = store.of(request), form.get("press", "")
    back = _back_link(request, form.get("back", ""))
    if pressed == "cancel":
        return page("已取消支付", render("<p>没有扣款。</p>{back}", back=back))
    try:
        if form.get("mixed"):
            await mixed.confirm(
                request,
                form["mixed"],
                insurance_fails=pressed in {"own_only", "none"},
                own_fails=pressed in {"insurance_only", "none"},
            )
        else:
            order = await orders.by_token(state, form.get("token", ""))
            if order is None:
                raise NotPayable("支付会话已失效，请重新下单")
            await orders.pay(request, order["mchid"], order["number"], openid=order["openid"])
    except NotPayable as exc:
        return _refused(str(exc), back)
    said = "支付成功" if pressed == "pay" else "已处理"
    return page(said, render("<p>沙箱里的微信支付已经处理。</p>{back}", back=back))


def _cashier(request: Request, order: Order) -> Response:
    back = request.query_params.get("back") or request.query_params.get("redirect_url", "")
    return page(
        "微信支付",
        render(
            "<p>{title}</p><p><strong>¥{amount}</strong></p>"
            "<p class='quiet'>商户号 {mchid}，订单 {number}</p>"
            "<form method='post' action='{address}'><input type='hidden' name='token' value='{token}'>"
            "<input type='hidden' name='back' value='{back}'>"
            "<button class='button main' name='press' value='pay'>确认支付</button> "
            "<button class='button plain' name='press' value='cancel'>取消</button></form>",
            title=order["title"],
            amount=yuan(order["total"]),
            mchid=order["mchid"],
            number=order["number"],
            address=CASHIER,
            token=order["token"],
            back=back,
        ),
    )


async def _mixed_page(request: Request, number: str, own: Order | None) -> Response:
    found = await store.of(request).field("weixinpay:mixed", number)
    if found is None:
        return _refused("混合订单不存在")
    told: Mapping[str, Any] = found["told"]
    if (own["token"] if own is not None else None) != told.get("prepay_id"):
        return _refused("混合订单和自费订单不是同一笔")
    insured = sum(told.get(name, 0) for name in mixed.FEES[:3])
    return page(
        "医保与自费支付",
        render(
            "<p>{place}</p><p>合计 ¥{total}，医保 ¥{insured}，自费 <strong>¥{own}</strong></p>"
            "<form method='post' action='{address}'><input type='hidden' name='mixed' value='{number}'>"
            "<input type='hidden' name='back' value='{back}'>"
            "<p><button class='button main' name='press' value='pay'>输入密码，确认支付</button></p>"
            "<p><button class='button plain' name='press' value='insurance_only'>"
            "医保成功，自费失败</button></p>"
            "<p><button class='button plain' name='press' value='own_only'>自费成功，医保失败</button></p>"
            "<p><button class='button plain' name='press' value='none'>都失败</button></p>"
            "<p><button class='button plain' name='press' value='cancel'>取消</button></p></form>",
            place=told["med_inst_name"],
            total=yuan(told["total_fee"]),
            insured=yuan(insured),
            own=yuan(told.get("wechat_pay_cash_fee", 0)),
            address=CASHIER,
            number=number,
            back=request.query_params.get("back", ""),
        ),
    )


def _back_link(request: Request, address: str) -> Html:
    """The way back, only to hosts that the sandbox knows."""
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.scheme in {"http", "https"} else None
    except ValueError:
        host = None
    if host not in request.app.state.config.redirect_hosts:
        return Html("")
    return render("<p><a class='button main' href='{address}'>返回商家</a></p>", address=address)


def _refused(reason: str, back: Html | None = None) -> Response:
    said = render("<p class='bad' role='alert'>{reason}</p>{back}", reason=reason, back=back or Html(""))
    return page("不能支付", said, status=400)


routes = [
    Route(CASHIER, inside, methods=["GET"]),
    Route(CASHIER, press, methods=["POST"]),
    Route("/weixinpay/h5", redirected, methods=["GET"]),
    Route("/weixinpay/scan", scanned, methods=["GET"]),
]
