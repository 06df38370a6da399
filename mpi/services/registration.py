"""Registering persons: by a certificate, or without one."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.text import normalise_name
from foundation.events import services as events
from mpi import rules, selectors
from mpi.errors import IdentityConflict, SourceRecordTaken, raise_first
from mpi.events import PersonRegistered
from mpi.models import Identifier, Person
from mpi.rows import differences, set_tokens, unsaved_person
from mpi.services.anchors import hold
from mpi.services.identifiers import insert_certificate
from mpi.services.sources import link_source_record
from mpi.types import PersonIdentity, PersonRef, Registration
from mpi.validation import check_codes, checked_identity

Found = TypeVar("Found", Identifier, PersonRef)


def register_person(*, identity: PersonIdentity, source: str, actor: Actor) -> Registration:
    """Find the person by the certificate, or register them.

    An exact match by type and number; nothing of a person who is found is changed. Of several
    callers with the same number one registers, by the unique constraint on the index, and the
    others find that person. Who is found is held until the end of the caller's transaction, so
    that nobody is shredded while something is written about them.

    Args:
        source: Who says so: the public id of an institution, or a channel.

    Raises:
        InvalidParticulars: One subclass for each kind of fault.
        IdentityConflict: If the number is registered with another name or birth date.
    """
    identity = checked_identity(identity)
    found = _match(identity)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            person = _create(identity)
            audit.record(Action.PERSON_REGISTERED, actor=actor, subject=person, details={"channel": source})
            events.publish(PersonRegistered(person_id=person.public_id, source=source))
    except IntegrityError:
        # Somebody else registered the number since we looked; theirs is committed by now.
        found = _match(identity)
        if found is None:
            raise
        return found
    return Registration(person.pk, person.public_id, created=True)


def register_unidentified(
    *, name: str, sex: str, nationality: str, source: str, local_id: str, actor: Actor
) -> Registration:
    """Register somebody without a certificate, or find whom the source knows by its number.

    Args:
        name: A placeholder where nobody knows it.
        source: Public id of the institution that treats them.
        local_id: Its own number for them: all there is to recognise them by.

    Raises:
        InvalidParticulars, InvalidInput: If name, sex, nationality or number cannot be.
    """
    raise_first(rules.check_name(name))
    check_codes(sex=sex, nation="", nationality=nationality)
    known = _known(source, local_id)
    if known is not None:
        return Registration(known.person_pk, known.person_id, created=False)
    try:
        with transaction.atomic():
            person = Person(name=normalise_name(name), sex=sex, nationality=nationality)
            set_tokens(person)
            person.save()
            link_source_record(person_pk=person.pk, source=source, local_id=local_id)
            audit.record(Action.PERSON_REGISTERED, actor=actor, subject=person, details={"channel": source})
            events.publish(PersonRegistered(person_id=person.public_id, source=source))
    except SourceRecordTaken:
        # Somebody else registered the source's number since we looked.
        known = _known(source, local_id)
        if known is None:
            raise
        return Registration(known.person_pk, known.person_id, created=False)
    return Registration(person.pk, person.public_id, created=True)


def _match(identity: PersonIdentity) -> Registration | None:
    found = _held(lambda: _identified(identity))
    if found is None:
        return None
    anchor = root = found.person
    if anchor.survivor_id is not None:
        root = Person.objects.get(pk=selectors.survivor(anchor.pk))
    differing = differences(identity, [anchor, root])
    if differing:
        raise IdentityConflict(person_pk=root.pk, person_id=root.public_id, fields=differing)
    return Registration(root.pk, root.public_id, created=False)


def _identified(identity: PersonIdentity) -> Identifier | None:
    return next(iter(selectors.identified(identity.id_type, identity.id_number)), None)


def _known(source: str, local_id: str) -> PersonRef | None:
    return _held(lambda: selectors.find_by_source(source, local_id))


def _held(find: Callable[[], Found | None]) -> Found | None:
    """Find somebody and hold them; whoever was shredded meanwhile is not found any more."""
    found = find()
    while found is not None:
        # Without a transaction of the caller's the hold ends here, and nothing hangs on it.
        with transaction.atomic(savepoint=False):
            hold(found.person_pk if isinstance(found, PersonRef) else found.person_id)
            again = find()
        if again == found:
            return again
        found = again
    return None


def _create(identity: PersonIdentity) -> Person:
    person = unsaved_person(identity)
    person.save()
    insert_certificate(person=person, id_type=identity.id_type, number=identity.id_number)
    return person
