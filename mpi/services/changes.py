"""Changing what is known of a person: particulars, and the certificate that speaks for them."""

import itertools
from datetime import date

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.events import services as events
from mpi import rules, selectors
from mpi.errors import IdentifierTaken, raise_first
from mpi.events import PersonUpdated
from mpi.models import Identifier, IdentifierState, Person
from mpi.rows import set_tokens
from mpi.services.anchors import take_on
from mpi.services.identifiers import insert_certificate, own_identifier
from mpi.types import PersonChanges
from mpi.validation import checked_changes, today


@transaction.atomic
def update_person(
    *, person_pk: int, changes: PersonChanges, actor: Actor, reason: str = ""
) -> tuple[str, ...]:
    """Change particulars of a person, on the survivor of the cluster.

    Returns:
        Names of the fields that changed; an event is published only if there are any.

    Raises:
        InvalidParticulars: One subclass for each kind of fault.
        NotFound, PersonErased: As ``take_on``.
    """
    person = Person.objects.get(pk=take_on(person_pk))
    changed = _change(person, changes)
    _tell_updated(person, changed, actor, reason)
    return changed


@transaction.atomic
def change_identity(
    *,
    person_pk: int,
    id_type: str,
    id_number: str,
    name: str = "",
    birth_date: date | None = None,
    sex: str = "",
    actor: Actor,
    reason: str,
) -> tuple[str, ...]:
    """Make a certificate the one that speaks for a person, and correct what hangs on it.

    The person stays the same anchor. Whatever would still be preferred to the certificate, a
    provisional number, and another citizen's number become former identifiers.

    Args:
        name: Empty to leave the name as it is.
        birth_date: None to take it from the number, or to leave it as it is.
        sex: Empty to take it from the number, or to leave it as it is.

    Returns:
        Names of the fields that changed; ``identifiers`` stands for certificates.

    Raises:
        InvalidParticulars: One subclass for each kind of fault.
        IdentifierTaken: If the certificate is somebody else's.
        NotFound, PersonErased: As ``take_on``.
    """
    raise_first(rules.check_certificate(id_type, id_number, birth_date, today=today()))
    number = rules.canonical_number(id_type, id_number)
    person = Person.objects.get(pk=take_on(person_pk))
    changed: tuple[str, ...] = ("identifiers",) if _take_certificate(person, id_type, number) else ()
    changed += _change(
        person,
        PersonChanges(
            name=name or None,
            birth_date=birth_date or rules.birth_date_of(id_type, number),
            sex=sex or rules.sex_of(id_type, number) or None,
        ),
    )
    _tell_updated(person, changed, actor, reason)
    return changed


def _change(person: Person, changes: PersonChanges) -> tuple[str, ...]:
    """Write what differs; names of the fields that did."""
    values = checked_changes(changes, person)
    changed = tuple(name for name, value in values.items() if getattr(person, name) != value)
    if not changed:
        return ()
    for name in changed:
        setattr(person, name, values[name])
    set_tokens(person)
    person.save(update_fields=[*changed, "name_token", "pinyin_token", "surname_birth_token", "updated_at"])
    return changed


def _tell_updated(person: Person, changed: tuple[str, ...], actor: Actor, reason: str) -> None:
    if not changed:
        return
    audit.record(
        Action.PERSON_UPDATED, actor=actor, subject=person, reason=reason, details={"fields": list(changed)}
    )
    events.publish(PersonUpdated(person_id=person.public_id, fields=changed))


def _take_certificate(person: Person, id_type: str, number: str) -> bool:
    """Make the certificate the person's leading one; whether that changed anything."""
    is_new = own_identifier(person=person, id_type=id_type, number=number) is None
    if is_new:
        try:
            with transaction.atomic():
                insert_certificate(person=person, id_type=id_type, number=number)
        except IntegrityError as exc:
            raise IdentifierTaken(field="id_number") from exc
    own = rules.known_as(id_type, number)
    rows = selectors.by_rank(
        Identifier.objects.filter(person=person, domain=selectors.NATIONAL, state=IdentifierState.CURRENT)
    )
    others = [row for row in rows if (row.type, rules.index_form(row.type, row.value)) not in own]
    preferred = list(itertools.takewhile(lambda row: row in others, rows))
    citizen_number = rules.citizen_number_of(id_type, number)
    ended = [
        row.pk
        for row in others
        if row in preferred
        or rules.is_provisional(row.type, row.value)
        or (citizen_number and rules.citizen_number_of(row.type, row.value) not in ("", citizen_number))
    ]
    Identifier.objects.filter(pk__in=ended).update(state=IdentifierState.FORMER)
    return is_new or bool(ended)
