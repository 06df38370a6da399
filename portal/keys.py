"""Exchanging the keys of this installation, each step in the audit.

It is done here and not in gmcrypto, which stands below the audit. Commands call it; there is no
page for it: who changes keys sits at the machine.
"""

from datetime import datetime

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from gmcrypto import keystore, reindexing
from gmcrypto.errors import RotationRefused
from gmcrypto.keyring import Key, Purpose
from gmcrypto.reindexing import Report


@transaction.atomic
def rotate(purpose: Purpose, *, actor: Actor, reason: str) -> Key:
    """Take a new key for a purpose into use.

    Raises:
        RotationRefused: For the index key, whose rows have to be moved first.
    """
    if purpose is Purpose.INDEX:
        raise RotationRefused("The index key has a command of its own: rotate_index_key.")
    key = keystore.rotate(purpose)
    _record(Action.KEY_ROTATED, key, actor=actor, reason=reason)
    return key


@transaction.atomic
def begin_index(*, actor: Actor, reason: str) -> Key:
    """Prepare the next index key; from now on services write both indexes.

    Raises:
        RotationRefused: If a rotation is under way.
    """
    key = keystore.prepare(Purpose.INDEX)
    _record(Action.KEY_PREPARED, key, actor=actor, reason=reason)
    return key


def advance_index(*, actor: Actor, reason: str, report: Report) -> datetime | None:
    """Do what can be done now of the rotation that is under way; may be stopped at any time.

    Returns:
        When to go on; None when the rotation is finished.

    Raises:
        RotationRefused: If none is under way, or if two rows hold the same value.
    """
    upcoming = keystore.next_key(Purpose.INDEX)
    if upcoming is not None:
        later = reindexing.open_until(upcoming)
        if later is not None:
            return later
        moved = reindexing.fill(report=report)
        report(f"filled: {moved.changed} rows changed, {moved.destroyed} with a destroyed key")
        with transaction.atomic():
            key = keystore.rotate(Purpose.INDEX)
            _record(Action.KEY_ROTATED, key, actor=actor, reason=reason, count=moved.changed)
    elif keystore.leaving_key(Purpose.INDEX) is None:
        raise RotationRefused("No rotation of the index key is under way.")
    later = reindexing.open_until(keystore.active(Purpose.INDEX))
    if later is not None:
        return later
    moved = reindexing.switch(report=report)
    reindexing.require_switched()
    with transaction.atomic():
        key = keystore.finish(Purpose.INDEX)
        _record(Action.KEY_RETIRED, key, actor=actor, reason=reason, count=moved.changed)
    return None


@transaction.atomic
def change_root(*, actor: Actor, reason: str) -> int:
    """Wrap every key under the root key of today; returns how many were under the one before.

    Raises:
        KeyUnavailable: If one is under neither.
    """
    changed = keystore.rewrap_keys()
    audit.record(
        Action.ROOT_KEY_CHANGED,
        actor=actor,
        subject=("gmcrypto.ManagedKey", "root"),
        reason=reason,
        details={"count": changed},
    )
    return changed


def _record(action: Action, key: Key, *, actor: Actor, reason: str, count: int | None = None) -> None:
    counted = {} if count is None else {"count": count}
    audit.record(
        action,
        actor=actor,
        subject=("gmcrypto.ManagedKey", key.kid),
        reason=reason,
        details={"purpose": key.purpose.value, "key_version": key.version, **counted},
    )
