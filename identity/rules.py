"""Assurance levels: what each piece of evidence gives, and what each level opens.

A name that fits a number proves that the pair exists, not who holds the phone. So it opens a
person whom nobody holds yet; everything that could take a person from somebody, or bind a
person who cannot speak for themselves, asks for more.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum, StrEnum

from identity.errors import LevelTooLow, NotForGuardians

OF_AGE_YEARS = 18


class Level(IntEnum):
    """How sure it is that the account's owner is the person, or speaks for them."""

    STATED = 0
    PAIR_EXISTS = 1
    HOLDER_PROVED = 2
    SEEN_IN_PERSON = 3


class Evidence(StrEnum):
    """What a level rests on."""

    STATEMENT = "statement"
    REAL_NAME = "real_name"
    REVIEW = "review"
    DOCUMENT_READ = "document_read"
    PHONE_ON_RECORD = "phone_on_record"
    HOLDER_CONSENT = "holder_consent"
    GUARDIAN_PROOF = "guardian_proof"
    BIRTH_RECORD = "birth_record"
    FACE = "face"
    WINDOW = "window"


class Deed(StrEnum):
    """What an account may want to do for a person."""

    HOLD_FREE_PERSON = "hold_free_person"
    HOLD_HELD_PERSON = "hold_held_person"
    HOLD_DEPENDANT = "hold_dependant"
    SHOW_CARD = "show_card"
    SHOW_CODE = "show_code"
    FREEZE_CARD = "freeze_card"
    UNFREEZE_CARD = "unfreeze_card"
    SWITCH_STATIC_CODE = "switch_static_code"
    CHOOSE_VISIBILITY = "choose_visibility"
    REPORT_LOSS = "report_loss"
    WITHDRAW_LOSS = "withdraw_loss"
    REISSUE_CARD = "reissue_card"
    CANCEL_CARD = "cancel_card"
    READ_CARD_HISTORY = "read_card_history"
    SHOW_PARTICULARS = "show_particulars"
    CHANGE_PARTICULARS = "change_particulars"
    CHANGE_PHONE = "change_phone"
    SHOW_CERTIFICATES = "show_certificates"
    LINK_CERTIFICATE = "link_certificate"
    KEEP_CODES_ON_DEVICE = "keep_codes_on_device"
    READ_RECORDS = "read_records"
    GRANT_ACCESS = "grant_access"
    COPY_DATA = "copy_data"
    CONFIRM_STATEMENT = "confirm_statement"
    BOOK_VISIT = "book_visit"
    PAY_BILL = "pay_bill"
    READ_CHARGES = "read_charges"
    USE_BALANCE = "use_balance"


LEVEL_OF: Mapping[Evidence, Level] = {
    Evidence.STATEMENT: Level.STATED,
    Evidence.REAL_NAME: Level.PAIR_EXISTS,
    # A reviewer has weighed what the check could not say; nobody has been seen.
    Evidence.REVIEW: Level.PAIR_EXISTS,
    # A machine has read a genuine document, and does not know who put it there.
    Evidence.DOCUMENT_READ: Level.PAIR_EXISTS,
    Evidence.PHONE_ON_RECORD: Level.HOLDER_PROVED,
    Evidence.HOLDER_CONSENT: Level.HOLDER_PROVED,
    # Staff have weighed a birth certificate or a household register that names both.
    Evidence.GUARDIAN_PROOF: Level.HOLDER_PROVED,
    # The hospital where the child was born names the mother.
    Evidence.BIRTH_RECORD: Level.HOLDER_PROVED,
    Evidence.FACE: Level.HOLDER_PROVED,
    Evidence.WINDOW: Level.SEEN_IN_PERSON,
}

# How long a proof counts towards outside parties. That a name and a number fit does not lapse.
LASTS: Mapping[Level, timedelta] = {
    Level.HOLDER_PROVED: timedelta(days=365),
    Level.SEEN_IN_PERSON: timedelta(days=3 * 365),
}

NEEDED_FOR: Mapping[Deed, Level] = {
    Deed.HOLD_FREE_PERSON: Level.PAIR_EXISTS,
    Deed.HOLD_HELD_PERSON: Level.HOLDER_PROVED,
    Deed.HOLD_DEPENDANT: Level.HOLDER_PROVED,
    Deed.SHOW_CARD: Level.PAIR_EXISTS,
    Deed.SHOW_CODE: Level.PAIR_EXISTS,
    Deed.FREEZE_CARD: Level.PAIR_EXISTS,
    Deed.UNFREEZE_CARD: Level.PAIR_EXISTS,
    Deed.SWITCH_STATIC_CODE: Level.PAIR_EXISTS,
    Deed.CHOOSE_VISIBILITY: Level.PAIR_EXISTS,
    Deed.REPORT_LOSS: Level.PAIR_EXISTS,
    # Whoever holds the phone could undo a loss; so these three ask for the certificate besides.
    Deed.WITHDRAW_LOSS: Level.PAIR_EXISTS,
    Deed.REISSUE_CARD: Level.PAIR_EXISTS,
    Deed.CANCEL_CARD: Level.PAIR_EXISTS,
    Deed.READ_CARD_HISTORY: Level.PAIR_EXISTS,
    Deed.SHOW_PARTICULARS: Level.PAIR_EXISTS,
    Deed.CHANGE_PARTICULARS: Level.PAIR_EXISTS,
    # A code to the phone on record is a proof of level 2: nobody may put their own phone there first.
    Deed.CHANGE_PHONE: Level.HOLDER_PROVED,
    Deed.SHOW_CERTIFICATES: Level.HOLDER_PROVED,
    Deed.LINK_CERTIFICATE: Level.HOLDER_PROVED,
    Deed.KEEP_CODES_ON_DEVICE: Level.HOLDER_PROVED,
    Deed.READ_RECORDS: Level.HOLDER_PROVED,
    # Opens a record to somebody else.
    Deed.GRANT_ACCESS: Level.HOLDER_PROVED,
    Deed.COPY_DATA: Level.HOLDER_PROVED,
    # What is confirmed counts against the person afterwards.
    Deed.CONFIRM_STATEMENT: Level.HOLDER_PROVED,
    Deed.BOOK_VISIT: Level.PAIR_EXISTS,
    Deed.PAY_BILL: Level.PAIR_EXISTS,
    # What somebody was charged for says what they were examined and treated for.
    Deed.READ_CHARGES: Level.HOLDER_PROVED,
    # Money that is the person's own: seen, spent, and given back to where it came from.
    Deed.USE_BALANCE: Level.HOLDER_PROVED,
}

# What an adult who is asked for consent is told that it opens, and no more.
BY_CONSENT: frozenset[Deed] = frozenset(
    {
        Deed.SHOW_CARD,
        Deed.SHOW_CODE,
        Deed.FREEZE_CARD,
        Deed.UNFREEZE_CARD,
        Deed.REPORT_LOSS,
        Deed.WITHDRAW_LOSS,
        Deed.READ_CARD_HISTORY,
        Deed.BOOK_VISIT,
        Deed.PAY_BILL,
    }
)
# A child's guardian, besides. Nobody ends another's card by a phone: that is done at a window.
BY_PROOF: frozenset[Deed] = BY_CONSENT | {
    Deed.REISSUE_CARD,
    Deed.SWITCH_STATIC_CODE,
    Deed.CONFIRM_STATEMENT,
    Deed.READ_RECORDS,
    Deed.GRANT_ACCESS,
    Deed.READ_CHARGES,
    Deed.USE_BALANCE,
}


def may(level: int, deed: Deed) -> bool:
    """Whether a level is enough for a deed."""
    return level >= NEEDED_FOR[deed]


def require(level: int, deed: Deed) -> None:
    """Let pass a level that is enough.

    Raises:
        LevelTooLow: Otherwise.
    """
    if not may(level, deed):
        raise LevelTooLow


def guardian_may(deed: Deed, *, is_by_consent: bool) -> bool:
    """Whether a guardian may do something for the one whom they hold."""
    return deed in (BY_CONSENT if is_by_consent else BY_PROOF)


def require_guardians_deed(deed: Deed, *, is_by_consent: bool) -> None:
    """Let pass what a guardian may do.

    Raises:
        NotForGuardians: Otherwise.
    """
    if not guardian_may(deed, is_by_consent=is_by_consent):
        raise NotForGuardians


def is_of_age(age: int) -> bool:
    """Whether a person of this age manages their own card (Civil Code, article 17)."""
    return age >= OF_AGE_YEARS


def may_take_over(level: int, held_at: int) -> bool:
    """Whether a proof is strong enough to end somebody else's hold on the same person."""
    return may(level, Deed.HOLD_HELD_PERSON) and level >= held_at
