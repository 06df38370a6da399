"""The six paths of the SDK."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from interop.dialects.national import exchange
from interop.dialects.national.methods.base import Method

View = Callable[[HttpRequest], HttpResponse]


def view_of(method: Method) -> View:
    """The view of one method, guarded by the dialect's own digest."""
    return _signed(lambda request: exchange.respond(request, method))


def _signed(view: View) -> View:
    marked = csrf_exempt(view)
    marked.guarded_by = "signature"  # type: ignore[attr-defined]
    return marked


# Any other address below the SDK's root.
unknown = _signed(exchange.refuse)
