"""The pages of signing in elsewhere with the card."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.db import transaction
from playwright.sync_api import Page

from identity.rules import Evidence
from institutions import selectors as institutions
from interop.oidc import services
from interop.oidc.models import RelyingParty
from tests.e2e.people import CENTRE, Resident, holder

OpenPhone = Callable[..., Page]
BACK = "https://his.example.org/callback"


def party() -> RelyingParty:
    """A hospital's system that asks for everything."""
    return services.register_party(
        institution_pk=institutions.visible(CENTRE).filter(state="approved").values_list("pk", flat=True)[0],
        name="掌上医院",
        redirect_uris=[BACK],
        scopes=["profile", "identity", "health_card"],
        reason="测试",
        actor=CENTRE,
    ).party


def consent(phone: OpenPhone, *, who: Resident | None = None, **more: str) -> Page:
    """The page that asks."""
    query = more | {
        "client_id": party().client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid profile identity",
        "state": "state-1",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    page = phone(who or holder())
    page.goto(f"/oidc/authorize/?{urlencode(query)}")
    return page


def level_lacks(phone: OpenPhone) -> Page:
    """The page of somebody of whom the party wants to be surer."""
    return consent(phone, who=holder(evidence=Evidence.REAL_NAME), acr_values="urn:ehc:level:3")


def logins(phone: OpenPhone) -> Page:
    """The list of somebody who signed in elsewhere."""
    resident = holder()
    with transaction.atomic():
        services.record_login(
            account_pk=resident.account.pk,
            party=party(),
            scopes=["openid", "profile"],
            actor=resident.actor,
        )
    page = phone(resident)
    page.goto("/me/logins/")
    return page


def no_logins(phone: OpenPhone) -> Page:
    """The list of somebody who did not."""
    page = phone(holder())
    page.goto("/me/logins/")
    return page


PAGES = (
    ("login-consent", "oauth2_provider:authorize", consent),
    ("login-level-lacks", "oauth2_provider:authorize", level_lacks),
    ("logins", "logins", logins),
    ("logins-none", "logins", no_logins),
)
