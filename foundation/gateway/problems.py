"""Errors as problem documents (RFC 9457), the same for every JSON interface."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from foundation.core.errors import (
    DomainError,
    InvalidInput,
    NotFound,
    PermissionRefused,
    TooManyRequests,
)
from foundation.gateway import trace
from foundation.gateway.bodies import MAX_BODY_BYTES
from foundation.gateway.errors import (
    AuthenticationRequired,
    BodyTooLarge,
    GatewayError,
    InternalError,
    MethodRefused,
    NotAcceptable,
    NotJson,
    UnsupportedContentType,
)

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"


def document(exc: DomainError, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The problem document of an error.

    Args:
        errors: For several fields at once: ``field``, ``code`` and ``message`` of each.
    """
    text, advice = exc.text(), exc.advice()
    problem: dict[str, Any] = {
        "type": f"/problems/{exc.code}",
        "title": text,
        "status": exc.status,
        "detail": f"{text}。{advice}",
        "code": exc.code,
        "next_step": advice,
        "trace_id": trace.current(),
    }
    if exc.field:
        problem["field"] = exc.field
    if errors:
        problem["errors"] = errors
    if isinstance(exc, GatewayError):
        problem.update(exc.members)
    return problem


def headers_of(exc: DomainError) -> dict[str, str]:
    """The headers that belong to an error: when to come back, and how to authenticate."""
    headers = {}
    retry_after = getattr(exc, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if exc.status == 401:
        headers["WWW-Authenticate"] = "EHC1"
    return headers


def problem_response(exc: DomainError, errors: list[dict[str, str]] | None = None) -> HttpResponse:
    """The error as an answer of a plain view."""
    return HttpResponse(
        orjson.dumps(document(exc, errors)),
        status=exc.status,
        content_type=CONTENT_TYPE,
        headers=headers_of(exc),
    )


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Every error of a REST framework view as a problem document; nothing internal in it."""
    errors = list(_flatten(exc.detail)) if isinstance(exc, exceptions.ValidationError) else None
    domain_error = translate(exc)
    headers = headers_of(domain_error)
    if isinstance(exc, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(
        document(domain_error, errors),
        status=domain_error.status,
        content_type=CONTENT_TYPE,
        headers=headers,
    )


def translate(exc: Exception) -> DomainError:
    """The error in our own words; an unknown one is logged and becomes ``InternalError``."""
    if isinstance(exc, DomainError):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        first = next(_flatten(exc.detail), None)
        return InvalidInput(field=first["field"] if first else "")
    if isinstance(exc, exceptions.Throttled):
        return TooManyRequests(retry_after=max(1, round(getattr(exc, "wait", None) or 1)))
    if isinstance(exc, exceptions.ParseError):
        return NotJson(reason=_("语法有误"))
    if isinstance(exc, RequestDataTooBig):
        return BodyTooLarge(limit=MAX_BODY_BYTES)
    for kind, translated in _TRANSLATED:
        if isinstance(exc, kind):
            return translated()
    log.error("unexpected_error", exc_info=exc)
    return InternalError()


_TRANSLATED: tuple[tuple[type[Exception], type[DomainError]], ...] = (
    (exceptions.NotAuthenticated, AuthenticationRequired),
    (exceptions.AuthenticationFailed, AuthenticationRequired),
    (exceptions.PermissionDenied, PermissionRefused),
    (PermissionDenied, PermissionRefused),
    (exceptions.NotFound, NotFound),
    (Http404, NotFound),
    (exceptions.MethodNotAllowed, MethodRefused),
    (exceptions.NotAcceptable, NotAcceptable),
    (exceptions.UnsupportedMediaType, UnsupportedContentType),
)


def is_api(request: HttpRequest) -> bool:
    """Whether the caller of this path expects JSON."""
    return request.path_info.startswith("/api/")


def _flatten(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _flatten(inner, ".".join(part for part in (path, own) if part))
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            if isinstance(inner, Mapping | list):
                yield from _flatten(inner, f"{path}[{place}]")
            else:
                yield from _flatten(inner, path)
    else:
        yield {"field": path, "code": str(getattr(detail, "code", "invalid")), "message": str(detail)}
