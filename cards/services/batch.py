"""Lists of people for whom cards are made in advance: handed in, stopped, gone on with, cancelled."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

import gmcrypto
from cards import tasks
from cards.batch.cleansing import CleanRow, cleanse
from cards.batch.reading import RawRow
from cards.batch.selectors import LOCAL_DOMAIN
from cards.batch.states import OPEN, RUNNABLE, BatchState, Reason, RowState
from cards.errors import BatchNotFound, BatchRepeated
from cards.models import Batch, BatchRow
from cards.selectors import require_open_channel
from cards.states import Channel
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, locks
from foundation.core.actor import Actor
from foundation.core.errors import StalePage
from foundation.core.rows import insert_many
from gmcrypto import index, subject_keys
from institutions.rules import Duty
from institutions.services import require_of_staff

_FILE_DOMAIN = "batch-file"


@transaction.atomic
def hand_in(
    *,
    rows: Sequence[RawRow],
    content: bytes,
    kind: str,
    institution_pk: int | None,
    actor: Actor,
    reason: str = "",
) -> Batch:
    """Take a list in: cleansed and encrypted, to be worked on by the background.

    Args:
        content: What the list was read from; only a keyed digest of it is kept.
        institution_pk: Whose people they are; none for a list of the card centre.

    Raises:
        ChannelStopped: If the centre has stopped cards in advance.
        BatchRepeated: If the same list is here already.
    """
    require_of_staff(actor, Duty.MANAGE_BATCHES)
    require_open_channel(Channel.BATCH)
    today = clock.beijing(clock.now()).date()
    clean = cleanse(rows, today=today)
    text = gmcrypto.sm3(content).hex()
    # The digest cannot be made again when the index key is exchanged, so a list of before has
    # another one, which the constraint does not compare.
    locks.hold("batch", text)
    known_as = index.blind_index_versions(_FILE_DOMAIN, text)
    same = Batch.objects.filter(institution=institution_pk, digest__in=known_as)
    if same.exclude(state=BatchState.CANCELLED).exists():
        raise BatchRepeated
    try:
        with transaction.atomic():
            batch = Batch.objects.create(
                institution_id=institution_pk,
                kind=kind,
                digest=index.blind_index(_FILE_DOMAIN, text),
                total=len(clean),
                handed_in_kind=actor.kind.value,
                handed_in_by=actor.id,
            )
    except IntegrityError as exc:
        raise BatchRepeated from exc
    with subject_keys.remembering_keys():
        subject_keys.make_subject_keys([batch.public_id])
        insert_many([_row(batch, row) for row in clean])
    audit.record(
        Action.BATCH_HANDED_IN, actor=actor, subject=batch, reason=reason, details={"count": len(clean)}
    )
    _start(batch.public_id)
    return batch


@transaction.atomic
def pause_batch(*, batch_pk: int, reason: str, actor: Actor) -> None:
    """Let a list rest: the lines that are under way are finished or left as they were.

    Raises:
        StalePage: If it is not under way.
    """
    _move(batch_pk, RUNNABLE, BatchState.PAUSED, Action.BATCH_PAUSED, reason=reason, actor=actor)


@transaction.atomic
def resume_batch(*, batch_pk: int, reason: str, actor: Actor) -> None:
    """Go on with a list where it stopped.

    Raises:
        StalePage: If it does not rest.
        ChannelStopped: If the centre has stopped cards in advance.
    """
    require_open_channel(Channel.BATCH)
    batch = _move(
        batch_pk,
        (BatchState.PAUSED.value,),
        BatchState.QUEUED,
        Action.BATCH_RESUMED,
        reason=reason,
        actor=actor,
    )
    _start(batch.public_id)


@transaction.atomic
def cancel_batch(*, batch_pk: int, reason: str, actor: Actor) -> None:
    """Give a list up: cards that it made stay, lines that wait are not worked on any more.

    Raises:
        StalePage: If it is done or cancelled already.
    """
    _move(batch_pk, OPEN, BatchState.CANCELLED, Action.BATCH_CANCELLED, reason=reason, actor=actor)
    BatchRow.objects.filter(batch=batch_pk, state=RowState.WAITING).update(
        state=RowState.CANCELLED, reason=Reason.BATCH_CANCELLED, decided_at=clock.now()
    )


def _row(batch: Batch, row: CleanRow) -> BatchRow:
    patient_id = row.content.get("patient_id", "")
    return BatchRow(
        batch=batch,
        subject=batch.public_id,
        line=row.line,
        content=dict(row.content),
        local_index=index.latest_blind_index(LOCAL_DOMAIN, patient_id) if patient_id else None,
        state=row.state,
        reason=row.reason,
        reason_number=row.reason_number,
        decided_at=None if row.state is RowState.WAITING else clock.now(),
    )


def _move(
    batch_pk: int, before: Sequence[str], after: BatchState, action: Action, *, reason: str, actor: Actor
) -> Batch:
    require_of_staff(actor, Duty.MANAGE_BATCHES)
    batch = Batch.objects.select_for_update().filter(pk=batch_pk).first()
    if batch is None:
        raise BatchNotFound
    if batch.state not in before:
        raise StalePage
    was, batch.state = batch.state, after
    # Whoever works on it finds the lease gone, and leaves the lines as they are.
    batch.lease, batch.lease_until, batch.resume_at, batch.note = "", None, None, ""
    batch.finished_at = clock.now() if after is BatchState.CANCELLED else None
    batch.save()
    audit.record(
        action, actor=actor, subject=batch, reason=reason, details={"before": was, "after": after.value}
    )
    return batch


def _start(public_id: str) -> None:
    transaction.on_commit(lambda: tasks.work_batch.delay(public_id))
