"""Messages follow who acts for whom."""

from foundation.events.services import Message
from mpi import selectors as mpi
from notifications import services


def on_holding_changed(message: Message) -> None:
    """Hide what a guardian was told when they act for the person no more; show it when they do again."""
    person = mpi.by_public_id(str(message.payload["person_id"]))
    if person is not None:
        services.follow_holding(account_id=str(message.payload["account_id"]), person_pk=person.person_pk)
