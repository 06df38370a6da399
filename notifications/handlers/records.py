"""Reactions to what happens to records: that there is something, and who looked; never what it says."""

from collections.abc import Mapping, Sequence

from foundation.events.services import Message
from identity import selectors as identity
from identity.rules import Deed
from mpi import selectors as mpi
from notifications.handlers.telling import news_of, readers, tell
from notifications.services.outsiders import tell_contacts

# By which name the page of each kind is found, among the event's fields.
_PAGES = {"access.asked": ("request", "request_id"), "access.granted": ("grant", "grant_id")}


def on_report(message: Message) -> None:
    """Say that a report was published, amended or withdrawn, to whoever may read it."""
    kind = message.topic.removesuffix(".v1")
    tell([news_of(message, kind, report=str(message.payload["report_id"]))], readers)


def on_access(message: Message) -> None:
    """Say that somebody asks to read records, may read them, may no more, or has read them."""
    kind = message.topic.removesuffix(".v1")
    name, field = _PAGES.get(kind, ("", ""))
    params = {name: str(message.payload[field])} if name else {}
    tell([news_of(message, kind, **params)], deciders)


def on_emergency(message: Message) -> None:
    """Tell the contacts whom the person named for emergencies; their accounts hear beside it."""
    person_id = str(message.payload["person_id"])
    person = mpi.by_public_ids([person_id]).get(person_id)
    if person is not None:
        tell_contacts(
            opening_id=str(message.payload["opening_id"]),
            key=message.id,
            person_pk=person.person_pk,
            institution=str(message.payload["institution"]),
        )


def deciders(person_pks: Sequence[int]) -> Mapping[int, Sequence[tuple[str, str]]]:
    """Who may let others read each person's records."""
    return identity.holders_who_may(person_pks, Deed.GRANT_ACCESS)
