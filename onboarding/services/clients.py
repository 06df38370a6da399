"""Requests of institutions for applications of their own."""

from collections.abc import Iterable

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from foundation.gateway import scopes as scope_table
from foundation.gateway.errors import UnknownScopes
from foundation.gateway.types import Environment
from institutions import services as institutions
from institutions.rules import Duty
from onboarding import selectors
from onboarding.errors import RequestStateConflict, ScopesNotRequested
from onboarding.models import ClientRequest
from onboarding.rules import RequestState


@transaction.atomic
def request_client(
    *, institution: str, name: str, scopes: Iterable[str], purpose: str, actor: Actor, reason: str = ""
) -> str:
    """Ask the centre for an application with these scopes; returns the request's public id.

    Raises:
        UnknownScopes: A scope is not in the table.
        NotFound: The actor is of another institution.
    """
    institutions.require(actor, Duty.REQUEST_CLIENTS)
    wanted = sorted(set(scopes))
    wrong = scope_table.unknown(wanted)
    if wrong:
        raise UnknownScopes(field="scopes", scopes="、".join(wrong))
    if not wanted:
        raise InvalidInput(field="scopes")
    row = ClientRequest.objects.create(
        institution_id=selectors.institution_pk(institution, actor),
        name=name,
        scopes=wanted,
        purpose=purpose,
    )
    audit.record(
        Action.CLIENT_REQUESTED,
        actor=actor,
        subject=row,
        institution=institution,
        reason=reason,
        details={"scopes": wanted},
    )
    return row.public_id


@transaction.atomic
def release_client(*, request: str, scopes: Iterable[str], actor: Actor, reason: str) -> str:
    """Make the application that was asked for, without keys; returns the client's public id.

    Args:
        scopes: What was asked for, or less.

    Raises:
        RequestStateConflict: It was decided upon before.
        ScopesNotRequested: More than was asked for.
        InstitutionNotApproved, ClientNameTaken: As ``institutions.services.create_client``.
    """
    institutions.require(actor, Duty.MANAGE_CLIENTS)
    row = _request(request, actor)
    granted = sorted(set(scopes))
    if not granted or not set(granted) <= set(row.scopes):
        raise ScopesNotRequested(field="scopes")
    place = row.institution.public_id
    client = institutions.create_client(
        institution=place,
        name=row.name,
        scopes=granted,
        environment=Environment.PRODUCTION,
        actor=actor,
        reason=reason,
    )
    _decide(row, RequestState.RELEASED, client=client)
    audit.record(
        Action.CLIENT_REQUEST_RELEASED,
        actor=actor,
        subject=row,
        institution=place,
        reason=reason,
        details={"reference": client, "scopes": granted},
    )
    return client


@transaction.atomic
def refuse_client(*, request: str, message: str, actor: Actor, reason: str) -> None:
    """Refuse a request; the institution sees the message and may ask anew.

    Raises:
        RequestStateConflict: It was decided upon before.
    """
    institutions.require(actor, Duty.MANAGE_CLIENTS)
    row = _request(request, actor)
    _decide(row, RequestState.REFUSED, message=message)
    audit.record(
        Action.CLIENT_REQUEST_REFUSED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
    )


def _request(public_id: str, actor: Actor) -> ClientRequest:
    row = selectors.visible_requests(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    return row


def _decide(row: ClientRequest, state: RequestState, **answer: str) -> None:
    moment = clock.now()
    if not ClientRequest.objects.filter(pk=row.pk, state=RequestState.REQUESTED).update(
        state=state, decided_at=moment, updated_at=moment, **answer
    ):
        raise RequestStateConflict
