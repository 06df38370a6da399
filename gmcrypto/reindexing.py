"""Moving the rows of all models to another INDEX key, in batches that may be stopped and started again.

The stages and the reason why each is safe beside running writes are told in ``gmcrypto.index``.

1. ``keystore.prepare``: services write the new index beside the old one.
2. ``fill``: the same for the rows that were there before.
3. ``keystore.rotate``: rows are searched and written under the new key.
4. ``switch``: the second column becomes the first.
5. ``keystore.finish``: the second column is no longer written.

Between one stage and the next every process has to learn of it, and whatever began before has to
end: ``open_until`` says how long that takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction
from django.db.models import F, Q

from foundation.core import clock
from gmcrypto import index, keystore
from gmcrypto.errors import KeyDestroyed, RotationRefused
from gmcrypto.fields import prefetch_keys
from gmcrypto.index import SECOND
from gmcrypto.indexed import Indexed, all_indexed, pairs_of
from gmcrypto.keyring import CACHE_SECONDS, Key, Purpose
from gmcrypto.models import IndexMove

BATCH = 500
SETTLE = timedelta(seconds=2 * CACHE_SECONDS)
"""After this time every process has read the keys again."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """What a stage did: rows changed, and rows left because the key of their values is destroyed."""

    changed: int = 0
    destroyed: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(self.changed + other.changed, self.destroyed + other.destroyed)


def open_until(key: Key) -> datetime | None:
    """The moment before which the next stage may not begin; None if it has come.

    While a transaction is open that may have begun before all processes knew the key's state,
    it is a moment in the near future, again and again.
    """
    settled = key.since + SETTLE
    moment = clock.now()
    if moment < settled:
        return settled
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND pid <> pg_backend_pid() AND xact_start < %s",
            [settled],
        )
        (count,) = cursor.fetchone()
    return moment + timedelta(seconds=5) if count else None


def fill(*, batch: int = BATCH, report: Report) -> Moved:
    """Write the index under the next key into every row of every model.

    Raises:
        RotationRefused: If no next key is prepared, or if rows hold a value twice.
    """
    key = keystore.next_key(Purpose.INDEX)
    if key is None:
        raise RotationRefused("Prepare the next index key first.")
    done = Moved()
    for indexed in all_indexed():
        move, _created = IndexMove.objects.get_or_create(kid=key.kid, model=indexed.label)
        if move.finished_at is None:
            _walk(indexed, move, batch, report)
        done += Moved(move.changed, move.destroyed)
        _require_filled(indexed, batch)
    return done


def switch(*, batch: int = 5_000, report: Report) -> Moved:
    """Make the second columns the first, once the key has been rotated.

    Raises:
        RotationRefused: While the next key is only prepared: the first column is still needed.
    """
    if keystore.next_key(Purpose.INDEX) is not None:
        raise RotationRefused("Rotate the index key first.")
    changed = 0
    for indexed in all_indexed():
        for column in pairs_of(indexed.model):
            waiting = indexed.model._base_manager.filter(_differs(column)).order_by("pk")
            last = 0
            while pks := list(waiting.filter(pk__gt=last).values_list("pk", flat=True)[:batch]):
                rows = indexed.model._base_manager.filter(_differs(column), pk__in=pks)
                changed += rows.update(**{column: F(column + SECOND)})
                last = pks[-1]
                report(f"{indexed.label}.{column} up to {last}")
    return Moved(changed)


def require_switched() -> None:
    """Raise RotationRefused while a row is found by its second column alone."""
    for indexed in all_indexed():
        for column in pairs_of(indexed.model):
            if indexed.model._base_manager.filter(_differs(column)).exists():
                raise RotationRefused(f"Rows of {indexed.label} are not switched yet.")


def progress(kid: str) -> list[IndexMove]:
    """How far each model has come on the way to a key."""
    return list(IndexMove.objects.filter(kid=kid).order_by("model"))


def _differs(column: str) -> Q:
    return Q(**{f"{column}{SECOND}__isnull": False}) & ~Q(**{column: F(column + SECOND)})


def _has_index(indexed: Indexed) -> Q:
    found = Q(pk__in=())
    for column in indexed.columns:
        found |= Q(**{f"{column}__isnull": False})
    return found


def _lacks(indexed: Indexed) -> Q:
    """The rows whose second column is empty, or still that of the rotation before."""
    lacking = Q(pk__in=())
    for column in pairs_of(indexed.model):
        empty = Q(**{f"{column}{SECOND}__isnull": True}) | Q(**{column + SECOND: F(column)})
        lacking |= Q(**{f"{column}__isnull": False}) & empty
    return lacking


def _walk(indexed: Indexed, move: IndexMove, batch: int, report: Report) -> None:
    while True:
        with transaction.atomic():
            rows = _locked(indexed, _has_index(indexed) & Q(pk__gt=move.last), batch)
            if rows:
                done = _reindex(indexed, rows)
                move.last = rows[-1].pk
                move.changed += done.changed
                move.destroyed += done.destroyed
            else:
                move.finished_at = clock.now()
            move.save()
        if move.finished_at is not None:
            return
        report(f"{indexed.label} up to {move.last}: {move.changed} changed, {move.destroyed} destroyed")


def _require_filled(indexed: Indexed, batch: int) -> None:
    """Once more the rows that are left: only those whose key is destroyed may be among them."""
    last, lacking = 0, _lacks(indexed)
    while True:
        with transaction.atomic():
            rows = _locked(indexed, lacking & Q(pk__gt=last), batch)
            if not rows:
                return
            _reindex(indexed, rows)
        last = rows[-1].pk


def _locked(indexed: Indexed, wanted: Q, batch: int) -> list[models.Model]:
    rows = indexed.model._base_manager.select_for_update(of=("self",), no_key=True)
    found = list(rows.filter(wanted).order_by("pk")[:batch])
    prefetch_keys(found)
    return found


def _reindex(indexed: Indexed, rows: Sequence[models.Model]) -> Moved:
    targets = {column: column for column in indexed.columns}
    targets |= {column: column + SECOND for column in pairs_of(indexed.model)}
    changed, destroyed = [], 0
    for row in rows:
        try:
            terms = indexed.terms_of(row)
        except KeyDestroyed:
            destroyed += 1
            continue
        before = [getattr(row, target) for target in targets.values()]
        for column, target in targets.items():
            term = terms[column] if getattr(row, column) is not None else None
            setattr(row, target, None if term is None else index.latest_blind_index(*term))
        if before != [getattr(row, target) for target in targets.values()]:
            changed.append(row)
    _write(indexed, changed, list(targets.values()))
    return Moved(len(changed), destroyed)


def _write(indexed: Indexed, rows: Sequence[models.Model], columns: list[str]) -> None:
    if not rows:
        return
    try:
        with transaction.atomic():
            indexed.model._base_manager.bulk_update(rows, columns)
    except IntegrityError as error:
        if len(rows) == 1:
            raise RotationRefused(
                f"{indexed.label} {rows[0].pk} holds the same value as another row. "
                "Join or end one of the two, then go on."
            ) from error
        half = len(rows) // 2
        _write(indexed, rows[:half], columns)
        _write(indexed, rows[half:], columns)
