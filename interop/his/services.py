"""Commands about hospitals' systems."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from foundation.core.ids import new_public_id
from foundation.gateway import addresses
from foundation.gateway import selectors as gateway
from foundation.gateway.errors import AddressNotAllowed
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require
from interop.his import selectors
from interop.his.errors import (
    HospitalSystemAddressRefused,
    HospitalSystemGone,
    HospitalSystemKnown,
)
from interop.his.models import HospitalSystem, Offer, SystemState

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A system with the secret that questions are signed with, which is shown this once."""

    system: HospitalSystem
    secret: str = field(repr=False)


@transaction.atomic
def add_system(
    *,
    institution: str,
    base_url: str,
    offers: Sequence[str],
    days_ahead: int = 14,
    every_minutes: int = 5,
    actor: Actor,
    reason: str = "",
) -> NewSecret:
    """Ask an institution's system from now on.

    Args:
        institution: Public id.
        base_url: On a host that a client of the institution has registered.

    Raises:
        PermissionRefused: The actor has not the duty.
        NotFound: The institution is none of the actor's.
        HospitalSystemAddressRefused: The address is on another host, or not https.
        HospitalSystemKnown: There is one already.
    """
    require(actor, Duty.MANAGE_EXCHANGE)
    place = institutions.visible(actor).filter(public_id=institution).first()
    if place is None:
        raise NotFound
    _require_address(institution, base_url)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    try:
        with transaction.atomic():
            system = HospitalSystem.objects.create(
                institution=place,
                base_url=base_url.rstrip("/"),
                key_id=new_public_id(),
                secret=secret,
                offers=_offers(offers),
                days_ahead=days_ahead,
                every_minutes=every_minutes,
                next_pull_at=clock.now(),
            )
    except IntegrityError as exc:
        raise HospitalSystemKnown(field="institution") from exc
    audit.record(Action.HOSPITAL_SYSTEM_ADDED, actor=actor, subject=system, reason=reason)
    return NewSecret(system, secret)


@transaction.atomic
def change_system(
    *,
    system: str,
    base_url: str,
    offers: Sequence[str],
    days_ahead: int,
    every_minutes: int,
    actor: Actor,
    reason: str,
) -> None:
    """Change where a system is asked, for what, and how often.

    Raises:
        PermissionRefused, NotFound, HospitalSystemAddressRefused: As ``add_system``.
    """
    row = _system(system, actor)
    _require_address(row.institution.public_id, base_url)
    changes = {
        "base_url": base_url.rstrip("/"),
        "offers": _offers(offers),
        "days_ahead": days_ahead,
        "every_minutes": every_minutes,
    }
    changed = [name for name, value in changes.items() if getattr(row, name) != value]
    HospitalSystem.objects.filter(pk=row.pk).update(
        **changes, next_pull_at=clock.now(), failures=0, failure="", updated_at=clock.now()
    )
    audit.record(
        Action.HOSPITAL_SYSTEM_CHANGED, actor=actor, subject=row, reason=reason, details={"fields": changed}
    )


@transaction.atomic
def rotate_secret(*, system: str, actor: Actor, reason: str) -> NewSecret:
    """Sign questions with a new secret from now on; the hospital accepts both while it changes over.

    Raises:
        PermissionRefused, NotFound: As ``add_system``.
    """
    row = _system(system, actor)
    row.secret, row.key_id = secrets.token_urlsafe(_SECRET_BYTES), new_public_id()
    row.save(update_fields=["secret", "key_id", "updated_at"])
    audit.record(
        Action.HOSPITAL_SYSTEM_CHANGED, actor=actor, subject=row, reason=reason, details={"kind": "secret"}
    )
    return NewSecret(row, row.secret)


def suspend_system(*, system: str, actor: Actor, reason: str) -> None:
    """Ask it no more.

    Raises:
        PermissionRefused, NotFound: As ``add_system``.
        HospitalSystemGone: It is suspended already.
    """
    _move(system, SystemState.ACTIVE, SystemState.SUSPENDED, actor=actor, reason=reason)


def resume_system(*, system: str, actor: Actor, reason: str) -> None:
    """Ask it again, at once.

    Raises:
        PermissionRefused, NotFound: As ``add_system``.
        HospitalSystemGone: It is in use.
    """
    _move(system, SystemState.SUSPENDED, SystemState.ACTIVE, actor=actor, reason=reason)


@transaction.atomic
def _move(system: str, old: SystemState, new: SystemState, *, actor: Actor, reason: str) -> None:
    row = _system(system, actor)
    moved = HospitalSystem.objects.filter(pk=row.pk, state=old).update(
        state=new, next_pull_at=clock.now(), failures=0, failure="", updated_at=clock.now()
    )
    if not moved:
        raise HospitalSystemGone
    audit.record(
        Action.HOSPITAL_SYSTEM_CHANGED,
        actor=actor,
        subject=row,
        reason=reason,
        details={"before": old.value, "after": new.value},
    )


def _system(public_id: str, actor: Actor) -> HospitalSystem:
    require(actor, Duty.MANAGE_EXCHANGE)
    row = selectors.visible_systems(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    return row


def _require_address(institution: str, base_url: str) -> None:
    try:
        addresses.require_address(base_url, gateway.hosts_of(institution), field="base_url")
    except AddressNotAllowed as exc:
        raise HospitalSystemAddressRefused(field="base_url") from exc


def _offers(given: Sequence[str]) -> list[str]:
    if not set(given) <= set(Offer.values):
        raise InvalidInput(field="offers")
    return sorted(set(given))
