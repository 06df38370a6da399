"""What a relying party is told of who signed in.

The identity token carries a pseudonym and the assurance level only; what else the resident
agreed to is read from the user-info endpoint, and each reading is recorded.
"""

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator

import gmcrypto
from cards.codes.page import showable_number
from cards.selectors import own_card
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import DomainError
from identity import selectors as identity
from interop.oidc.rules import ASSURANCE, GENDERS, HEALTH_CARD, IDENTITY, PROFILE, SCOPES, assurance
from mpi import selectors as mpi

_SUBJECT_DOMAIN = "ehc.oidc-subject.1"


def subject_of(account_id: str, institution_id: str) -> str:
    """The pseudonym of an account at one institution: two institutions cannot compare theirs.

    It has to stay the same when keys are rotated. So it is under no key: the account's id is
    128 random bits, which nobody can try out.
    """
    return gmcrypto.sm3(f"{_SUBJECT_DOMAIN}\n{institution_id}\n{account_id}".encode()).hex()


class HealthCardValidator(OAuth2Validator):  # type: ignore[misc]
    """The toolkit's validator with our claims."""

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """A relying party asks for what it was registered for, and always for ``openid``."""
        return "openid" in scopes and set(scopes) <= set(client.allowed_scopes) and set(scopes) <= set(SCOPES)

    def validate_bearer_token(self, token: str, scopes: list[str], request: Any) -> bool:
        """A token opens nothing once the account is closed or the card stopped."""
        if not super().validate_bearer_token(token, scopes, request):
            return False
        return bool(request.user.is_active) and _usable_card(request.user.pk)

    def validate_silent_login(self, request: Any) -> bool:
        """Nobody is signed in without seeing a page; the relying party is told ``login_required``."""
        return False

    def get_discovery_claims(self, request: Any) -> list[str]:
        """Every claim that there is."""
        return [claim for scope in SCOPES.values() for claim in scope.claims]

    def get_oidc_claims(self, token: Any, token_handler: Any, request: Any) -> dict[str, Any]:
        """The pseudonym and the level."""
        proof = identity.proof_of(request.user.pk, at=clock.now())
        return {
            "sub": subject_of(request.user.public_id, request.client.institution.public_id),
            "acr": assurance(proof.level if proof is not None else 0),
        }

    def get_userinfo_claims(self, request: Any) -> dict[str, Any]:
        """What the resident agreed to, read now and recorded."""
        scopes = set(request.access_token.scope.split())
        account, party = request.user, request.client
        claims = self.get_oidc_claims(None, None, request)
        holding = identity.self_person(account.pk)
        if holding is None:
            return claims
        particulars = mpi.particulars(holding.person_pk)
        if PROFILE in scopes:
            born = particulars.birth_date.isoformat() if particulars.birth_date else None
            claims |= _given(name=particulars.name, gender=GENDERS.get(particulars.sex), birthdate=born)
        if ASSURANCE in scopes and (proof := identity.proof_of(account.pk, at=clock.now())) is not None:
            claims["assurance"] = {
                "level": proof.level,
                "evidence": proof.evidence,
                "verified_at": int(proof.proved_at.timestamp()),
                "expires_at": int(proof.until.timestamp()) if proof.until is not None else None,
            }
        if IDENTITY in scopes:
            claims |= _given(id_type=particulars.id_type, id_number=particulars.id_number)
        if HEALTH_CARD in scopes:
            shown = own_card(account.pk)
            claims |= _given(health_card_id=showable_number(shown.card).value if shown else None)
        audit.record(
            Action.LOGIN_DATA_READ,
            actor=Actor(kind=ActorKind.CLIENT, id=party.public_id, institution=party.institution.public_id),
            subject=("mpi.Person", holding.person_id),
            details={"fields": sorted(claims), "purpose": "login"},
        )
        return claims


def _usable_card(account_pk: int) -> bool:
    try:
        shown = own_card(account_pk)
    except DomainError:
        return False
    return shown is not None and shown.is_active


def _given(**claims: str | None) -> dict[str, str]:
    return {name: value for name, value in claims.items() if value}
