"""The pages about one's own account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.accounts import phone_codes, sealing, selectors, services, sessions
from foundation.accounts.access import resident_required
from foundation.accounts.forms import CodeForm, PhoneForm
from foundation.accounts.views import client_ip, show
from foundation.core.errors import DomainError
from foundation.core.text import mask_phone

_PHONE = "bind_phone"
_PHONE_CONTEXT = "ehc.bind-phone.1"


@never_cache
@require_GET
@resident_required
def me(request: HttpRequest) -> HttpResponse:
    """The own account: number, ways to sign in, places where it is signed in."""
    account = selectors.account_of(request)
    methods = selectors.sign_in_methods(account)
    open_sessions = selectors.open_sessions(account, current=sessions.digest(request.session))
    return render(
        request,
        "accounts/me.html",
        {
            "phone": next((method.shown for method in methods if method.shown), ""),
            "methods": methods,
            "sessions": [(session, selectors.device_label(session.device)) for session in open_sessions],
        },
    )


@require_POST
@resident_required
def end_session(request: HttpRequest, session: str) -> HttpResponse:
    """Sign out another device."""
    services.end_session(
        account=selectors.account_of(request), session=session, actor=selectors.actor_of(request)
    )
    return redirect("me")


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def phone(request: HttpRequest) -> HttpResponse:
    """Ask for the number of an account that has none."""
    form = PhoneForm(request.POST or None)
    if form.is_valid():
        number = form.cleaned_data["phone"]
        try:
            services.request_phone_code(phone=number, ip=client_ip(request), purpose=phone_codes.BIND)
        except DomainError as exc:
            show(form, exc)
        else:
            request.session[_PHONE] = sealing.seal(number, _PHONE_CONTEXT)
            return redirect("me-phone-code")
    return render(request, "accounts/bind_phone.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def phone_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that was sent to the new number."""
    sealed = request.session.get(_PHONE, "")
    if not sealed:
        return redirect("me-phone")
    number = sealing.unseal(sealed, _PHONE_CONTEXT)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        account = selectors.account_of(request)
        try:
            services.bind_phone(
                account=account, phone=number, code=form.cleaned_data["code"], ip=client_ip(request)
            )
        except DomainError as exc:
            show(form, exc)
        else:
            del request.session[_PHONE]
            return redirect("me")
    return render(request, "accounts/bind_phone_code.html", {"form": form, "phone": mask_phone(number)})
