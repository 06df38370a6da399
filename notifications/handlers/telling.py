"""From events to those who are to hear of them, many at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from foundation.events.services import Message
from identity import selectors as identity
from identity.rules import Deed
from mpi import selectors as mpi
from notifications import services
from notifications.kinds import RELATION

Hearers = Callable[[Sequence[int]], Mapping[int, Sequence[tuple[str, str]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is to be told about a person.

    Attributes:
        key: What makes a repeat a repeat; by default the event's id.
    """

    kind: str
    person_id: str
    key: str
    institution: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    is_urgent: bool | None = None
    group: str = ""


def visitors(person_pks: Sequence[int]) -> Mapping[int, Sequence[tuple[str, str]]]:
    """Who may book and wait for each person."""
    return identity.holders_who_may(person_pks, Deed.BOOK_VISIT)


def payers(person_pks: Sequence[int]) -> Mapping[int, Sequence[tuple[str, str]]]:
    """Who may see and pay each person's bills."""
    return identity.holders_who_may(person_pks, Deed.PAY_BILL)


def readers(person_pks: Sequence[int]) -> Mapping[int, Sequence[tuple[str, str]]]:
    """Who may read each person's records: themselves, or a child's guardians; surely proved."""
    return identity.holders_who_may(person_pks, Deed.READ_RECORDS)


def tell(news: Sequence[News], hearers: Hearers) -> None:
    """Tell everybody who is to hear; persons whom nobody holds are told nothing."""
    persons = mpi.by_public_ids(one.person_id for one in news)
    found = hearers([person.person_pk for person in persons.values()])
    services.tell(
        tellings=[
            services.Telling(
                account_id=account_id,
                kind=one.kind,
                dedupe_key=one.key,
                params={**one.params, RELATION: relation},
                person_pk=persons[one.person_id].person_pk,
                institution=one.institution,
                is_urgent=one.is_urgent,
                group=one.group,
            )
            for one in news
            if one.person_id in persons
            for account_id, relation in found.get(persons[one.person_id].person_pk, ())
        ]
    )


def news_of(message: Message, kind: str, **params: str) -> News:
    """What an event of a person says, under the event's own id."""
    return News(
        kind=kind,
        person_id=str(message.payload["person_id"]),
        key=message.id,
        institution=str(message.payload.get("institution", "")),
        params=params,
    )
