"""Certificates of a person: another one, and one that is no longer theirs."""

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.events import services as events
from gmcrypto.index import blind_index, next_blind_index
from mpi import indexes, rules, selectors
from mpi.errors import IdentifierTaken, raise_first
from mpi.events import PersonUpdated
from mpi.models import Identifier, IdentifierState, Person
from mpi.services.anchors import take_on
from mpi.validation import today


@transaction.atomic
def add_identifier(*, person_pk: int, id_type: str, number: str, actor: Actor) -> str:
    """Give a person another certificate; one that they have already stays as it is.

    Returns:
        Public id of the identifier.

    Raises:
        InvalidParticulars: If the number cannot be.
        IdentifierTaken: If it is somebody else's.
    """
    raise_first(rules.check_certificate(id_type, number, today=today()))
    person = Person.objects.get(pk=take_on(person_pk))
    own = own_identifier(person=person, id_type=id_type, number=number)
    if own is not None:
        return own.public_id
    try:
        with transaction.atomic():
            identifier = insert_certificate(person=person, id_type=id_type, number=number)
    except IntegrityError as exc:
        raise IdentifierTaken(field="id_number") from exc
    audit.record(Action.PERSON_IDENTIFIER_ADDED, actor=actor, subject=person, details={"kind": id_type})
    events.publish(PersonUpdated(person_id=person.public_id, fields=("identifiers",)))
    return identifier.public_id


@transaction.atomic
def retire_identifier(*, identifier_id: str, actor: Actor, reason: str) -> None:
    """Say that a certificate is no longer the person's; it stays on record as a former one.

    Raises:
        NotFound: If there is no such identifier in use.
    """
    current = Identifier.objects.filter(public_id=identifier_id, state=IdentifierState.CURRENT)
    identifier = current.select_related("person").first()
    if identifier is None or not current.update(state=IdentifierState.FORMER):
        raise NotFound
    audit.record(
        Action.PERSON_UPDATED,
        actor=actor,
        subject=identifier.person,
        reason=reason,
        details={"fields": ["identifiers"], "kind": identifier.type, "state": IdentifierState.FORMER.value},
    )
    events.publish(PersonUpdated(person_id=identifier.person.public_id, fields=("identifiers",)))


def insert_certificate(*, person: Person, id_type: str, number: str) -> Identifier:
    """Add the certificate, and the identity number that it shows, where the person lacks them; for this room.

    Returns:
        The certificate's own row.
    """
    text = rules.canonical_number(id_type, number)
    own, *implied = rules.known_as(id_type, text)
    identifier = _insert_identifier(person, own, text)
    for kind, form in implied:
        if own_identifier(person=person, id_type=kind, number=form) is None:
            _insert_identifier(person, (kind, form), form)
    return identifier


def _insert_identifier(person: Person, key: tuple[str, str], value: str) -> Identifier:
    kind, form = key
    return Identifier.objects.create(
        person=person,
        type=kind,
        value=value,
        value_index=blind_index(indexes.IDENTIFIER, form),
        value_index_next=next_blind_index(indexes.IDENTIFIER, form),
        created_at=clock.now(),
    )


def own_identifier(*, person: Person, id_type: str, number: str) -> Identifier | None:
    """The person's row of a certificate, on any anchor, if they have it; for this room."""
    own = set(selectors.cluster(person.pk))
    return next(
        (
            identifier
            for identifier in selectors.identified(id_type, number)
            if identifier.person_id in own and identifier.type == id_type
        ),
        None,
    )
