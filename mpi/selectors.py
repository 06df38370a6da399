"""Reading persons. Whoever calls has already checked that its reader may.

A person is named by an anchor; every answer is about the cluster that the anchor belongs to,
and is given under the cluster's survivor.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from foundation.core.errors import NotFound
from foundation.core.ids import PUBLIC_ID_LENGTH
from gmcrypto.errors import KeyDestroyed
from gmcrypto.fields import prefetch_keys
from gmcrypto.index import blind_index_candidates, indexed_as
from mpi import indexes, rules
from mpi.errors import PersonErased
from mpi.models import Identifier, IdentifierState, Person, SourceRecord
from mpi.types import Particulars, PersonRef

NATIONAL = "national"
MOST_FOUND = 50

__all__ = [
    "Particulars",
    "PersonRef",
    "anchors",
    "by_public_id",
    "by_public_ids",
    "cluster",
    "clusters",
    "find_by_identifier",
    "find_by_name",
    "find_by_provisional",
    "find_by_sound",
    "find_by_source",
    "find_by_surname_and_birth",
    "local_id_of",
    "particulars",
    "particulars_many",
    "public_id_of",
    "survivor",
    "survivors",
]

_SURVIVORS = """
    WITH RECURSIVE up AS (
        SELECT id AS asked, id, survivor_id FROM mpi_person WHERE id = ANY(%s)
        UNION
        SELECT up.asked, above.id, above.survivor_id
        FROM mpi_person AS above JOIN up ON above.id = up.survivor_id
    )
    SELECT asked, id FROM up WHERE survivor_id IS NULL
"""
_CLUSTERS = """
    WITH RECURSIVE up AS (
        SELECT id AS asked, id, survivor_id FROM mpi_person WHERE id = ANY(%s)
        UNION
        SELECT up.asked, above.id, above.survivor_id
        FROM mpi_person AS above JOIN up ON above.id = up.survivor_id
    ), down AS (
        SELECT asked, id FROM up WHERE survivor_id IS NULL
        UNION
        SELECT down.asked, below.id FROM mpi_person AS below JOIN down ON below.survivor_id = down.id
    )
    SELECT asked, array_agg(id ORDER BY id) FROM down GROUP BY asked
"""


def survivor(person_pk: int) -> int:
    """The anchor under which new rows about this person are written.

    Raises:
        NotFound: If there is no such anchor.
    """
    found = survivors([person_pk])
    if person_pk not in found:
        raise NotFound
    return found[person_pk]


def survivors(person_pks: Iterable[int]) -> dict[int, int]:
    """The survivors of many anchors, in one query; anchors that do not exist are left out."""
    return dict(_rows(_SURVIVORS, person_pks))


def cluster(person_pk: int) -> list[int]:
    """Every anchor of the same person, the given one among them.

    Raises:
        NotFound: If there is no such anchor.
    """
    found = clusters([person_pk])
    if person_pk not in found:
        raise NotFound
    return found[person_pk]


def clusters(person_pks: Iterable[int]) -> dict[int, list[int]]:
    """The clusters of many anchors, in one query; anchors that do not exist are left out."""
    return {asked: list(anchors) for asked, anchors in _rows(_CLUSTERS, person_pks)}


def public_id_of(person_pk: int) -> str:
    """The public id of one anchor, as it is; not of its survivor.

    Raises:
        NotFound: If there is no such anchor.
    """
    found = Person.objects.filter(pk=person_pk).values_list("public_id", flat=True).first()
    if found is None:
        raise NotFound
    return found


def anchors() -> "QuerySet[Person]":
    """Every anchor, for the list of the card centre."""
    return Person.objects.all()


def by_public_id(person_id: str) -> PersonRef | None:
    """The survivor of the anchor with this public id; none also for what cannot be one."""
    if not (len(person_id) == PUBLIC_ID_LENGTH and person_id.isascii() and person_id.isalnum()):
        return None
    return _ref(Person.objects.filter(public_id=person_id).first())


def by_public_ids(person_ids: Iterable[str]) -> dict[str, PersonRef]:
    """The survivors of many anchors by the anchors' public ids; unknown ids are left out."""
    asked = dict(Person.objects.filter(public_id__in=set(person_ids)).values_list("public_id", "pk"))
    roots = survivors(asked.values())
    named = dict(Person.objects.filter(pk__in=set(roots.values())).values_list("pk", "public_id"))
    return {
        person_id: PersonRef(roots[pk], named[roots[pk]]) for person_id, pk in asked.items() if pk in roots
    }


def find_by_identifier(id_type: str, number: str) -> PersonRef | None:
    """Whom a certificate belongs to, whichever of the numbers it shows is registered."""
    found = identified(id_type, number)
    return _ref(found[0].person) if found else None


def identified(id_type: str, number: str) -> list[Identifier]:
    """The current identifiers that a certificate names, with their persons; for this room."""
    return list(identified_rows(id_type, number))


def identified_rows(id_type: str, number: str) -> "QuerySet[Identifier]":
    """The same, not yet asked."""
    matching = Q()
    for kind, form in rules.known_as(id_type, number):
        matching |= Q(type=kind) & indexed_as("value_index", indexes.IDENTIFIER, form)
    rows = Identifier.objects.filter(matching, domain=NATIONAL, state=IdentifierState.CURRENT)
    return rows.select_related("person").order_by("pk")


def find_by_provisional(number: str) -> PersonRef | None:
    """Whom the centre once gave a provisional number, also if they have a certificate by now."""
    form = rules.index_form(rules.OTHER, number)
    found = (
        Identifier.objects.filter(
            indexed_as("value_index", indexes.IDENTIFIER, form), domain=NATIONAL, type=rules.OTHER
        )
        .select_related("person")
        .order_by("pk")
        .first()
    )
    return _ref(found.person) if found is not None else None


def find_by_source(source: str, local_id: str) -> PersonRef | None:
    """Whom a source knows by its own number."""
    found = sourced(source, local_id)
    return _ref(found.person) if found else None


def sourced(source: str, local_id: str) -> SourceRecord | None:
    """The record of a source with its own number; for this room."""
    rows = SourceRecord.objects.filter(indexed_as("local_index", indexes.LOCAL_ID, local_id), source=source)
    return rows.select_related("person").first()


def local_id_of(person_pk: int, source: str) -> str:
    """The newest number under which a source knows the person; empty if it knows none."""
    anchors = cluster(person_pk)
    record = SourceRecord.objects.filter(person__in=anchors, source=source).order_by("-pk").first()
    return record.local_id if record else ""


def find_by_name(name: str) -> list[PersonRef]:
    """Persons with exactly this name, at most ``MOST_FOUND``."""
    return _refs(
        Person.objects.filter(
            name_token__in=blind_index_candidates(indexes.NAME, rules.tokens_of(name, None).name)
        )
    )


def find_by_sound(name: str) -> list[PersonRef]:
    """Persons whose name sounds like this one, at most ``MOST_FOUND``."""
    return _refs(
        Person.objects.filter(
            pinyin_token__in=blind_index_candidates(indexes.PINYIN, rules.tokens_of(name, None).pinyin)
        )
    )


def find_by_surname_and_birth(name: str, birth_date: date) -> list[PersonRef]:
    """Persons with this name's family name, born on this day, at most ``MOST_FOUND``."""
    text = rules.tokens_of(name, birth_date).surname_birth
    return _refs(
        Person.objects.filter(surname_birth_token__in=blind_index_candidates(indexes.SURNAME_BIRTH, text))
    )


def source_records() -> "QuerySet[SourceRecord]":
    """Every number under which an institution knows somebody, for conditions of other rooms."""
    return SourceRecord.objects.all()


def has_source_records(person_pk: int) -> bool:
    """Whether an institution knows the person by a number of its own, and so may be treating them."""
    return SourceRecord.objects.filter(person__in=cluster(person_pk)).exists()


def particulars(person_pk: int) -> Particulars:
    """The data of one person.

    Raises:
        NotFound: If there is no such anchor.
        PersonErased: If the person's key was destroyed.
    """
    found = _read([person_pk])
    if person_pk not in found:
        raise NotFound
    return _open(*found[person_pk])


def particulars_many(person_pks: Iterable[int]) -> dict[int, Particulars]:
    """The data of many persons by the anchors asked for; erased persons are left out.

    Two queries for any number of persons; one for keys that are not in memory, and two where
    anchors have been joined.
    """
    answers = {}
    for asked, (person, identifiers) in _read(person_pks).items():
        try:
            answers[asked] = _open(person, identifiers)
        except PersonErased:
            continue
    return answers


def _rows(query: str, person_pks: Iterable[int]) -> list[tuple[int, Any]]:
    wanted = sorted(set(person_pks))
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(query, [wanted])
        return list(cursor.fetchall())


def by_rank(identifiers: Iterable[Identifier]) -> list[Identifier]:
    """A person's identifiers, the one that speaks for them first; for this room."""
    oldest_first = sorted(identifiers, key=lambda identifier: identifier.pk)
    cards = (
        {row.value for row in oldest_first if row.type == rules.IDENTITY_CARD} if oldest_first[1:] else set()
    )

    def place(row: Identifier) -> int:
        # A household register brings the number of the identity card with it, and speaks for the
        # person until the card itself is shown.
        if row.type == rules.HOUSEHOLD_REGISTER and row.value in cards:
            return rules.rank(rules.IDENTITY_CARD, "")
        # Only of a number of another kind does the rank depend on what it says.
        return rules.rank(row.type, row.value if row.type == rules.OTHER else "")

    return sorted(oldest_first, key=place)


def _read(person_pks: Iterable[int]) -> dict[int, tuple[Person, list[Identifier]]]:
    persons = Person.objects.in_bulk(set(person_pks))
    roots = {pk: pk for pk in persons}
    joined = [pk for pk, person in persons.items() if person.survivor_id is not None]
    if joined:
        roots |= survivors(joined)
        persons |= Person.objects.in_bulk(set(roots.values()) - set(persons))
    identifiers: dict[int, list[Identifier]] = {}
    current = Identifier.objects.filter(
        person__in=set(roots.values()), domain=NATIONAL, state=IdentifierState.CURRENT
    )
    for identifier in current:
        identifiers.setdefault(identifier.person_id, []).append(identifier)
    prefetch_keys([*persons.values(), *(one for rows in identifiers.values() for one in rows)])
    return {asked: (persons[root], identifiers.get(root, [])) for asked, root in roots.items()}


def _open(person: Person, identifiers: list[Identifier]) -> Particulars:
    try:
        identifier = next(iter(by_rank(identifiers)), None)
        return Particulars(
            person_pk=person.pk,
            person_id=person.public_id,
            name=person.name,
            id_type=identifier.type if identifier else "",
            id_number=identifier.value if identifier else "",
            sex=person.sex,
            birth_date=date.fromisoformat(person.birth_date) if person.birth_date else None,
            nation=person.nation,
            nationality=person.nationality,
            phone=person.phone or "",
            address=person.address or "",
        )
    except KeyDestroyed as exc:
        raise PersonErased from exc


def _ref(person: Person | None) -> PersonRef | None:
    if person is None:
        return None
    if person.survivor_id is None:
        return PersonRef(person.pk, person.public_id)
    root = survivor(person.pk)
    return PersonRef(root, public_id_of(root))


def _refs(persons: "QuerySet[Person]") -> list[PersonRef]:
    found = [_ref(person) for person in persons.order_by("pk")[:MOST_FOUND]]
    return list(dict.fromkeys(ref for ref in found if ref is not None))
