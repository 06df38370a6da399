"""The hot paths: a few addresses that leave Django's request handling before it begins.

Their views are plain Django views that check the caller by signature and need no session,
language or cookie. Handing requests to them here, instead of in a first middleware, saves a
quarter of a verification's time (measured in benchmarks/RESULTS.md).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from foundation.gateway.middleware import TraceMiddleware

Respond = Callable[[HttpRequest], HttpResponse]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class HotPaths:
    """A WSGI application in front of Django's.

    Args:
        django: Takes every other request.
        views: Dotted names of the views by their exact paths.
    """

    def __init__(self, django: Application, views: Mapping[str, str]) -> None:
        self.django = django
        self.views: dict[str, Respond] = {
            path: TraceMiddleware(import_string(view)) for path, view in views.items()
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a hot path here; pass on everything else."""
        view = self.views.get(environ.get("PATH_INFO", ""))
        if view is None:
            return self.django(environ, start_response)
        response = view(WSGIRequest(environ))
        content = response.content
        response.headers["Content-Length"] = str(len(content))
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        if response.status_code >= 500:
            # Django does this around every request. Here the thread's connection is seldom
            # used; after a fault it must not be kept.
            close_old_connections()
        return [content]
