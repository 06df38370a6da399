"""The door for plain Django views on hot paths: no REST framework, no session."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from foundation.core.errors import DomainError
from foundation.gateway import authenticate, bodies, problems
from foundation.gateway.authenticate import SignedCall
from foundation.gateway.caller import Caller
from foundation.gateway.errors import MethodRefused

SignedView = Callable[[HttpRequest, Caller, dict[str, Any]], HttpResponse]
SignedCallView = Callable[[HttpRequest, SignedCall, dict[str, Any]], HttpResponse]
View = Callable[[HttpRequest], HttpResponse]


def signed_json(scope: str, *, max_bytes: int = bodies.MAX_BODY_BYTES) -> Callable[[SignedView], View]:
    """Decorate a view that takes a signed POST of one JSON object.

    The view gets the request, the caller, who holds the scope, and the parsed object. Every
    error becomes a problem document.
    """

    def decorate(view: SignedView) -> View:
        @signed_call_json(scope, max_bytes=max_bytes)
        @wraps(view)
        def let_in(request: HttpRequest, call: SignedCall, data: dict[str, Any]) -> HttpResponse:
            return view(request, call.admit(), data)

        return let_in

    return decorate


def signed_call_json(
    scope: str, *, max_bytes: int = bodies.MAX_BODY_BYTES
) -> Callable[[SignedCallView], View]:
    """As ``signed_json``, for a view that lets the call in itself, together with others.

    Whatever the view does, nothing is answered to a call that was not let in.
    """

    def decorate(view: SignedCallView) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest) -> HttpResponse:
            call = None
            try:
                if request.method != "POST":
                    raise MethodRefused
                body = bodies.read(request, max_bytes=max_bytes)
                call = authenticate.signed_call_of(request, body)
                call.require(scope)
                bodies.require_json_type(request.META)
                response = view(request, call, bodies.read_object(body))
                call.admit()
            except Exception as exc:
                return _problem(request, call, exc)
            return response

        answer.guarded_by = "signature"  # type: ignore[attr-defined]
        return answer

    return decorate


def _problem(request: HttpRequest, call: SignedCall | None, exc: Exception) -> HttpResponse:
    if call is not None:
        try:
            call.admit()
        except DomainError as refusal:
            exc = refusal
    # The hot path leaves the middleware chain, so nobody behind it would answer, nor has anybody
    # looked at the caller's language.
    translation.activate(translation.get_language_from_request(request))
    return problems.problem_response(problems.translate(exc))
