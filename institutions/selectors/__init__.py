"""Reading institutions, always scoped to who asks."""

import time
from collections.abc import Iterable
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

import gmcrypto
from foundation.accounts.access import has_second_factor
from foundation.core import clock
from foundation.core.actor import CENTRE, Actor, ActorKind
from foundation.gateway.errors import AuthenticationRequired
from institutions.errors import NoMembership, SecondFactorRequired, TerminalNotSignedIn
from institutions.models import Institution, Region, StaffMembership, Terminal
from institutions.rules import InstitutionState
from institutions.types import InstitutionRef, TerminalRef

M = TypeVar("M", bound=Model)

_HOT_SECONDS = 2.0
_HOT_LIMIT = 20_000
_hot_terminals: dict[tuple[str, str], tuple[float, int | None, TerminalRef | None]] = {}


# Scope


def scope(queryset: "QuerySet[M]", actor: Actor, *, path: str = "institution__public_id") -> "QuerySet[M]":
    """The rows of a table that the actor may see: the centre all, an institution its own.

    Args:
        path: From a row to the public id of the institution that owns it.
    """
    if actor.is_centre:
        return queryset
    if not actor.institution:
        return queryset.none()
    return queryset.filter(**{path: actor.institution})


def visible(actor: Actor) -> "QuerySet[Institution]":
    """The institutions that the actor may see."""
    return scope(Institution.objects.select_related("region"), actor, path="public_id")


def visible_terminals(actor: Actor) -> "QuerySet[Terminal]":
    """The terminals that the actor may see."""
    return scope(Terminal.objects.select_related("institution"), actor)


def visible_staff(actor: Actor) -> "QuerySet[StaffMembership]":
    """The memberships that the actor may see."""
    return scope(StaffMembership.objects.select_related("institution", "account"), actor)


# Single things, for rooms that have checked who asks


def institution_by_public_id(public_id: str) -> InstitutionRef | None:
    """The institution with this public id."""
    return _ref(Institution.objects.select_related("region").filter(public_id=public_id).first())


def institution_pk(public_id: str) -> int | None:
    """The key of the institution with this public id, for new rows about it."""
    return Institution.objects.filter(public_id=public_id).values_list("pk", flat=True).first()


def institution_by_hospital_id(hospital_id: str) -> InstitutionRef | None:
    """The institution that the Tencent-compatible dialect calls by this number."""
    return _ref(Institution.objects.select_related("region").filter(hospital_id=hospital_id).first())


def terminal_of(institution: str, terminal_id: str) -> TerminalRef | None:
    """The terminal of an institution by its own number.

    Args:
        institution: Public id.
    """
    row = Terminal.objects.filter(institution__public_id=institution, terminal_id=terminal_id).first()
    if row is None:
        return None
    return TerminalRef(
        public_id=row.public_id,
        institution=institution,
        terminal_id=row.terminal_id,
        name=row.name,
        kind=row.kind,
        place=row.place,
        state=row.state,
        client=row.client,
        must_sign_in=row.must_sign_in,
        session_digest=row.session_digest,
        session_until=row.session_until,
    )


def hot_terminal(institution: str, terminal_id: str, *, generation: int | None = None) -> TerminalRef | None:
    """As ``terminal_of``, from the process's memory for up to two seconds, for hot paths.

    Args:
        generation: The caller's; what was read at another one is read again, so that a terminal
            that was disabled is refused at the next call. Without it, within two seconds.
    """
    key = (institution, terminal_id)
    moment = time.monotonic()
    known = _hot_terminals.get(key)
    if known is not None and moment - known[0] < _HOT_SECONDS and generation in {None, known[1]}:
        return known[2]
    found = terminal_of(institution, terminal_id)
    if len(_hot_terminals) >= _HOT_LIMIT:
        _hot_terminals.clear()
    _hot_terminals[key] = (moment, generation, found)
    return found


def forget_terminals() -> None:
    """Read every terminal again: this process at once, the others when they see the generation."""
    _hot_terminals.clear()


def require_session(terminal: TerminalRef, token: str) -> None:
    """Refuse a call that names a terminal without proof of the terminal's own sign-in.

    Raises:
        TerminalNotSignedIn: The token is missing, wrong or out of date.
    """
    is_ours = gmcrypto.same(session_digest(token).encode(), terminal.session_digest.encode())
    until = terminal.session_until
    if not token or not is_ours or until is None or until <= clock.now():
        raise TerminalNotSignedIn


def has_signed_in_terminals(institution: str, client: str) -> bool:
    """Whether a terminal of the client's has to sign in, also one that is switched off now.

    Args:
        institution: Public id; a client names terminals of its own institution alone.
    """
    return Terminal.objects.filter(
        institution__public_id=institution, client=client, must_sign_in=True
    ).exists()


def session_digest(token: str) -> str:
    """What is kept of a terminal's token, which has 160 random bits."""
    return gmcrypto.sm3(f"ehc.terminal.1\x1f{token}".encode()).hex()


def is_region(code: str) -> bool:
    """Whether there is a division of this code."""
    return Region.objects.filter(code=code).exists()


def region_choices() -> list[tuple[str, str]]:
    """Codes and names of the divisions, in the order of their codes."""
    return list(Region.objects.order_by("code").values_list("code", "name"))


def names(public_ids: Iterable[str]) -> dict[str, str]:
    """Short names by public id, in one query; unknown ids are left out."""
    wanted = {public_id for public_id in public_ids if public_id}
    if not wanted:
        return {}
    return dict(Institution.objects.filter(public_id__in=wanted).values_list("public_id", "short_name"))


def serves_city(code: str) -> bool:
    """Whether an approved institution lies in a city, by the first four digits of its division."""
    return Institution.objects.filter(
        state=InstitutionState.APPROVED, region__code__startswith=code[:4]
    ).exists()


def places(public_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Codes and names by public id, in one query; unknown ids are left out."""
    wanted = {public_id for public_id in public_ids if public_id}
    rows = Institution.objects.filter(public_id__in=wanted).values_list("public_id", "code", "name")
    return {public_id: (code, name) for public_id, code, name in rows}


def _ref(row: Institution | None) -> InstitutionRef | None:
    if row is None:
        return None
    return InstitutionRef(
        public_id=row.public_id,
        code=row.code,
        name=row.name,
        short_name=row.short_name,
        region=row.region.code,
        hospital_id=row.hospital_id or "",
        state=row.state,
    )


# Staff


def staff_actor(request: HttpRequest) -> Actor:
    """The member of staff who is signed in with both factors, as an actor.

    The actor's scopes are the role and, for staff of the centre, ``centre``.

    Raises:
        AuthenticationRequired: Nobody is signed in.
        SecondFactorRequired: The session was opened by password alone.
        NoMembership: A resident, or staff without a task at an open institution.
    """
    known = getattr(request, "staff_actor", None)
    if isinstance(known, Actor):
        return known
    account = request.user
    if not account.is_authenticated:
        raise AuthenticationRequired
    if not account.is_staff or not account.is_active:
        raise NoMembership
    if not has_second_factor(request):
        raise SecondFactorRequired
    actor = actor_of_account(account.public_id)
    if actor is None:
        raise NoMembership
    request.staff_actor = actor  # type: ignore[attr-defined]
    return actor


def actor_of_account(account: str) -> Actor | None:
    """The actor that a staff account's task makes it; None without one, or while suspended."""
    membership = (
        StaffMembership.objects.select_related("institution")
        .filter(account__public_id=account, is_active=True)
        .first()
    )
    if membership is None:
        return None
    place = membership.institution
    if place is None:
        return Actor(kind=ActorKind.STAFF, id=account, scopes=frozenset({CENTRE, membership.role}))
    if place.state == InstitutionState.SUSPENDED:
        return None
    return Actor(
        kind=ActorKind.STAFF, id=account, institution=place.public_id, scopes=frozenset({membership.role})
    )
