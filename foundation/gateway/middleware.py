"""The outermost middleware: gives every request its trace id."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from foundation.gateway import trace

Respond = Callable[[HttpRequest], HttpResponse]


class TraceMiddleware:
    """Opens the trace of a request and names it in the answer.

    It stands before the hot paths leave the chain, so that they have traces too.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the request's trace id in ``X-Request-Id``."""
        trace_id = trace.begin(request.META.get(trace.META_HEADER))
        response = self.get_response(request)
        response.headers[trace.HEADER] = trace_id
        return response
