"""What a caller sees when something goes wrong outside of a form.

Interfaces under ``/api/`` get a problem document, people a page.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import defaults

from foundation.core.errors import DomainError, InvalidInput, NotFound, PermissionRefused, StalePage
from foundation.gateway import problems
from foundation.gateway.errors import InternalError


def domain_error(request: HttpRequest, exc: DomainError) -> HttpResponse:
    """The page, or problem document, of a domain error that belongs to no form."""
    if problems.is_api(request):
        return problems.problem_response(exc)
    context: dict[str, object] = {"title": exc.text(), "text": exc.advice()}
    if exc.way_on is not None:
        route, label = exc.way_on
        context |= {"href": reverse(route), "action": label}
    return render(request, "problem.html", context, status=exc.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: Django refused the request before any view saw it."""
    if problems.is_api(request):
        return problems.problem_response(InvalidInput())
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if problems.is_api(request):
        return problems.problem_response(PermissionRefused())
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if problems.is_api(request):
        return problems.problem_response(NotFound())
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: the error itself is in the log, under the trace id that the answer carries."""
    if problems.is_api(request):
        return problems.problem_response(InternalError())
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token, which is most often a page that stood open too long."""
    if problems.is_api(request):
        return problems.problem_response(StalePage())
    return render(request, "403_csrf.html", status=403)
