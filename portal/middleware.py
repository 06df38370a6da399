"""The product's own middleware."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from foundation.core.errors import DomainError

Respond = Callable[[HttpRequest], HttpResponse]


class DomainErrorMiddleware:
    """Turns an error of a page into a page that says what happened and what to do."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; errors come through ``process_exception``.

        Raises:
            BadRequest: The address holds a zero byte, which no column of the database can.
        """
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Show a domain error; anything else is a defect and goes on to the error page."""
        if not isinstance(exception, DomainError):
            return None
        from portal.errors import domain_error

        return domain_error(request, exception)
