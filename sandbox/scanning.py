"""A phone's camera: what was read is opened where the code's own app would open it."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.html import Html, page, render

ADDRESS = "/scan"
WEIXIN = "weixin://"


async def scan(request: Request) -> Response:
    """Open the `text` of a code of WeChat Pay, Alipay or UnionPay; without one, ask for it."""
    text, own = request.query_params.get("text", "").strip(), str(request.base_url)
    if text.startswith(WEIXIN):
        return RedirectResponse(f"/weixinpay/scan?{urlencode({'text': text})}", 303)
    if text.startswith(own):
        return RedirectResponse(f"/{text.removeprefix(own)}", 303)
    wrong = Html("<p class='bad' role='alert'>没有应用认识这个二维码。</p>") if text else Html("")
    form = render(
        "{wrong}<form class='switch' method='get' action='{address}'><label>二维码里的文字"
        "<input name='text' autocomplete='off'></label><button class='button main'>扫一扫</button></form>",
        wrong=wrong,
        address=ADDRESS,
    )
    return page("扫一扫", form, here=ADDRESS)


routes: list[BaseRoute] = [Route(ADDRESS, scan, methods=["GET"])]
