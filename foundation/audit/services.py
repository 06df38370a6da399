"""Writing audit entries.

``record`` runs inside the caller's transaction: the entry stands exactly when the change
stands. Entries are inserted unchained, so that writers never wait for each other; the sealer
chains what is committed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor

# What ``details`` may name. Values are codes, states, versions and keyed digests; a field
# that could hold a person's data is not on the list.
ALLOWED_DETAILS = frozenset(
    {
        "after",
        "algorithm",
        "amount_fen",
        "before",
        "channel",
        "code_kind",
        "count",
        "device",
        "digest",
        "environment",
        "fields",
        "key_version",
        "kind",
        "level",
        "method",
        "outcome",
        "purpose",
        "provider",
        "reference",
        "relation",
        "role",
        "scene",
        "scopes",
        "state",
        "terminal",
        "version",
    }
)
_COLUMNS = (
    "at, action, actor_kind, actor_id, on_behalf_of, institution, subject_type, subject_id, reason, details"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry to write.

    Attributes:
        subject: ``(type, public id)``, for example ``("cards.Card", "9v1...")``.
    """

    action: Action
    actor: Actor
    subject: tuple[str, str]
    institution: str = ""
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def subject_of(thing: Any) -> tuple[str, str]:
    """A model's row, or a ready pair, as the subject of an entry."""
    if isinstance(thing, tuple):
        return thing
    return thing._meta.label, thing.public_id


def record(
    action: Action,
    *,
    actor: Actor,
    subject: Any,
    institution: str = "",
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry in the caller's transaction.

    Args:
        subject: A row with a ``public_id``, or ``(type, public id)``.
        institution: Whose affair it is; by default the actor's institution.
        details: Field names of ``ALLOWED_DETAILS`` only.

    Raises:
        ValueError: If ``details`` names a field that is not on the list.
    """
    _check(details or {})
    type_, id_ = subject_of(subject)
    AuditEntry.objects.create(
        at=clock.now(),
        action=action.value,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        on_behalf_of=actor.on_behalf_of,
        institution=institution or actor.institution,
        subject_type=type_,
        subject_id=id_,
        reason=reason,
        details=dict(details or {}),
    )


def record_many(entries: Iterable[Entry]) -> int:
    """Write many entries by COPY, in the caller's transaction.

    Returns:
        The number written.
    """
    written = 0
    # The savepoint turns a broken COPY into an error of this call alone.
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY audit_entry ({_COLUMNS}) FROM STDIN") as copy,
    ):
        for entry in entries:
            _check(entry.details)
            copy.write_row(
                (
                    entry.at or clock.now(),
                    entry.action.value,
                    entry.actor.kind.value,
                    entry.actor.id,
                    entry.actor.on_behalf_of,
                    entry.institution or entry.actor.institution,
                    *entry.subject,
                    entry.reason,
                    orjson.dumps(dict(entry.details)).decode(),
                )
            )
            written += 1
    return written


def _check(details: Mapping[str, Any]) -> None:
    unknown = set(details) - ALLOWED_DETAILS
    if unknown:
        raise ValueError(f"audit details may not name {', '.join(sorted(unknown))}")
