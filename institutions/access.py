"""Who of the staff may open a page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from foundation.accounts.access import second_factor_url
from foundation.gateway.errors import AuthenticationRequired
from institutions import services
from institutions.errors import SecondFactorRequired
from institutions.rules import Duty
from institutions.selectors import staff_actor

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def staff_required(view: View[P]) -> View[P]:
    """Guard a page of the work: signed in with both factors, with a task.

    Whoever lacks a factor is led to give it. The view reads the actor by
    ``selectors.staff_actor(request)``.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            staff_actor(request)
        except (AuthenticationRequired, SecondFactorRequired):
            return HttpResponseRedirect(way_in(request))
        return view(request, *args, **kwargs)

    guarded.guarded_by = "staff"  # type: ignore[attr-defined]
    return guarded


def duty_required(duty: Duty) -> Callable[[View[P]], View[P]]:
    """Guard a page of the work that only some roles open; others are refused."""

    def decorate(view: View[P]) -> View[P]:
        @staff_required
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            services.require(staff_actor(request), duty)
            return view(request, *args, **kwargs)

        guarded.duty = duty  # type: ignore[attr-defined]
        return guarded

    return decorate


def way_in(request: HttpRequest, target: str = "") -> str:
    """Where somebody goes who still has to give a factor.

    Args:
        target: Where to come back to; by default the page itself.
    """
    if request.user.is_authenticated:
        return second_factor_url(request)
    back = target or (request.get_full_path() if request.method == "GET" else "")
    return reverse("account_login") + ("?" + urlencode({"next": back}) if back else "")
