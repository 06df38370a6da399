"""Making an account by an invitation's link."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from foundation.accounts.views import client_ip
from foundation.core import ratelimit
from foundation.core.errors import DomainError
from institutions.rules import Role
from onboarding.errors import InvitationRefused
from onboarding.forms import AccountForm
from onboarding.services import invitations
from onboarding.views.proof import show

_TOKEN = "invitation_token"
_HOUR = 3600
TRIES_AN_HOUR = 60


@never_cache
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the secret out of the address, so that it stands in no history and no referrer."""
    ratelimit.hit(f"invitation:{client_ip(request)}", limit=TRIES_AN_HOUR, per_seconds=_HOUR)
    invitations.open_invitation(token=token)
    keep_token(request, token)
    return redirect("invitation-account")


@never_cache
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Ask for user name and password; then lead to the sign-in, which asks for the second factor."""
    token = request.session.get(_TOKEN, "")
    invitation = invitations.open_invitation(token=token)
    form = AccountForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            invitations.take_invitation(
                token=token,
                username=data["username"],
                password=data["password"],
                actor=invitations.INVITED,
            )
        except InvitationRefused:
            raise
        except DomainError as exc:
            show(form, exc)
        else:
            request.session.flush()
            return redirect("invitation-done")
    context = {"form": form, "place": invitation.institution, "role": Role(invitation.role).label}
    return render(request, "onboarding/account.html", context, status=422 if form.errors else 200)


@never_cache
@require_GET
def done(request: HttpRequest) -> HttpResponse:
    """What happens next."""
    return render(request, "onboarding/account_done.html")


def keep_token(request: HttpRequest, token: str) -> None:
    """Let this browser's session hold the link's secret."""
    request.session[_TOKEN] = token
