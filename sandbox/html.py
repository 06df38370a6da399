"""The console's pages: plain text with every value escaped, no script, one style sheet."""

from collections.abc import Iterable, Sequence
from html import escape

from starlette.responses import HTMLResponse

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
SECTIONS = (
    ("/", "总览"),
    ("/console/sms", "短信"),
    ("/console/weixin", "微信"),
    ("/console/weixinpay", "微信支付"),
    ("/console/population", "人口库"),
    ("/console/national", "国家卡管"),
    ("/console/his", "医院系统"),
    ("/console/insurance", "医保"),
    ("/console/alipay", "支付宝"),
    ("/console/unionpay", "银联"),
    ("/scan", "扫一扫"),
    ("/console/faults", "故障"),
    ("/console/requests", "请求"),
)


class Html(str):
    """Text that is markup already and is not escaped again."""


def render(template: str, **values: object) -> Html:
    """Fill the {places} of a template, escaping everything that is not markup."""
    safe = {name: value if isinstance(value, Html) else escape(str(value)) for name, value in values.items()}
    return Html(template.format(**safe))


def join(parts: Iterable[Html]) -> Html:
    """Markup after markup."""
    return Html("".join(parts))


def table(caption: str, heads: Sequence[str], rows: Iterable[Iterable[object]], empty: str) -> Html:
    """A table, on a phone a list with the heads before the values; a sentence if it has no rows."""
    body = join(_row(heads, row) for row in rows)
    if not body:
        return render("<h2>{caption}</h2><p class='quiet'>{empty}</p>", caption=caption, empty=empty)
    return render(
        "<h2>{caption}</h2><table aria-label='{caption}'>"
        "<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>",
        caption=caption,
        heads=join(render("<th scope='col'>{head}</th>", head=head) for head in heads),
        body=body,
    )


def _row(heads: Sequence[str], row: Iterable[object]) -> Html:
    cells = (
        render("<td data-head='{head}'>{cell}</td>", head=head, cell=cell)
        for head, cell in zip(heads, row, strict=True)
    )
    return render("<tr>{cells}</tr>", cells=join(cells))


def page(title: str, body: Html, *, here: str = "", status: int = 200) -> HTMLResponse:
    """A whole page; `here` marks the section in the navigation."""
    links = join(
        render(
            "<a href='{address}'{mark}>{label}</a>",
            address=address,
            label=label,
            mark=Html(" aria-current='page'") if address == here else "",
        )
        for address, label in SECTIONS
    )
    text = render(
        "<!doctype html><html lang='zh-Hans'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<title>{title} · 外部系统沙箱</title><link rel='stylesheet' href='/console/console.css'></head>"
        "<body><header><p>外部系统沙箱 <small>演示专用，其中的人和号码都是虚构的</small></p>"
        "<nav aria-label='控制台'>{links}</nav></header>"
        "<main><h1>{title}</h1>{body}</main></body></html>",
        title=title,
        links=links,
        body=body,
    )
    return HTMLResponse(text, status, headers=HEADERS)
