"""The way to the socket, and the way without it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from appointments.errors import QueueNotFound, ScreenNotFound
from appointments.rules.queueing import desk_line, screen_line
from appointments.selectors.calling import queue_at_desk, screen_by_key
from foundation.accounts import selectors as accounts
from foundation.accounts import sessions
from foundation.accounts.access import resident_required_json
from foundation.gateway import problems
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from notifications.live import tickets
from notifications.live.recent import changes_since


@never_cache
@require_POST
@resident_required_json
def ticket(request: HttpRequest) -> JsonResponse:
    """A ticket for one connection to the socket."""
    account = accounts.account_of(request)
    issued = tickets.issue(account_id=account.public_id, session=sessions.digest(request.session))
    return JsonResponse({"ticket": issued, "url": settings.WS_URL})


@never_cache
@require_GET
@resident_required_json
def changes(request: HttpRequest) -> JsonResponse:
    """What changed since a cursor, for a page whose socket is down."""
    account = accounts.account_of(request)
    return JsonResponse(changes_since(account.public_id, request.GET.get("since", "")))


@never_cache
@require_POST
def screen_ticket(request: HttpRequest, key: str) -> HttpResponse:
    """A ticket for a screen in a waiting area, which nobody is signed in at."""
    try:
        line = screen_line(screen_by_key(key).public_id)
    except ScreenNotFound as exc:
        return problems.problem_response(exc)
    return JsonResponse({"ticket": tickets.issue(account_id=line, session=""), "url": settings.WS_URL})


@never_cache
@require_GET
def screen_changes(request: HttpRequest, key: str) -> HttpResponse:
    """What changed since a cursor, for a screen whose socket is down."""
    try:
        line = screen_line(screen_by_key(key).public_id)
    except ScreenNotFound as exc:
        return problems.problem_response(exc)
    return JsonResponse(changes_since(line, request.GET.get("since", "")))


@duty_required(Duty.CALL_QUEUE)
@never_cache
@require_POST
def desk_ticket(request: HttpRequest, queue_id: str) -> HttpResponse:
    """A ticket for a desk that calls people of a queue."""
    try:
        line = desk_line(queue_at_desk(queue=queue_id, actor=institutions.staff_actor(request)))
    except QueueNotFound as exc:
        return problems.problem_response(exc)
    issued = tickets.issue(account_id=line, session=sessions.digest(request.session))
    return JsonResponse({"ticket": issued, "url": settings.WS_URL})


@duty_required(Duty.CALL_QUEUE)
@never_cache
@require_GET
def desk_changes(request: HttpRequest, queue_id: str) -> HttpResponse:
    """What changed since a cursor, for a desk whose socket is down."""
    try:
        line = desk_line(queue_at_desk(queue=queue_id, actor=institutions.staff_actor(request)))
    except QueueNotFound as exc:
        return problems.problem_response(exc)
    return JsonResponse(changes_since(line, request.GET.get("since", "")))
