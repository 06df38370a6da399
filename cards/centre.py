"""The centre's rules: reading those in force, and adding a version."""

import threading
import time
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from cards.models.centre import CentreRules
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from identity.types import FamilyLimits
from institutions.rules import Duty
from institutions.services import require

CACHE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules as code reads them; the meanings are those of ``CentreRules``."""

    lifetime_seconds: int = 60
    skew_seconds: int = 10
    refresh_seconds: int = 50
    prefetch_windows: int = 3
    uses_per_code: int = 1
    session_minutes: int = 30
    static_allowed: bool = True
    # Static codes identify at registration, where a document is shown anyway.
    static_scenes: frozenset[str] = frozenset({"010101"})
    reports_swapped: bool = False
    forged_per_minute: int = 20
    page_codes_per_minute: int = 40
    institution_codes_per_hour: int = 20
    appointments_per_card: int = 10
    appointments_per_user: int = 20
    appointments_per_address: int = 100
    dependants_per_account: int = 5
    guardians_per_person: int = 4
    temporary_days: int = 30

    @property
    def family(self) -> FamilyLimits:
        """The limits of family cards, as the identity room takes them."""
        return FamilyLimits(self.dependants_per_account, self.guardians_per_person)


NAMES = tuple(field.name for field in fields(Rules))


class _Cache:
    """The rules of this process, at most two seconds old."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rules = Rules()
        self.read_at = -CACHE_SECONDS

    def get(self) -> Rules:
        if time.monotonic() - self.read_at < CACHE_SECONDS:
            return self.rules
        rules = rules_at(clock.now())
        with self.lock:
            self.rules, self.read_at = rules, time.monotonic()
        return rules


_cache = _Cache()


def rules_in_force() -> Rules:
    """The rules that hold now; a change is seen everywhere within two seconds."""
    return _cache.get()


def forget() -> None:
    """Read the rules again at the next occasion."""
    _cache.read_at = -CACHE_SECONDS


def rules_at(moment: datetime) -> Rules:
    """The rules of a moment, as far as they are set today."""
    row = _version(moment)
    if row is None:
        return Rules()
    values = {name: getattr(row, name) for name in NAMES}
    values["static_scenes"] = frozenset(values["static_scenes"])
    return Rules(**values)


def _version(moment: datetime) -> CentreRules | None:
    return CentreRules.objects.filter(in_force_from__lte=moment).first()


def visible_rules(actor: Actor) -> "QuerySet[CentreRules]":
    """The versions that staff may see: the centre all, nobody else any."""
    return CentreRules.objects.all() if actor.is_centre else CentreRules.objects.none()


def version_in_force() -> str:
    """Public id of the version that holds now; empty while the defaults hold."""
    row = _version(clock.now())
    return row.public_id if row is not None else ""


def _is(rules: Rules, name: str, value: Any) -> bool:
    held = getattr(rules, name)
    return bool(held == (frozenset(value) if isinstance(held, frozenset) else value))


@transaction.atomic
def change_rules(
    *, actor: Actor, reason: str, in_force_from: datetime | None = None, **changes: Any
) -> CentreRules:
    """Add a version of the rules: those in force when it begins, with some changed.

    Args:
        actor: Somebody of the card centre.
        reason: Why; kept with the version.
        in_force_from: Now, if it is not given.
        changes: Fields of ``Rules`` with their new values.

    Raises:
        PermissionRefused: If the actor has not the duty.
        InvalidInput: If a value is out of range, or the reason is empty; ``field`` names it.
    """
    require(actor, Duty.CHANGE_CENTRE_RULES)
    if not reason.strip():
        raise InvalidInput(field="reason")
    unknown = set(changes) - set(NAMES)
    if unknown:
        raise InvalidInput(field=min(unknown))
    moment = clock.now()
    begins = in_force_from or moment
    base = rules_at(begins)
    changes = {name: value for name, value in changes.items() if not _is(base, name, value)}
    values = {name: getattr(base, name) for name in NAMES} | changes
    values["static_scenes"] = sorted(values["static_scenes"])
    row = CentreRules(
        **values,
        in_force_from=begins,
        changed_by=actor.id,
        reason=reason.strip(),
        created_at=moment,
    )
    try:
        row.full_clean()
    except ValidationError as exc:
        name = next(iter(exc.message_dict))
        raise InvalidInput(field="refresh_seconds" if name == "__all__" else name) from exc
    row.save()
    audit.record(
        Action.CENTRE_RULE_CHANGED,
        actor=actor,
        subject=row,
        reason=row.reason,
        details={"fields": sorted(changes)},
    )
    transaction.on_commit(forget)
    return row
