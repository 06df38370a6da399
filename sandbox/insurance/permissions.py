"""That a person allowed a payment: a number of minutes' life, given on a page."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import identity_numbers, store
from sandbox.html import page, render
from sandbox.insurance.fields import PERMISSION, CentreRefusal
from sandbox.outside import outside

SECONDS, LONGEST = 300, 3_600
PAGE = "/insurance/permission"
TITLE = "医保移动支付授权"


async def mint(state: store.Store, id_number: str, *, seconds: int = SECONDS, kind: str = "payAuthNo") -> str:
    """A number of an authorisation, or a token of the electronic certificate (``ecToken``)."""
    number = f"{'AUTH' if kind == 'payAuthNo' else 'EC'}{secrets.token_hex(14).upper()}"
    await state.put(f"insurance:permission:{number}", {"id_number": id_number, "kind": kind}, seconds)
    return number


def given(data: Mapping[str, Any]) -> str:
    """The permission that a message carries."""
    return str(data.get("ecToken") or data.get("payAuthNo") or "")


async def check(state: store.Store, data: Mapping[str, Any], id_number: str) -> None:
    """Refuse unless the message carries a living permission of the person."""
    name = "ecToken" if data.get("ecToken") else "payAuthNo"
    kept = await state.get(f"insurance:permission:{data.get(name, '')}")
    if kept != {"id_number": id_number, "kind": name}:
        raise CentreRefusal(PERMISSION, f"{name} is not valid")


async def holder(state: store.Store, token: str) -> str:
    """Whose electronic certificate a token was decoded from."""
    kept = await state.get(f"insurance:permission:{token}")
    if kept is None or kept["kind"] != "ecToken":
        raise CentreRefusal(PERMISSION, "the certificate is not valid")
    return str(kept["id_number"])


async def used(state: store.Store, data: Mapping[str, Any]) -> None:
    """A permission is for one payment."""
    await state.drop(f"insurance:permission:{data.get('ecToken') or data.get('payAuthNo', '')}")


async def show(request: Request) -> Response:
    """Ask the demo resident; links lead back, so that any policy lets them pass."""
    back, given = request.query_params.get("return_url", ""), request.query_params.get("state", "")
    if urlsplit(back).hostname not in request.app.state.config.redirect_hosts:
        return page(TITLE, render("<p class='bad'>return_url 不在允许的地址内。</p>"), status=400)
    if request.method == "POST":
        return await _allowed(request, back, given)
    said = render(
        "<p>沙箱没有医保账户，输入虚构的身份证号即可。授权 5 分钟内有效，只能付一笔。</p>"
        "<form class='switch' method='post'>"
        "<label>身份证号<input name='id_number' autocomplete='off'></label>"
        "<button class='button main'>同意授权</button></form>"
        "<p><a class='button plain' href='{refuse}'>不同意，返回</a></p>",
        refuse=_back(back, state=given),
    )
    return page(TITLE, said)


async def _allowed(request: Request, back: str, given: str) -> Response:
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    id_number = form.get("id_number", "").strip().upper()
    if not identity_numbers.is_valid(id_number):
        wrong = "<p class='bad' role='alert'>这不是有效的身份证号。<a href=''>重新输入</a></p>"
        return page(TITLE, render(wrong), status=400)
    number = await mint(store.of(request), id_number)
    said = render(
        "<p>已授权。</p><p><a class='button main' href='{back}'>返回就诊平台继续支付</a></p>",
        back=_back(back, state=given, payAuthNo=number),
    )
    return page(TITLE, said)


def _back(address: str, **fields: str) -> str:
    joint = "&" if urlsplit(address).query else "?"
    return f"{address}{joint}{urlencode(fields)}"


routes = [Route(PAGE, outside("insurance", show), methods=["GET", "POST"])]
