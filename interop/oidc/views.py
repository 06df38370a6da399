"""The consent page, the protocol's endpoints, and the list of one's sign-ins elsewhere."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from oauth2_provider.views import (
    AuthorizationView,
    ConnectDiscoveryInfoView,
    RevokeTokenView,
    TokenView,
    UserInfoView,
)

from cards.selectors import ShownCard, own_card
from foundation.accounts.access import resident_required
from foundation.accounts.selectors import account_of, actor_of
from foundation.accounts.views import client_ip
from foundation.core import clock, ratelimit
from foundation.core.errors import InvalidInput, TooManyRequests
from foundation.gateway import problems
from identity import selectors as identity
from interop.oidc import selectors, services
from interop.oidc.errors import LoginNeedsCard, LoginRequestRefused
from interop.oidc.models import RelyingParty
from interop.oidc.rules import LEVEL_WORDS, OPENID, assurance, level_asked_for, shown

CALLS_PER_MINUTE = 600
View = Callable[[HttpRequest], Any]


class DiscoveryView(ConnectDiscoveryInfoView):  # type: ignore[misc]
    """The discovery document, with the levels of assurance that may be asked for."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The toolkit's, and ``acr_values_supported``."""
        response: HttpResponse = super().get(request, *args, **kwargs)
        levels = [assurance(level) for level in LEVEL_WORDS]
        response.content = orjson.dumps(orjson.loads(response.content) | {"acr_values_supported": levels})
        return response


class ConsentView(AuthorizationView):  # type: ignore[misc]
    """Asks the resident, unless they agreed to the same before."""

    template_name = "oidc/authorize.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The page; or straight back, where this was agreed to."""
        response = super().get(request, *args, **kwargs)
        asked = self.oauth2_data
        if not isinstance(response, TemplateResponse) or "application" not in asked:
            return response
        account = account_of(request)
        is_forced = "consent" in request.GET.get("prompt", "").split()
        is_known = selectors.has_agreed(account.pk, asked["application"], asked["scopes"])
        if is_known and not is_forced and not _level_lacks(request):
            form = self.get_form_class()(data={**self.get_initial(), "allow": "true"})
            if form.is_valid():
                return self.form_valid(form)
        # The form's answer leads to the relying party, which browsers count as the form's own target.
        response._csp_update = {"form-action": _origin(asked["redirect_uri"])}  # type: ignore[attr-defined]
        return response

    def form_valid(self, form: Any) -> Any:
        """Keep what was agreed to, then lead back with the code."""
        if _level_lacks(self.request):
            # Whichever button was pressed: the relying party is told why by the protocol's own word.
            form.cleaned_data["allow"] = False
            response = super().form_valid(form)
            response["Location"] = response["Location"].replace(
                "error=access_denied", "error=unmet_authentication_requirements", 1
            )
            return response
        response = super().form_valid(form)
        if form.cleaned_data["allow"] and "code=" in response.get("Location", ""):
            party = RelyingParty.objects.select_related("institution").get(
                client_id=form.cleaned_data["client_id"]
            )
            services.record_login(
                account_pk=account_of(self.request).pk,
                party=party,
                scopes=form.cleaned_data["scope"].split(),
                actor=actor_of(self.request),
            )
        return response

    def form_invalid(self, form: Any) -> Any:
        """Hidden fields that were changed."""
        raise LoginRequestRefused

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> Any:
        """The consent page, or our own page where the request itself is wrong."""
        if "error" in context:
            raise LoginRequestRefused
        told = shown([name for name in context["scopes"] if name != OPENID])
        card = _usable_card(self.request)
        asked = level_asked_for(self.request.GET.get("acr_values", ""))
        about = {
            "holder": card.holder,
            "told": told,
            "level_asked_for": LEVEL_WORDS.get(asked, ""),
            "level_lacks": _level_lacks(self.request),
        }
        return super().render_to_response({**context, **about}, **kwargs)


_consent = ConsentView.as_view()


@never_cache
def authorize(request: HttpRequest) -> Any:
    """Where a relying party sends the resident."""
    if request.method == "GET" and "none" in request.GET.get("prompt", "").split():
        # Answered by the protocol's own error, whoever is signed in; a form asks for a resident.
        return _consent(request)
    return _for_residents(request)


@resident_required
def _for_residents(request: HttpRequest) -> Any:
    _usable_card(request)
    return _consent(request)


def _level_lacks(request: HttpRequest) -> bool:
    """Whether the relying party asks for more certainty than there is of this resident now."""
    asked = level_asked_for(request.GET.get("acr_values", ""))
    proof = identity.proof_of(account_of(request).pk, at=clock.now())
    return (proof.level if proof is not None else 0) < asked


def _usable_card(request: HttpRequest) -> ShownCard:
    card = own_card(account_of(request).pk)
    if card is None or not card.is_active:
        raise LoginNeedsCard
    return card


authorize.guarded_by = "resident"  # type: ignore[attr-defined]


def _limited(view: View) -> View:
    """Guard an endpoint that checks the relying party's own secret or token."""

    @csrf_exempt
    @wraps(view)
    def limited(request: HttpRequest) -> Any:
        try:
            ratelimit.hit(f"oidc:{client_ip(request)}", limit=CALLS_PER_MINUTE, per_seconds=60)
            return view(request)
        except TooManyRequests as exc:
            return problems.problem_response(exc)
        except DataError:
            # The toolkit looks for whatever it is given; some of it no column can hold.
            return problems.problem_response(InvalidInput())

    return limited


@_limited
def token(request: HttpRequest) -> Any:
    """Code against tokens."""
    return TokenView.as_view()(request)


@_limited
def revoke(request: HttpRequest) -> Any:
    """A token that is not needed any more."""
    return RevokeTokenView.as_view()(request)


@_limited
def userinfo(request: HttpRequest) -> Any:
    """What the resident agreed to."""
    return UserInfoView.as_view()(request)


@never_cache
@require_GET
@resident_required
def logins(request: HttpRequest) -> HttpResponse:
    """Where the resident has signed in with the card."""
    rows = [
        (consent, shown([name for name in consent.scopes if name != OPENID]))
        for consent in selectors.logins_of(account_of(request).pk)
    ]
    return render(request, "oidc/logins.html", {"logins": rows})


@require_POST
@resident_required
def withdraw(request: HttpRequest, consent: str) -> HttpResponse:
    """Take back what was agreed to."""
    services.withdraw_login(account_pk=account_of(request).pk, consent_id=consent, actor=actor_of(request))
    return redirect("logins")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
