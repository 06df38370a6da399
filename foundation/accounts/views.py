"""The pages on which residents sign in and out."""

from allauth.account.adapter import get_adapter
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.accounts import devices, phone_codes, sealing, services, sessions, weixin
from foundation.accounts.access import safe_next
from foundation.accounts.forms import CodeForm, PhoneForm, SecondProofForm
from foundation.core.errors import DomainError
from foundation.core.text import mask_phone

_PHONE = "sign_in_phone"
_NEXT = "sign_in_next"
_PHONE_CONTEXT = "ehc.sign-in-phone.1"


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for the phone; or go to WeChat."""
    if _is_resident(request):
        return _past_sign_in(request, safe_next(request))
    form = PhoneForm(request.POST or None)
    if form.is_valid():
        phone = form.cleaned_data["phone"]
        try:
            services.request_phone_code(phone=phone, ip=client_ip(request))
        except DomainError as exc:
            show(form, exc)
        else:
            request.session[_PHONE] = sealing.seal(phone, _PHONE_CONTEXT)
            request.session[_NEXT] = safe_next(request)
            return redirect("sign-in-code")
    target = safe_next(request)
    return render(
        request,
        "accounts/sign_in.html",
        {
            "form": form,
            "next": target,
            "weixin_url": reverse("sign-in-weixin", query={"next": target}),
            "in_weixin": "MicroMessenger" in request.headers.get("User-Agent", ""),
        },
    )


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that was sent."""
    if _is_resident(request):
        # The second of two clicks comes here after the first has signed in.
        return _past_sign_in(request, _take_next(request))
    phone = _pending_phone(request)
    if not phone:
        return redirect("sign-in")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            signed_in = services.sign_in_with_phone(
                request,
                phone=phone,
                code=form.cleaned_data["code"],
                ip=client_ip(request),
                device=devices.token_of(request),
            )
        except DomainError as exc:
            show(form, exc)
        else:
            return go_on(request, signed_in, _take_next(request))
    return render(
        request,
        "accounts/sign_in_code.html",
        {"form": form, "phone": mask_phone(phone), "wait_seconds": phone_codes.RESEND_SECONDS},
    )


@never_cache
@require_POST
def resend_code(request: HttpRequest) -> HttpResponse:
    """Send another code to the same phone."""
    phone = _pending_phone(request)
    if not phone:
        return redirect("sign-in")
    services.request_phone_code(phone=phone, ip=client_ip(request))
    return redirect("sign-in-code")


@never_cache
@require_http_methods(["GET", "POST"])
def second_proof(request: HttpRequest) -> HttpResponse:
    """Ask, after a long silence, whose card the account holds."""
    if not _is_resident(request) or not request.session.get(sessions.NEEDS_PROOF):
        return redirect(safe_next(request))
    form = SecondProofForm(request.POST or None)
    if form.is_valid():
        try:
            device = services.give_second_proof(
                request, answer=form.cleaned_data["answer"], device=devices.token_of(request)
            )
        except DomainError as exc:
            if not request.user.is_authenticated:
                raise
            show(form, exc)
        else:
            response = redirect(safe_next(request))
            devices.keep(response, device)
            return response
    return render(request, "accounts/second_proof.html", {"form": form, "next": safe_next(request)})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    services.sign_out(request)
    return redirect("/")


@never_cache
@require_GET
def weixin_start(request: HttpRequest) -> HttpResponse:
    """Go to WeChat, which sends the browser back with a code."""
    callback = request.build_absolute_uri(reverse("sign-in-weixin-callback"))
    return HttpResponseRedirect(
        weixin.authorize_url(request, redirect_uri=callback, next_url=safe_next(request))
    )


@never_cache
@require_GET
def weixin_callback(request: HttpRequest) -> HttpResponse:
    """Come back from WeChat."""
    signed_in, next_url = weixin.finish_authorization(
        request,
        code=request.GET.get("code", ""),
        state=request.GET.get("state", ""),
        device=devices.token_of(request),
    )
    return go_on(request, signed_in, next_url)


def go_on(request: HttpRequest, signed_in: services.SignIn, next_url: str) -> HttpResponse:
    """Lead a person who has signed in to where they wanted to go, or to the second proof."""
    response = _past_sign_in(request, next_url)
    if not signed_in.needs_proof:
        devices.keep(response, signed_in.device)
    return response


def show(form: Form, error: DomainError) -> None:
    """Put an error beside the field that it is about."""
    field = error.field if error.field in form.fields else None
    form.add_error(field, f"{error.text()}。{error.advice()}")


def client_ip(request: HttpRequest) -> str:
    """The address that asks, behind as many proxies as the settings trust."""
    return str(get_adapter().get_client_ip(request))


def _is_resident(request: HttpRequest) -> bool:
    return request.user.is_authenticated and not request.user.is_staff


def _past_sign_in(request: HttpRequest, next_url: str) -> HttpResponse:
    if request.session.get(sessions.NEEDS_PROOF):
        return redirect(reverse("second-proof", query={"next": next_url}))
    return redirect(next_url)


def _pending_phone(request: HttpRequest) -> str:
    sealed = request.session.get(_PHONE, "")
    return sealing.unseal(sealed, _PHONE_CONTEXT) if sealed else ""


def _take_next(request: HttpRequest) -> str:
    request.session.pop(_PHONE, None)
    return str(request.session.pop(_NEXT, "/"))
