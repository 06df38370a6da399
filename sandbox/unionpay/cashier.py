"""What a payer sees in the bank's app after scanning a code."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import store
from sandbox.html import Html, page, render
from sandbox.notices import Way
from sandbox.unionpay import gateway, transactions
from sandbox.unionpay.transactions import DONE

TITLE = "云闪付"


async def cashier(request: Request) -> Response:
    """GET the page of a code; POST pays it."""
    found = await transactions.by_token(store.of(request), request.path_params["token"])
    if found is None:
        return page(TITLE, render("<p class='bad'>没有这个二维码。</p>"), status=404)
    if request.method == "POST":
        found = await gateway.settle(request, found, way=Way())
    head = render(
        "<p>商户 {merchant}</p><p><strong class='code'>¥ {amount}</strong></p>"
        "<p class='quiet'>商户订单号 {number}</p>",
        merchant=found.mer_id,
        amount=f"{found.fen // 100}.{found.fen % 100:02d}",
        number=found.order_id,
    )
    if found.result == DONE:
        return page(TITLE, Html(head + render("<p>已支付。</p>")))
    if found.is_late or found.result:
        return page(TITLE, Html(head + render("<p class='bad'>二维码已失效，没有付款。</p>")))
    form = render(
        "<form class='switch' method='post'>"
        "<button class='button main'>确认付款（虚构的银行卡）</button></form>"
    )
    return page(TITLE, Html(head + form))


routes: list[BaseRoute] = [Route("/unionpay/qr/{token}", cashier, methods=["GET", "POST"])]
