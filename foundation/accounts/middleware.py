"""What is noted of a session while it is used, and when that of staff is over.

It is noted in Valkey and not in the session: a session is written whole, and of two requests at
once the one that only noted its use would take back what the other one wrote.
"""

from collections.abc import Callable

import structlog
from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from foundation.accounts import sessions
from foundation.accounts.models import Account
from foundation.core import clock, redis

log = structlog.get_logger(__name__)

Respond = Callable[[HttpRequest], HttpResponse]

# The list of devices says when each was last seen; to the quarter of an hour is enough, and
# noting it at every request would write to the database for every page that is read.
NOTE_EVERY_SECONDS = 900

# Staff share rooms and machines: their session lasts for a shift, and not through a break.
# That of a resident lives on the own phone, as long as the settings say.
STAFF_SECONDS = 8 * 3600
STAFF_REST_SECONDS = 30 * 60
_STAFF_BEGAN = "staff_began"


class ActivityMiddleware:
    """Notes now and then that a signed-in session is in use, and from where.

    A session of staff that is over is ended before anything else looks at it.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Note, where it is time, and pass on."""
        if isinstance(request.user, Account) and request.user.is_staff and _is_over(request):
            get_adapter(request).logout(request)
        if request.session.session_key and request.user.is_authenticated and _is_time(request):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)


def _is_time(request: HttpRequest) -> bool:
    """Whether nobody has noted this session in the last quarter of an hour."""
    try:
        return bool(
            redis.client().set(
                redis.key("session-noted", sessions.digest(request.session)),
                b"1",
                nx=True,
                ex=NOTE_EVERY_SECONDS,
            )
        )
    except RedisError as exc:
        log.warning("session_not_noted", error=type(exc).__name__)
        return False


def _is_over(request: HttpRequest) -> bool:
    moment = int(clock.now().timestamp())
    began = request.session.get(_STAFF_BEGAN)
    if began is None:
        request.session[_STAFF_BEGAN] = began = moment
    return moment - began >= STAFF_SECONDS or _has_rested(sessions.digest(request.session), moment)


def _has_rested(session: str, moment: int) -> bool:
    """Whether nothing was done in the session for so long that it ends; notes that something is done.

    Where Valkey has forgotten, the rest counts from now on; the length of a shift stands in the session.
    """
    try:
        seen = redis.client().set(redis.key("staff-seen", session), moment, get=True, ex=STAFF_SECONDS)
    except RedisError as exc:
        log.warning("session_not_noted", error=type(exc).__name__)
        return False
    return seen is not None and moment - int(seen) >= STAFF_REST_SECONDS
