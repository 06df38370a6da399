"""Proving the contact's phone, and what the session remembers of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.accounts import phone_codes, sealing
from foundation.accounts import services as accounts
from foundation.accounts.views import client_ip
from foundation.core import clock
from foundation.core.errors import DomainError
from foundation.core.text import mask_phone
from onboarding import selectors
from onboarding.forms import CodeForm, LookUpForm, PhoneForm
from onboarding.models import Joining
from onboarding.services import joining as joinings
from onboarding.services.joining import APPLICANT

_PENDING = "joining_pending"
_PROVEN = "joining_proven"
_SEAL = "ehc.joining-phone.1"
# How long a code opens the application in this browser.
PROVEN_SECONDS = 2 * 3600


@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """What is needed, how long it takes, and the two ways on."""
    return render(request, "onboarding/start.html", {"open": proven(request)})


@never_cache
@require_http_methods(["GET", "POST"])
def phone(request: HttpRequest) -> HttpResponse:
    """Ask for the contact's phone, to begin."""
    return _ask(request, PhoneForm(request.POST or None), "onboarding/phone.html")


@never_cache
@require_http_methods(["GET", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Ask for reference and phone, to go on; the code is sent whether they belong together or not."""
    return _ask(request, LookUpForm(request.POST or None), "onboarding/look_up.html")


def _ask(request: HttpRequest, form: Any, template: str) -> HttpResponse:
    if form.is_valid():
        number = form.cleaned_data["phone"]
        try:
            accounts.request_phone_code(phone=number, ip=client_ip(request), purpose=phone_codes.JOIN)
        except DomainError as exc:
            show(form, exc)
        else:
            sealed = sealing.seal(number, _SEAL)
            request.session[_PENDING] = [sealed, form.cleaned_data.get("reference", "")]
            return redirect("join-code")
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code; the right one opens the application, new or old."""
    pending = request.session.get(_PENDING)
    if not pending:
        return redirect("join")
    number, reference = sealing.unseal(pending[0], _SEAL), pending[1]
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            joining = _prove(request, number, reference, form.cleaned_data["code"])
        except DomainError as exc:
            show(form, exc)
        else:
            del request.session[_PENDING]
            remember(request, joining)
            return redirect("join-mine" if reference else "join-next")
    context = {
        "form": form,
        "phone": mask_phone(number),
        "wait_seconds": phone_codes.RESEND_SECONDS,
        "back": reverse("join-status" if reference else "join-phone"),
    }
    return render(request, "onboarding/code.html", context, status=422 if form.errors else 200)


@never_cache
@require_POST
def code_again(request: HttpRequest) -> HttpResponse:
    """Send another code to the same phone."""
    pending = request.session.get(_PENDING)
    if not pending:
        return redirect("join")
    number = sealing.unseal(pending[0], _SEAL)
    accounts.request_phone_code(phone=number, ip=client_ip(request), purpose=phone_codes.JOIN)
    return redirect("join-code")


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the application in this browser."""
    request.session.pop(_PROVEN, None)
    return redirect("join")


def proven(request: HttpRequest) -> Joining | None:
    """The application that this browser has proved to be its own; none after two hours."""
    public_id, until = request.session.get(_PROVEN) or ("", 0)
    if not public_id or until < clock.now().timestamp():
        return None
    return selectors.joining_in_session(public_id)


def remember(request: HttpRequest, joining: Joining) -> None:
    """Let this browser open the application for a while, under a session of a new name."""
    request.session.cycle_key()
    request.session[_PROVEN] = [joining.public_id, clock.now().timestamp() + PROVEN_SECONDS]


def show(form: Any, exc: DomainError) -> None:
    """Put an error where its field is."""
    form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")


def _prove(request: HttpRequest, phone: str, reference: str, code: str) -> Joining:
    number = accounts.confirm_phone_code(
        phone=phone, code=code, purpose=phone_codes.JOIN, ip=client_ip(request)
    )
    if reference:
        return joinings.find_joining(reference=reference, phone=number, actor=APPLICANT)
    return joinings.start_joining(phone=number, actor=APPLICANT)
