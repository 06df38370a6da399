"""What a payer sees: the page behind a code, a link or a trade, on which the money is given."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import store
from sandbox.alipay import apps, calls, trades
from sandbox.alipay.apps import App
from sandbox.alipay.trades import WAITING, Trade, moment, yuan
from sandbox.console.calls import form_of
from sandbox.html import Html, page, render
from sandbox.notices import Way

BUYERS = {"2088000000000001": "林知秋", "2088000000000002": "周予安"}


async def send(
    request: Request, app: App, content: Mapping[str, Any], parameters: Mapping[str, str]
) -> Response:
    """Send a browser that came with a signed link on to the page of its trade."""
    trade = await calls.begin(store.of(request), app, content, parameters)
    return RedirectResponse(f"/alipay/cashier/{trade.token}", 303)


async def scanned(request: Request) -> Response:
    """Where a code leads: the same page."""
    return RedirectResponse(f"/alipay/cashier/{request.path_params['token']}", 303)


async def cashier(request: Request) -> Response:
    """GET the page, with which the trade begins; POST pays it."""
    state = store.of(request)
    trade = await trades.by_token(state, request.path_params["token"])
    if trade is None:
        return page("支付宝收银台", render("<p class='bad'>没有这笔交易。</p>"), status=404)
    async with trades.held(state, trade.app_id, trade.out_trade_no) as held:
        trade = await trades.keep(state, trades.aged(trades.opened(held or trade)))
    if request.method == "POST" and trade.status == WAITING:
        form = await form_of(request)
        trade = await calls.settle(request, trade, buyer=form.get("buyer", ""), way=Way())
    return page("支付宝收银台", await _shown(request, trade))


async def _shown(request: Request, trade: Trade) -> Html:
    head = render(
        "<p>{subject}</p><p><strong class='code'>¥ {amount}</strong></p>"
        "<p class='quiet'>商户订单号 {number}</p>",
        subject=trade.subject,
        amount=yuan(trade.total),
        number=trade.out_trade_no,
    )
    if trade.is_paid:
        return Html(head + render("<p>已支付。</p>") + await _way_back(request, trade))
    if trade.status != WAITING:
        return Html(head + render("<p class='bad'>这笔交易已经关闭，没有付款。</p>"))
    options = Html(
        "".join(
            render("<option value='{id}'>{name}</option>", id=buyer, name=name)
            for buyer, name in BUYERS.items()
        )
    )
    return Html(
        head
        + render(
            "<p class='quiet'>请在 {ends} 前支付</p><form class='switch' method='post'>"
            "<label>付款人（虚构）<select name='buyer'>{options}</select></label>"
            "<button class='button main'>确认付款</button></form>",
            ends=moment(trade.expires),
            options=options,
        )
    )


async def _way_back(request: Request, trade: Trade) -> Html:
    """The link back to the merchant, with the signed result that the merchant should not rely on."""
    if not trade.return_url:
        return Html("")
    told = {
        "app_id": trade.app_id,
        "method": "alipay.trade.wap.pay.return",
        "out_trade_no": trade.out_trade_no,
        "trade_no": trade.trade_no,
        "total_amount": yuan(trade.total),
        "charset": "utf-8",
    }
    sign = await apps.signature(store.of(request), apps.joined(told))
    form = "&".join(f"{name}={value}" for name, value in told.items())
    joint = "&" if "?" in trade.return_url else "?"
    return render(
        "<p><a class='button main' href='{address}'>返回商家</a></p>",
        address=f"{trade.return_url}{joint}{form}&sign_type=RSA2&sign={sign.replace('+', '%2B')}",
    )


routes: list[BaseRoute] = [
    Route("/alipay/qr/{token}", scanned, methods=["GET"]),
    Route("/alipay/cashier/{token}", cashier, methods=["GET", "POST"]),
]
