"""Anchors of a person: held together for a rule, and erased."""

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from gmcrypto import subject_keys
from mpi import selectors
from mpi.errors import PersonErased
from mpi.models import Identifier, Person, Sex, SourceRecord


def lock_cluster(person_pk: int) -> list[int]:
    """Hold the person until the end of the transaction, and return every anchor of the cluster.

    For rules that hold per person and not per anchor. Joining persons takes the same lock, so
    the cluster cannot change meanwhile. Rows that merely point at the person do not wait.

    Raises:
        NotFound: If there is no such anchor.
    """
    return selectors.cluster(hold(person_pk).pk)


def hold(person_pk: int) -> Person:
    """The same, returning the survivor, of whom nothing but the keys was read.

    Raises:
        NotFound: If there is no such anchor.
    """
    while True:
        root = selectors.survivor(person_pk)
        held = Person.objects.select_for_update(no_key=True).only("pk", "public_id").get(pk=root)
        if selectors.survivor(person_pk) == root:
            return held


def take_on(person_pk: int) -> int:
    """Hold a person about whom something new is written, and return the survivor's key.

    Whoever shreds persons holds them as well, before looking whether anybody needs them. So
    either what is written here is seen in time, or the person is found to be gone.

    Raises:
        NotFound: If there is no such anchor.
        PersonErased: If the person's key was destroyed, whatever keys this process remembers.
    """
    held = hold(person_pk)
    if subject_keys.is_destroyed(held.public_id):
        raise PersonErased
    return held.pk


@transaction.atomic
def destroy_person_key(*, person_pk: int, actor: Actor, reason: str) -> bool:
    """Make a person's data unreadable for good; the anchor and its links stay.

    The keys of every anchor of the cluster go first; then what could still find the person:
    tokens, indexes, numbers of sources. Backups keep the keys until they expire.

    Returns:
        Whether there was a key left to destroy.
    """
    anchors = Person.objects.filter(pk__in=lock_cluster(person_pk))
    destroyed = [anchor for anchor in anchors if subject_keys.destroy_subject_key(anchor.public_id)]
    anchors.update(
        name_token=None,
        pinyin_token=None,
        surname_birth_token=None,
        sex=Sex.UNKNOWN,
        nation="",
        updated_at=clock.now(),
    )
    Identifier.objects.filter(person__in=anchors).delete()
    SourceRecord.objects.filter(person__in=anchors).delete()
    for anchor in destroyed:
        audit.record(Action.PERSON_ERASED, actor=actor, subject=anchor, reason=reason)
    return bool(destroyed)
