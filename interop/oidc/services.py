"""Registering relying parties, and what residents agree to."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from oauth2_provider.models import AccessToken, Grant, IDToken, RefreshToken

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.selectors import scope
from institutions.services import require
from interop.oidc.errors import RelyingPartyInvalid, RelyingPartyNotFound
from interop.oidc.models import LoginConsent, PartyState, RelyingParty
from interop.oidc.rules import OPENID, SCOPES

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewParty:
    """A relying party with its secret, which is shown this once."""

    party: RelyingParty
    secret: str = field(repr=False)


@transaction.atomic
def register_party(
    *,
    institution_pk: int,
    name: str,
    redirect_uris: Sequence[str],
    scopes: Sequence[str],
    reason: str,
    actor: Actor,
) -> NewParty:
    """Let a hospital's system send residents here to sign in.

    Raises:
        RelyingPartyInvalid: If an address is not a full one over TLS, or a scope is unknown.
    """
    require(actor, Duty.MANAGE_CLIENTS)
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        raise RelyingPartyInvalid(field="scopes", reason=" ".join(sorted(unknown)))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    party = RelyingParty(
        institution_id=institution_pk,
        name=name,
        redirect_uris=" ".join(redirect_uris),
        allowed_scopes=sorted({OPENID, *scopes}),
        client_type=RelyingParty.CLIENT_CONFIDENTIAL,
        authorization_grant_type=RelyingParty.GRANT_AUTHORIZATION_CODE,
        algorithm=RelyingParty.RS256_ALGORITHM,
        client_secret=secret,
    )
    try:
        party.clean()
    except ValidationError as exc:
        raise RelyingPartyInvalid(field="redirect_uris", reason="; ".join(exc.messages)) from exc
    party.save()
    _record(Action.LOGIN_PARTY_REGISTERED, party, reason, actor, scopes=party.allowed_scopes)
    return NewParty(party, secret)


@transaction.atomic
def rotate_secret(*, party_pk: int, reason: str, actor: Actor) -> NewParty:
    """Give a relying party a new secret; the old one is dead at once."""
    require(actor, Duty.MANAGE_KEYS)
    party = _locked(party_pk, actor)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    party.client_secret = secret
    party.save(update_fields=["client_secret", "updated"])
    _record(Action.LOGIN_PARTY_CHANGED, party, reason, actor, kind="secret")
    return NewParty(party, secret)


@transaction.atomic
def suspend_party(*, party_pk: int, reason: str, actor: Actor) -> None:
    """Stop a relying party at once; what it was given opens nothing any more."""
    require(actor, Duty.MANAGE_CLIENTS)
    _switch(party_pk, PartyState.ACTIVE, PartyState.SUSPENDED, reason, actor)
    _forget_tokens(party_pk)


@transaction.atomic
def resume_party(*, party_pk: int, reason: str, actor: Actor) -> None:
    """Let a suspended relying party work again."""
    require(actor, Duty.MANAGE_CLIENTS)
    _switch(party_pk, PartyState.SUSPENDED, PartyState.ACTIVE, reason, actor)


@transaction.atomic
def record_login(*, account_pk: int, party: RelyingParty, scopes: Sequence[str], actor: Actor) -> None:
    """Keep what a resident agreed to; agreeing to more replaces what was agreed before."""
    moment = clock.now()
    wanted = sorted(scopes)
    live = LoginConsent.objects.filter(account=account_pk, party=party, withdrawn_at=None)
    if live.filter(scopes__contains=wanted).update(used_at=moment):
        return
    live.update(withdrawn_at=moment)
    try:
        with transaction.atomic():
            consent = LoginConsent.objects.create(
                account_id=account_pk, party=party, scopes=wanted, given_at=moment, used_at=moment
            )
    except IntegrityError:
        # A second click agreed at the same moment.
        return
    audit.record(
        Action.LOGIN_GRANTED,
        actor=actor,
        subject=consent,
        institution=party.institution.public_id,
        details={"scopes": wanted},
    )


@transaction.atomic
def withdraw_login(*, account_pk: int, consent_id: str, actor: Actor) -> None:
    """Take back what was agreed to; tokens that are under way open nothing any more.

    Raises:
        RelyingPartyNotFound: If the account has no such consent in force.
    """
    consent = (
        LoginConsent.objects.select_related("party__institution")
        .filter(account=account_pk, public_id=consent_id, withdrawn_at=None)
        .first()
    )
    if consent is None or not LoginConsent.objects.filter(pk=consent.pk, withdrawn_at=None).update(
        withdrawn_at=clock.now()
    ):
        raise RelyingPartyNotFound
    _forget_tokens(consent.party_id, account_pk)
    audit.record(
        Action.LOGIN_WITHDRAWN, actor=actor, subject=consent, institution=consent.party.institution.public_id
    )


def _locked(party_pk: int, actor: Actor) -> RelyingParty:
    own = scope(RelyingParty.objects.all(), actor)
    party = own.select_for_update(of=("self",)).filter(pk=party_pk).first()
    if party is None:
        raise RelyingPartyNotFound
    return party


def _switch(party_pk: int, before: str, after: str, reason: str, actor: Actor) -> None:
    if not RelyingParty.objects.filter(pk=party_pk, state=before).update(state=after):
        raise RelyingPartyNotFound
    party = RelyingParty.objects.select_related("institution").get(pk=party_pk)
    _record(Action.LOGIN_PARTY_CHANGED, party, reason, actor, before=before, after=after)


def _forget_tokens(party_pk: int, account_pk: int | None = None) -> None:
    whose = {"application": party_pk} | ({"user": account_pk} if account_pk is not None else {})
    for model in (RefreshToken, AccessToken, Grant, IDToken):
        model.objects.filter(**whose).delete()


def _record(action: Action, party: RelyingParty, reason: str, actor: Actor, **details: object) -> None:
    audit.record(
        action,
        actor=actor,
        subject=party,
        institution=party.institution.public_id,
        reason=reason,
        details=details,
    )
