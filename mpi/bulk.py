"""Registering many persons in a few statements, by the rules of ``mpi.services``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction
from django.db.models import Q

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import DomainError, InvalidInput
from foundation.core.rows import insert_many
from foundation.events import services as events
from gmcrypto import subject_keys
from gmcrypto.fields import prefetch_keys
from gmcrypto.index import blind_index, blind_index_candidates, next_blind_index
from mpi import indexes, rules, selectors
from mpi.errors import IdentityConflict, SourceRecordTaken
from mpi.events import PersonRegistered
from mpi.models import Identifier, IdentifierState, Person, SourceRecord
from mpi.rows import differences, unsaved_person
from mpi.services.sources import LONGEST_LOCAL_ID, take_up_events
from mpi.types import Particulars, PersonIdentity
from mpi.validation import checked_identity

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be registered, and the number by which the source knows them, if it has one."""

    identity: PersonIdentity
    local_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of one newcomer: a person, or the error that ``register_person`` would raise.

    Attributes:
        particulars: Of a person who was made by this call, so that nobody has to read them again.
    """

    person_pk: int = 0
    person_id: str = ""
    particulars: Particulars | None = field(default=None, repr=False)
    error: DomainError | None = None


@dataclass(slots=True)
class _Case:
    """One newcomer on the way."""

    newcomer: Newcomer
    identity: PersonIdentity
    anchors: tuple[Person, ...] = ()
    same_as: "_Case | None" = None
    person: Person | None = None
    error: DomainError | None = None

    def registered(self) -> Registered:
        if self.error is not None:
            return Registered(error=self.error)
        if self.anchors:
            root = self.anchors[-1]
            return Registered(root.pk, root.public_id)
        if self.same_as is not None:
            return self.same_as.registered()
        person = self.person
        if person is None:
            raise RuntimeError("a newcomer was neither found, made nor refused")
        return Registered(person.pk, person.public_id, _particulars(person, self.identity))


def register_many(*, newcomers: Sequence[Newcomer], source: str, actor: Actor) -> list[Registered]:
    """Find or register each person and link the source's number, in the caller's transaction.

    What is refused leaves nothing behind. Somebody who stands in the list twice is one person.
    Who is found is held, as by ``register_person``.

    Raises:
        IntegrityError: If somebody else registers one of them at the same moment. Nothing of the
            call stands if the caller gave it a savepoint; one by one all will be well.
    """
    cases = [_case(newcomer) for newcomer in newcomers]
    _hold([case for case in cases if case.error is None])
    _find([case for case in cases if case.error is None])
    _check_links([case for case in cases if case.error is None], source)
    _stand_in(cases)
    new = [case for case in cases if case.error is None and not case.anchors and case.same_as is None]
    _create(new, source, actor)
    _link([case for case in cases if case.error is None and case.newcomer.local_id], source)
    return [case.registered() for case in cases]


def find_many(*, identities: Sequence[PersonIdentity]) -> list[int | None]:
    """Who of them is registered under the same name and birth date, by the survivor's key."""
    cases = [_case(Newcomer(identity)) for identity in identities]
    _find([case for case in cases if case.error is None])
    return [case.anchors[-1].pk if case.error is None and case.anchors else None for case in cases]


def hold_many(*, identities: Sequence[PersonIdentity]) -> None:
    """Hold those of them who are registered until the end of the caller's transaction, in one order.

    For whoever goes on to hold them one by one: two of those would wait for each other in a circle.
    """
    cases = [_case(Newcomer(identity)) for identity in identities]
    _hold([case for case in cases if case.error is None])


def _case(newcomer: Newcomer) -> _Case:
    try:
        if len(newcomer.local_id) > LONGEST_LOCAL_ID:
            raise InvalidInput(field="patient_id")
        return _Case(newcomer, checked_identity(newcomer.identity))
    except DomainError as exc:
        return _Case(newcomer, newcomer.identity, error=exc)


def _keys(identity: PersonIdentity) -> tuple[_Key, ...]:
    return rules.known_as(identity.id_type, identity.id_number)


def _hold(cases: Sequence[_Case]) -> None:
    """Hold who is registered already, in one order, so that nobody is shredded meanwhile."""
    known = _identified({key for case in cases for key in _keys(case.identity)})
    roots = {root.pk for root in _survivors(known.values()).values()}
    if roots:
        held = Person.objects.select_for_update(no_key=True).filter(pk__in=roots).order_by("pk")
        list(held.values_list("pk", flat=True))


def _find(cases: Sequence[_Case]) -> None:
    """Give each case the person who is registered already, or the case before it that is the same."""
    known = _identified({key for case in cases for key in _keys(case.identity)})
    roots = _survivors(known.values())
    prefetch_keys({person.pk: person for person in (*known.values(), *roots.values())}.values())
    first: dict[_Key, _Case] = {}
    for case in cases:
        keys = _keys(case.identity)
        anchor = next((known[key] for key in keys if key in known), None)
        if anchor is not None:
            case.anchors = (anchor, roots[anchor.pk])
            case.error = _conflict(case.identity, case.anchors)
            continue
        other = next((first[key] for key in keys if key in first), None)
        if other is None:
            first.update(dict.fromkeys(keys, case))
        elif _agree(case.identity, other.identity):
            case.same_as = other
        else:
            case.error = IdentityConflict(person_pk=0, person_id="", fields=("name",))


def _identified(keys: Iterable[_Key]) -> dict[_Key, Person]:
    by_index = {
        (kind, index): (kind, form)
        for kind, form in keys
        for index in blind_index_candidates(indexes.IDENTIFIER, form)
    }
    wanted = [index for _kind, index in by_index]
    rows = Identifier.objects.filter(
        Q(value_index__in=wanted) | Q(value_index_next__in=wanted),
        domain=selectors.NATIONAL,
        state=IdentifierState.CURRENT,
    )
    found: dict[_Key, Person] = {}
    for row in rows.select_related("person").order_by("pk"):
        for index in (row.value_index, row.value_index_next):
            key = by_index.get((row.type, bytes(index))) if index is not None else None
            if key is not None:
                found.setdefault(key, row.person)
    return found


def _survivors(anchors: Iterable[Person]) -> dict[int, Person]:
    persons = {anchor.pk: anchor for anchor in anchors}
    joined = selectors.survivors(pk for pk, person in persons.items() if person.survivor_id is not None)
    others = Person.objects.in_bulk(set(joined.values()) - set(persons))
    return {pk: (persons | others)[joined.get(pk, pk)] for pk in persons}


def _conflict(identity: PersonIdentity, anchors: tuple[Person, ...]) -> IdentityConflict | None:
    differing = differences(identity, anchors)
    if not differing:
        return None
    root = anchors[-1]
    return IdentityConflict(person_pk=root.pk, person_id=root.public_id, fields=differing)


def _agree(one: PersonIdentity, other: PersonIdentity) -> bool:
    dates = {one.birth_date, other.birth_date} - {None}
    return one.name == other.name and len(dates) < 2


def _check_links(cases: Sequence[_Case], source: str) -> None:
    """Refuse a number of the source that is linked to somebody else."""
    linked = _sourced({case.newcomer.local_id for case in cases if case.newcomer.local_id}, source)
    roots = selectors.survivors(linked.values())
    first: dict[str, _Case] = {}
    for case in cases:
        local_id = case.newcomer.local_id
        if not local_id:
            continue
        holder = roots.get(linked[local_id]) if local_id in linked else None
        earlier = first.setdefault(local_id, case)
        own = case.same_as or case
        taken = holder is not None and (not case.anchors or case.anchors[-1].pk != holder)
        if taken or not _one_person(own, earlier.same_as or earlier):
            case.error = SourceRecordTaken(field="patient_id")


def _stand_in(cases: Sequence[_Case]) -> None:
    """Where the first line about somebody was refused for its number, the next one is registered."""
    heirs: dict[int, _Case] = {}
    for case in cases:
        first = case.same_as
        if case.error is None and first is not None and first.error is not None:
            heir = heirs.setdefault(id(first), case)
            case.same_as = None if heir is case else heir


def _one_person(case: _Case, other: _Case) -> bool:
    if case.anchors and other.anchors:
        return case.anchors[-1].pk == other.anchors[-1].pk
    return case is other


def _sourced(local_ids: Iterable[str], source: str) -> dict[str, int]:
    by_index = {
        index: local_id
        for local_id in local_ids
        for index in blind_index_candidates(indexes.LOCAL_ID, local_id)
    }
    rows = SourceRecord.objects.filter(
        Q(local_index__in=list(by_index)) | Q(local_index_next__in=list(by_index)), source=source
    ).values_list("local_index", "local_index_next", "person_id")
    return {
        by_index[bytes(index)]: person_id
        for *both, person_id in rows
        for index in both
        if index is not None and bytes(index) in by_index
    }


def _create(cases: Sequence[_Case], source: str, actor: Actor) -> None:
    if not cases:
        return
    # Two lists with the same people wait for each other in one order, and not in a circle.
    cases = sorted(cases, key=lambda case: (case.identity.id_type, case.identity.id_number))
    for case in cases:
        case.person = unsaved_person(case.identity)
    persons = [case.person for case in cases if case.person is not None]
    subject_keys.make_subject_keys([person.public_id for person in persons])
    insert_many(persons)
    insert_many([row for case in cases for row in _identifiers(case)])
    audit.record_many(
        audit.Entry(
            Action.PERSON_REGISTERED,
            actor=actor,
            subject=audit.subject_of(person),
            details={"channel": source},
        )
        for person in persons
    )
    events.publish_many(PersonRegistered(person_id=person.public_id, source=source) for person in persons)


def _identifiers(case: _Case) -> list[Identifier]:
    moment = clock.now()
    own, *implied = _keys(case.identity)
    values = [(own, case.identity.id_number), *((key, key[1]) for key in implied)]
    return [
        Identifier(
            person=case.person,
            type=kind,
            value=value,
            value_index=blind_index(indexes.IDENTIFIER, form),
            value_index_next=next_blind_index(indexes.IDENTIFIER, form),
            created_at=moment,
        )
        for (kind, form), value in values
    ]


def _link(cases: Sequence[_Case], source: str) -> None:
    linked = _sourced({case.newcomer.local_id for case in cases}, source)
    missing = {case.newcomer.local_id: case for case in cases if case.newcomer.local_id not in linked}
    persons = {local_id: _person_of(missing[local_id]) for local_id in sorted(missing)}
    subject_keys.prepare_subject_keys(person.public_id for person in persons.values())
    moment = clock.now()
    insert_many(
        [
            SourceRecord(
                person=person,
                source=source,
                local_id=local_id,
                local_index=blind_index(indexes.LOCAL_ID, local_id),
                local_index_next=next_blind_index(indexes.LOCAL_ID, local_id),
                created_at=moment,
            )
            for local_id, person in persons.items()
        ]
    )
    if persons:
        transaction.on_commit(partial(take_up_events, source=source))


def _person_of(case: _Case) -> Person:
    own = case.same_as or case
    person = own.anchors[-1] if own.anchors else own.person
    if person is None:
        raise RuntimeError("a number can be linked to a registered person only")
    return person


def _particulars(person: Person, identity: PersonIdentity) -> Particulars:
    return Particulars(
        person_pk=person.pk,
        person_id=person.public_id,
        name=identity.name,
        id_type=identity.id_type,
        id_number=identity.id_number,
        sex=identity.sex,
        birth_date=identity.birth_date,
        nation=identity.nation,
        nationality=identity.nationality,
        phone=identity.phone,
        address=identity.address,
    )
