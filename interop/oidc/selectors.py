"""Reading relying parties and consents, always for somebody."""

from typing import Any

from django.db.models import QuerySet

from foundation.core import clock
from foundation.core.actor import Actor
from institutions import selectors as institutions
from interop.oidc.models import LoginConsent, RelyingParty


def visible_parties(actor: Actor) -> "QuerySet[RelyingParty]":
    """The relying parties that staff may see."""
    return institutions.scope(RelyingParty.objects.select_related("institution"), actor)


def logins_of(account_pk: int) -> "QuerySet[LoginConsent]":
    """Where an account has signed in with the card, the latest first."""
    rows = LoginConsent.objects.filter(account=account_pk, withdrawn_at=None)
    return rows.select_related("party__institution").order_by("-used_at")


def has_agreed(account_pk: int, party: RelyingParty, scopes: list[str]) -> bool:
    """Whether the account lets this party know all of this already."""
    return LoginConsent.objects.filter(
        account=account_pk, party=party, withdrawn_at=None, scopes__contains=sorted(scopes)
    ).exists()


def logins_for_copy(account_pk: int) -> list[dict[str, Any]]:
    """What the account agreed to tell other systems at a sign-in, also what it took back."""
    rows = LoginConsent.objects.filter(account=account_pk).select_related("party__institution")
    return [
        {
            "system": consent.party.name,
            "institution": consent.party.institution.name,
            "told": consent.scopes,
            "given_at": clock.beijing(consent.given_at).isoformat(timespec="seconds"),
            "withdrawn_at": clock.beijing(consent.withdrawn_at).isoformat(timespec="seconds")
            if consent.withdrawn_at
            else None,
        }
        for consent in rows.order_by("pk")
    ]
