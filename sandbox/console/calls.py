"""What surrounds the console's calls and pages."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox.answers import Refusal, RestRefusal
from sandbox.html import page, render
from sandbox.outside import Handler


def console(handler: Handler) -> Handler:
    """Make a handler a call of the console: its refusals are answers."""

    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.response()

    return call


def explained(handler: Handler) -> Handler:
    """Make a page with a form: what it refuses is said on a page."""

    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except RestRefusal as refusal:
            said = render("<p class='bad' role='alert'>{said}</p>", said=refusal.body["message"])
            return page("没有成功", said, here=request.url.path, status=refusal.status)

    return call


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form."""
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
