"""Where the application stands, and what follows from it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from foundation.core import clock
from onboarding import selectors
from onboarding.models import Joining
from onboarding.rules import WRITABLE, JoiningState
from onboarding.services import invitations, sandbox
from onboarding.services.joining import APPLICANT
from onboarding.views.apply import summary, with_joining
from onboarding.views.invitation import keep_token

_KINDS = {
    JoiningState.DRAFT: "neutral",
    JoiningState.SUBMITTED: "waiting",
    JoiningState.CORRECTION: "waiting",
    JoiningState.APPROVED: "done",
    JoiningState.REFUSED: "danger",
}


@require_GET
@with_joining
def mine(request: HttpRequest, joining: Joining) -> HttpResponse:
    """The state in words, the reference, and what can be done now."""
    waits = selectors.waits_for_administrator(joining)
    is_over = joining.account_until is not None and joining.account_until <= clock.now()
    context = {
        "joining": joining,
        "state_kind": _KINDS[JoiningState(joining.state)],
        "is_open": joining.state in WRITABLE,
        "rows": summary(joining),
        "has_sandbox": settings.DEMO and joining.state != JoiningState.DRAFT,
        "may_invite": waits and not is_over,
        "is_over": waits and is_over,
    }
    return render(request, "onboarding/mine.html", context)


@require_POST
@with_joining
def sandbox_key(request: HttpRequest, joining: Joining) -> HttpResponse:
    """Test credentials, shown this once; asking again replaces them."""
    made = sandbox.issue_sandbox_key(joining=joining, actor=APPLICANT)
    return render(request, "onboarding/sandbox.html", {"made": made, "base_url": settings.BASE_URL})


@require_POST
@with_joining
def first_account(request: HttpRequest, joining: Joining) -> HttpResponse:
    """Lead the contact of an approved institution to making the administrator's account."""
    made = invitations.invite_applicant(joining=joining, actor=APPLICANT)
    keep_token(request, made.token)
    return redirect("invitation-account")
