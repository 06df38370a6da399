"""``POST /api/v1/events``: what institutions tell us.

A plain view without a session. It keeps the event and answers; the relay applies it.
"""

from collections.abc import Callable
from functools import wraps

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from foundation.gateway import bodies, inbound, problems
from foundation.gateway.caller import Caller
from foundation.gateway.errors import MethodRefused
from foundation.gateway.scopes import EVENT_SEND

Answer = Callable[[HttpRequest, Caller, bytes], HttpResponse]


def signed_message(*, max_bytes: int) -> Callable[[Answer], Callable[[HttpRequest], HttpResponse]]:
    """Decorate a view that takes a message signed as Standard Webhooks say; errors become problems."""

    def decorate(view: Answer) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest) -> HttpResponse:
            try:
                if request.method != "POST":
                    raise MethodRefused
                body = bodies.read(request, max_bytes=max_bytes)
                return view(request, inbound.sender_of(request, body, scope=EVENT_SEND), body)
            except Exception as exc:
                translation.activate(translation.get_language_from_request(request))
                return problems.problem_response(problems.translate(exc))

        answer.guarded_by = "signature"  # type: ignore[attr-defined]
        return answer

    return decorate


@signed_message(max_bytes=inbound.MAX_BODY_BYTES)
def take_event(request: HttpRequest, caller: Caller, body: bytes) -> HttpResponse:
    """Keep one event; a repeat is answered as the first."""
    bodies.require_json_type(request.META)
    envelope = bodies.read_object(body)
    inbound.accept(envelope, institution=caller.institution)
    kept = {"event_id": envelope["data"]["event_id"], "accepted": True}
    return HttpResponse(orjson.dumps(kept), status=202, content_type="application/json")
