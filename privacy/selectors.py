"""Reading what a copy leaves out, what closing asks for, and what it leaves as it is."""

from cards.selectors import own_card
from cards.states import CardState
from identity.rules import Deed, may
from identity.types import Acting

LEVEL_TOO_LOW, ANOTHER_ADULT = "level_too_low", "another_adult"
LEFT_OUT = (LEVEL_TOO_LOW, ANOTHER_ADULT)
RECORDS_LOCKED = "records_locked"


def left_out(acting: Acting) -> str:
    """Why a copy holds no particulars of a person; empty if it holds them."""
    if not may(acting.level, Deed.COPY_DATA):
        return LEVEL_TOO_LOW
    if acting.is_by_consent:
        # An adult who let their card be looked after did not give away their data with it.
        return ANOTHER_ADULT
    return ""


def needs_certificate(account_pk: int) -> bool:
    """Whether closing asks for the number of the holder's certificate: while a card lives.

    As for cancelling alone: whoever finds the phone finds it signed in.
    """
    shown = own_card(account_pk)
    return shown is not None and shown.card.state != CardState.CANCELLED


def keeps_stopped_card(account_pk: int) -> bool:
    """Whether closing leaves the account's card as it is: staff have stopped it."""
    shown = own_card(account_pk)
    return shown is not None and shown.is_held_by_centre
