"""Moving stored values to new keys, in batches that may be stopped and started again.

After the rotation of a DATA key `reencrypt_fields` moves the values and the wrapped keys of
persons; when it finds nothing more to do, the old version opens nothing any longer. The INDEX key
has a way of its own: `gmcrypto.reindexing`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import models, transaction

from gmcrypto import subject_keys
from gmcrypto.errors import KeyDestroyed
from gmcrypto.fields import Sealed, encrypted_fields, prefetch_keys
from gmcrypto.models import SubjectKey

BATCH = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: rows looked at, rows changed, rows whose key is destroyed, last primary key."""

    seen: int = 0
    changed: int = 0
    destroyed: int = 0
    last: int = 0


def reencrypt_model(
    model: type[models.Model], *, after: int = 0, batch: int = BATCH, report: Callable[[Progress], None]
) -> Progress:
    """Encrypt every value of the model under the key that a write would take today.

    Rows that are already there are left alone, so a second run does only what is missing.
    """
    progress = Progress(last=after)
    while True:
        with transaction.atomic():
            rows = list(
                model._base_manager.select_for_update(of=("self",))
                .filter(pk__gt=progress.last)
                .order_by("pk")[:batch]
            )
            if not rows:
                return progress
            prefetch_keys(rows)
            outcomes = [_reencrypt_row(row) for row in rows]
        progress = Progress(
            seen=progress.seen + len(rows),
            changed=progress.changed + outcomes.count("changed"),
            destroyed=progress.destroyed + outcomes.count("destroyed"),
            last=rows[-1].pk,
        )
        report(progress)


def rewrap_subject_keys(*, batch: int = BATCH, report: Callable[[Progress], None]) -> Progress:
    """Wrap the keys of all persons under the active DATA key."""
    progress = Progress()
    while True:
        rows = list(
            SubjectKey.objects.filter(pk__gt=progress.last, wrapped__isnull=False).order_by("pk")[:batch]
        )
        if not rows:
            return progress
        with transaction.atomic():
            changed = subject_keys.rewrap_subject_keys(rows)
        progress = Progress(
            seen=progress.seen + len(rows), changed=progress.changed + changed, last=rows[-1].pk
        )
        report(progress)


def _reencrypt_row(row: models.Model) -> str:
    changes: dict[str, Sealed] = {}
    try:
        for field in encrypted_fields(type(row)):
            stored = row.__dict__[field.attname]
            if isinstance(stored, Sealed) and stored.key_id() != field.current_key_id(row):
                changes[field.attname] = field.seal(row, getattr(row, field.attname))
    except KeyDestroyed:
        return "destroyed"
    if not changes:
        return "current"
    type(row)._base_manager.filter(pk=row.pk).update(**changes)
    return "changed"


Walk = Callable[[int, Callable[[Progress], None]], Progress]
_elsewhere: dict[str, Walk] = {}


def register(name: str, walk: Walk) -> None:
    """Say how values that rest in other columns than encrypted fields are moved; ``walk(batch, report)``."""
    _elsewhere[name] = walk


def elsewhere() -> list[tuple[str, Walk]]:
    """Every such place, with its walk."""
    return sorted(_elsewhere.items())


def models_with_encrypted_fields(candidates: Iterable[type[models.Model]]) -> list[type[models.Model]]:
    """Those of the models that hold encrypted fields, without proxies."""
    return [model for model in candidates if encrypted_fields(model) and not model._meta.proxy]
