"""Reactions to what happened in the rooms below. Each is idempotent by the event's id."""

from collections.abc import Mapping

from foundation.events.services import Message
from identity import selectors as identity
from mpi import selectors as mpi
from notifications import services
from notifications.kinds import RELATIVE

# By the channels of cards.events.CardIssued: cards that their persons did not ask for themselves.
_NOT_ASKED_FOR: Mapping[str, str] = {"institution": "card.issued", "batch": "card.prepared"}
SELF = "self"
CAME_OF_AGE = "came_of_age"
# How somebody's hold on their own person ends without them.
BY_OTHERS = ("taken_over", "by_staff")


def on_application_reviewed(message: Message) -> None:
    """Tell the applicant what was decided."""
    room = "application" if message.payload.get("relation", SELF) == SELF else "family"
    services.send_in_app(
        account_id=str(message.payload["account_id"]),
        kind=f"{room}.{message.payload['outcome']}",
        params={"application": str(message.payload["application_id"])},
        dedupe_key=message.id,
    )


def on_card_issued(message: Message) -> None:
    """Tell the holders of a card that an institution had issued, or that was made from a list.

    Whoever applied for it was told by the decision already. Of the people on a list hardly anybody
    has an account; who has one, for a card of before or as somebody's guardian, is told.
    """
    kind = _NOT_ASKED_FOR.get(str(message.payload["channel"]))
    if kind is not None:
        _tell_holders(message, kind, {"card": str(message.payload["card_id"])})


def on_card_state_changed(message: Message) -> None:
    """Tell the holders that the card stopped or works again: somebody else may have done it."""
    _tell_holders(message, f"card.{message.payload['after']}", {"card": str(message.payload["card_id"])})


def on_card_number_changed(message: Message) -> None:
    """Tell the holders that the card has another number, and what became of the one before."""
    _tell_holders(
        message, f"card.number_{message.payload['before']}", {"card": str(message.payload["card_id"])}
    )


def on_certificate_decided(message: Message) -> None:
    """Tell the holders that a certificate was joined in the card, or not."""
    kind = message.topic.removesuffix(".v1")
    _tell_holders(message, kind, {"certificate": str(message.payload["certificate_id"])})


def on_code_minted(message: Message) -> None:
    """Tell the holders that an institution made a code for their card."""
    _tell_holders(message, "code.minted", {"card": str(message.payload["card_id"])})


def on_record_noticed(message: Message) -> None:
    """Tell the holders that an institution has something for them to read."""
    _tell_holders(message, "record.noticed", {})


def on_confirmation_asked(message: Message) -> None:
    """Tell whoever may answer that an institution waits: the holder, or a child's guardians."""
    person = mpi.by_public_id(str(message.payload["person_id"]))
    if person is None:
        return
    services.tell(
        tellings=[
            services.Telling(
                account_id=account_id,
                kind="confirmation.asked",
                params={"confirmation": str(message.payload["confirmation_id"])},
                dedupe_key=message.id,
                person_pk=person.person_pk,
                institution=str(message.payload.get("institution_id", "")),
            )
            for account_id in identity.deciding_accounts(person.person_pk)
        ]
    )


def on_card_claimed(message: Message) -> None:
    """Tell the holders that an institution took over the card."""
    _tell_holders(message, "card.claimed", {"card": str(message.payload["card_id"])})


def on_holding_opened(message: Message) -> None:
    """Tell a person's own account that somebody else may act for them."""
    if message.payload["relation"] != SELF:
        _tell_own(message, "family.held")


def on_holding_ending(message: Message) -> None:
    """Tell a guardian that the child comes of age soon."""
    _tell(message, str(message.payload["account_id"]), "family.ending")


def on_holding_ended(message: Message) -> None:
    """Tell both sides that a guardianship has ended, and the guardian why.

    Whose own hold was ended by somebody else is told too: it may be them who was robbed of it.
    """
    if message.payload.get("relation", SELF) == SELF:
        if message.payload.get("end_reason") in BY_OTHERS:
            kind = f"holding.{message.payload['end_reason']}"
            _tell(message, str(message.payload["account_id"]), kind)
        return
    came_of_age = message.payload.get("end_reason") == CAME_OF_AGE
    _tell(
        message, str(message.payload["account_id"]), "family.came_of_age" if came_of_age else "family.ended"
    )
    _tell_own(message, "family.released")


def _tell_own(message: Message, kind: str) -> None:
    person = mpi.by_public_id(str(message.payload["person_id"]))
    if person is None:
        return
    for account_id, relation in identity.holders(person.person_pk):
        if relation == SELF:
            _tell(message, account_id, kind)


def _tell(message: Message, account_id: str, kind: str) -> None:
    services.send_in_app(account_id=account_id, kind=kind, params={}, dedupe_key=message.id)


def _tell_holders(message: Message, kind: str, params: Mapping[str, str]) -> None:
    """Tell everybody who holds the person; a guardian hears that it is about a relative's card."""
    person = mpi.by_public_id(str(message.payload["person_id"]))
    if person is None:
        return
    services.tell(
        tellings=[
            services.Telling(
                account_id=account_id,
                kind=kind,
                params={**params, **({} if relation == SELF else {RELATIVE: person.person_id})},
                dedupe_key=message.id,
                person_pk=person.person_pk,
                institution=str(message.payload.get("institution_id", "")),
            )
            for account_id, relation in identity.holders(person.person_pk)
        ]
    )
