"""The three places where the platform's operations live."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from interop.dialects.tencent import exchange
from interop.dialects.tencent.operations import CARD_SERVER, CLOSED, OPEN_PLATFORM, TOKEN
from interop.dialects.tencent.operations.base import Operation

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def _signed(view: View[P]) -> View[P]:
    """Mark a view as guarded by the dialect's own signature, which every operation checks."""

    @csrf_exempt
    @wraps(view)
    def marked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs)

    marked.guarded_by = "signature"  # type: ignore[attr-defined]
    return marked


@_signed
def token(request: HttpRequest) -> HttpResponse:
    """Access tokens."""
    return exchange.respond(request, TOKEN)


@_signed
def open_platform(request: HttpRequest, operation: str) -> HttpResponse:
    """Most operations."""
    return _dispatch(request, OPEN_PLATFORM, operation)


@_signed
def card_server(request: HttpRequest, operation: str) -> HttpResponse:
    """The operations that the platform has kept under its older name."""
    return _dispatch(request, CARD_SERVER, operation)


@_signed
def unknown(request: HttpRequest) -> HttpResponse:
    """Any other address below the platform's root."""
    return exchange.refuse(request, _shown(request.path.rstrip("/").rpartition("/")[2]), ())


def _dispatch(request: HttpRequest, table: dict[str, Operation], name: str) -> HttpResponse:
    if name in table:
        return exchange.respond(request, table[name])
    return exchange.refuse(request, _shown(name), CLOSED.get(name, ()))


def _shown(name: str) -> str:
    return name if name.isascii() and name.isalnum() and len(name) <= 40 else "?"
