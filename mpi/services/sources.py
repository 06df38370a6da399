"""The numbers under which institutions know a person."""

from functools import partial

from django.db import IntegrityError, transaction

from foundation.core import clock
from foundation.core.errors import InvalidInput
from foundation.events import inbound, sequence
from gmcrypto.index import blind_index, next_blind_index
from mpi import indexes, selectors
from mpi.errors import SourceRecordTaken
from mpi.models import Person, SourceRecord

LONGEST_LOCAL_ID = 64


def link_source_record(*, person_pk: int, source: str, local_id: str) -> bool:
    """Keep the number under which a source knows the person, whom the caller holds.

    Returns:
        Whether the link is new.

    Raises:
        InvalidInput: If the number is empty or too long.
        SourceRecordTaken: If the source's number is linked to somebody else.
    """
    local_id = local_id.strip()
    if not 0 < len(local_id) <= LONGEST_LOCAL_ID:
        raise InvalidInput(field="patient_id")
    if _is_linked(person_pk, source, local_id):
        return False
    root = selectors.survivor(person_pk)
    try:
        with transaction.atomic():
            SourceRecord.objects.create(
                person=Person.objects.get(pk=root),
                source=source,
                local_id=local_id,
                local_index=blind_index(indexes.LOCAL_ID, local_id),
                local_index_next=next_blind_index(indexes.LOCAL_ID, local_id),
                created_at=clock.now(),
            )
    except IntegrityError:
        if _is_linked(person_pk, source, local_id):
            return False
        raise
    transaction.on_commit(partial(take_up_events, source=source))
    return True


def take_up_events(*, source: str) -> None:
    """Apply what the source told of somebody whom nobody knew until now."""
    sequence.release_waiting_for_person(source=inbound.source_of(source))


def _is_linked(person_pk: int, source: str, local_id: str) -> bool:
    found = selectors.sourced(source, local_id)
    if found is None:
        return False
    if found.person_id not in selectors.cluster(person_pk):
        raise SourceRecordTaken(field="patient_id")
    return True
