"""Who may open a page: residents for themselves, staff with both factors."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from foundation.accounts.errors import ResidentsOnly, SecondProofNeeded, StaffOnly
from foundation.accounts.models import Account
from foundation.accounts.sessions import NEEDS_PROOF
from foundation.core.errors import DomainError
from foundation.gateway import problems
from foundation.gateway.errors import AuthenticationRequired

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

AFTER_SECOND_FACTOR = "after_second_factor"


def resident_required(view: View[P]) -> View[P]:
    """Guard a page: whoever is not signed in is led to the sign-in page and back."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            check_resident(request)
        except AuthenticationRequired:
            return HttpResponseRedirect(_with_next(settings.LOGIN_URL, request))
        except SecondProofNeeded:
            return HttpResponseRedirect(_with_next(reverse("second-proof"), request))
        return view(request, *args, **kwargs)

    guarded.guarded_by = "resident"  # type: ignore[attr-defined]
    return guarded


def resident_required_json(view: View[P]) -> View[P]:
    """Guard what a page's script asks for: it gets a problem document and no redirect."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            check_resident(request)
            return view(request, *args, **kwargs)
        except DomainError as exc:
            return problems.problem_response(exc)

    guarded.guarded_by = "resident"  # type: ignore[attr-defined]
    return guarded


def check_resident(request: HttpRequest) -> None:
    """Let a resident with a complete sign-in pass.

    Raises:
        AuthenticationRequired: If nobody is signed in.
        ResidentsOnly: If a member of staff is.
        SecondProofNeeded: If the session waits for the second proof.
    """
    if not request.user.is_authenticated:
        raise AuthenticationRequired
    if request.user.is_staff:
        raise ResidentsOnly
    if request.session.get(NEEDS_PROOF):
        raise SecondProofNeeded


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened, or confirmed since, by a second factor."""
    account = request.user
    if not isinstance(account, Account):
        return False
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, account))


def second_factor_url(request: HttpRequest) -> str:
    """Where staff without a second factor in this session go before anything else."""
    if request.method == "GET":
        request.session[AFTER_SECOND_FACTOR] = request.get_full_path()
    account = request.user
    if isinstance(account, Account) and is_mfa_enabled(account):
        return reverse("mfa_reauthenticate") + "?" + urlencode({"next": reverse("staff-home")})
    return reverse("mfa_index")


def staff_only(view: View[P]) -> View[P]:
    """Guard a page about a staff account itself: password is enough, to add the second factor.

    Pages of the work itself are guarded by ``institutions.access.staff_required``.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return HttpResponseRedirect(_with_next(reverse("account_login"), request))
        if not request.user.is_staff:
            raise StaffOnly
        return view(request, *args, **kwargs)

    guarded.guarded_by = "staff"  # type: ignore[attr-defined]
    return guarded


def safe_next(request: HttpRequest, default: str = "/") -> str:
    """Where to go on: the ``next`` of the form or address if it leads into this site."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else resolve_url(default)


def _with_next(url: str, request: HttpRequest) -> str:
    # What was posted is lost at a sign-in; the way back leads to the page, not to the action.
    if request.method != "GET":
        return url
    return url + "?" + urlencode({"next": request.get_full_path()})
