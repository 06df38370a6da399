"""Certificates: their types, the shapes of their numbers, and GB 11643.

Type codes are those of CV02.01.101 as the health card uses them. Numbers of identity cards
are checked to the last digit; of the others only the shape is known, and it is taken
leniently: a number refused wrongly shuts a person out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from foundation.core.text import normalise_number
from mpi.rules.people import OLDEST_YEARS, age_on
from mpi.rules.problems import Fault, Problem

IDENTITY_CARD = "01"
HOUSEHOLD_REGISTER = "02"
HONG_KONG_OR_MACAU = "06"
TAIWAN = "07"
OTHER = "99"
# A number that the centre made up for somebody whose certificate is not known yet: a newborn, or a
# patient without papers.
PROVISIONAL_PREFIX = "LS"

# The national derivation puts two characters of type and the number into 32 bytes.
LONGEST_NUMBER_BYTES = 30


@dataclass(frozen=True, slots=True)
class CertificateType:
    """A kind of certificate.

    Attributes:
        shape: What a normalised number looks like; none for numbers under GB 11643.
    """

    code: str
    name: str | Promise
    shape: re.Pattern[str] | None = None


CERTIFICATE_TYPES: Mapping[str, CertificateType] = {
    kind.code: kind
    for kind in (
        CertificateType(IDENTITY_CARD, _("居民身份证")),
        CertificateType(HOUSEHOLD_REGISTER, _("居民户口簿"), re.compile(r"[0-9A-Z]{4,20}")),
        CertificateType("03", _("护照"), re.compile(r"(?=[A-Z]*[0-9])[0-9A-Z]{5,20}")),
        CertificateType("04", _("军官证"), re.compile(r"(?=.*[0-9]{4})[0-9A-Z一-鿿()]{4,20}")),
        CertificateType("05", _("驾驶证"), re.compile(r"(?=[A-Z]*[0-9])[0-9A-Z]{8,18}")),
        CertificateType(
            HONG_KONG_OR_MACAU, _("港澳居民来往内地通行证"), re.compile(r"[HM](?:[0-9]{8}|[0-9]{10})")
        ),
        CertificateType(
            TAIWAN, _("台湾居民来往内地通行证"), re.compile(r"[0-9]{8}|[0-9]{10}(?:\(?[A-Z]\)?)?")
        ),
        CertificateType("08", _("出生医学证明"), re.compile(r"[A-Z][0-9]{9}")),
        CertificateType(OTHER, _("其他"), re.compile(r"(?=.*[0-9])[0-9A-Z一-鿿()]{4,30}")),
    )
}

# First two digits of a division code (GB/T 2260): the provinces, Taiwan, Hong Kong, Macau,
# and 83 of the residence permit for residents of Taiwan.
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN = re.compile(r"[0-9]{15}")


def check_digit_of(first_seventeen: str) -> str:
    """The eighteenth character of an identity number (GB 11643)."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_seventeen, strict=True))
    return _CHECK_DIGITS[total % 11]


def canonical_number(id_type: str, number: str) -> str:
    """The number as it is stored.

    Normalised; an identity number of 15 digits, as issued until 1999, in its 18-digit form.
    """
    text = normalise_number(number)
    if id_type == IDENTITY_CARD and _FIFTEEN.fullmatch(text):
        longer = f"{text[:6]}19{text[6:]}"
        return longer + check_digit_of(longer)
    return text


def index_form(id_type: str, number: str) -> str:
    """The part of a canonical number that stays the same when the certificate is renewed.

    Passes of Hong Kong, Macau and Taiwan used to end in two digits that count the renewals.
    """
    text = canonical_number(id_type, number)
    if id_type == HONG_KONG_OR_MACAU:
        return text[:9]
    if id_type == TAIWAN:
        return text[:8]
    return text


def known_as(id_type: str, number: str) -> tuple[tuple[str, str], ...]:
    """Every (type, index form) that names the same person as this certificate, its own first.

    A household register shows the citizen's identity number: a child entered by it and later
    by an identity card is one person.
    """
    own = (id_type, index_form(id_type, number))
    if id_type == HOUSEHOLD_REGISTER and _EIGHTEEN.fullmatch(own[1]):
        return own, (IDENTITY_CARD, own[1])
    return (own,)


def provisional_number(serial: str) -> str:
    """The number of somebody without a certificate; registered with the type ``99``.

    Args:
        serial: 8 to 28 figures and upper-case letters, never used before.
    """
    return f"{PROVISIONAL_PREFIX}{serial}"


def is_provisional(id_type: str, number: str) -> bool:
    """Whether the number was made up until the person has a certificate."""
    return id_type == OTHER and canonical_number(id_type, number).startswith(PROVISIONAL_PREFIX)


def rank(id_type: str, number: str) -> int:
    """Which of a person's certificates speaks for them: the lowest rank first."""
    if id_type == IDENTITY_CARD:
        return 0
    if id_type != OTHER:
        return 1
    return 3 if is_provisional(id_type, number) else 2


def citizen_number_of(id_type: str, number: str) -> str:
    """The citizen's number (GB 11643) that a certificate shows; empty where it shows none."""
    text = canonical_number(id_type, number)
    return text if _is_citizen_number(id_type, text) else ""


def birth_date_of(id_type: str, number: str) -> date | None:
    """The birth date that a citizen's number states; None where the number states none."""
    text = canonical_number(id_type, number)
    return _date_in(text) if _is_citizen_number(id_type, text) else None


def sex_of(id_type: str, number: str) -> str:
    """The sex that a citizen's number states (GB/T 2261.1); empty where it states none."""
    text = canonical_number(id_type, number)
    if not _is_citizen_number(id_type, text):
        return ""
    return "1" if int(text[16]) % 2 else "2"


def check_certificate(
    id_type: str, number: str, birth_date: date | None = None, *, today: date
) -> list[Problem]:
    """What is wrong with a certificate; an empty list if nothing is.

    Args:
        id_type: A code of ``CERTIFICATE_TYPES``.
        number: As typed.
        birth_date: As typed, where it was asked for separately.
        today: The date in Beijing; later birth dates are impossible.
    """
    kind = CERTIFICATE_TYPES.get(id_type)
    if kind is None:
        return [Problem(Fault.TYPE_UNKNOWN, "id_type")]
    text = canonical_number(id_type, number)
    if not text:
        return [Problem(Fault.NUMBER_MISSING, "id_number")]
    problem = _check_number(kind, text, today)
    if problem is not None:
        return [problem]
    return _check_birth_date(birth_date_of(id_type, text), birth_date, today)


def _check_number(kind: CertificateType, text: str, today: date) -> Problem | None:
    if _falls_under_gb_11643(kind.code, text):
        return check_citizen_number(text, today=today)
    if kind.shape is None or not kind.shape.fullmatch(text):
        return Problem(Fault.NUMBER_SHAPE, "id_number")
    if len(text.encode()) > LONGEST_NUMBER_BYTES:
        return Problem(Fault.NUMBER_SHAPE, "id_number")
    return None


def check_citizen_number(text: str, *, today: date) -> Problem | None:
    """The first fault of an 18-character identity number by GB 11643."""
    if len(text) != 18:
        return Problem(Fault.NUMBER_LENGTH, "id_number", len(text))
    if not _EIGHTEEN.fullmatch(text):
        return Problem(Fault.NUMBER_CHARACTERS, "id_number")
    if text[:2] not in _PROVINCES:
        return Problem(Fault.NUMBER_DIVISION, "id_number")
    born = _date_in(text)
    if born is None:
        return Problem(Fault.NUMBER_DATE, "id_number")
    if born > today:
        return Problem(Fault.NUMBER_DATE_FUTURE, "id_number")
    if age_on(born, today) > OLDEST_YEARS:
        return Problem(Fault.NUMBER_DATE_TOO_OLD, "id_number")
    if check_digit_of(text[:17]) != text[17]:
        return Problem(Fault.NUMBER_CHECK_DIGIT, "id_number")
    return None


def _check_birth_date(stated: date | None, given: date | None, today: date) -> list[Problem]:
    if given is None:
        return []
    if stated is not None and given != stated:
        return [Problem(Fault.BIRTH_DATE_DISAGREES, "birth_date")]
    if given > today:
        return [Problem(Fault.BIRTH_DATE_FUTURE, "birth_date")]
    if age_on(given, today) > OLDEST_YEARS:
        return [Problem(Fault.BIRTH_DATE_TOO_OLD, "birth_date")]
    return []


def _falls_under_gb_11643(id_type: str, text: str) -> bool:
    return id_type == IDENTITY_CARD or (id_type == HOUSEHOLD_REGISTER and len(text) == 18)


def _is_citizen_number(id_type: str, text: str) -> bool:
    return _falls_under_gb_11643(id_type, text) and _EIGHTEEN.fullmatch(text) is not None


def _date_in(text: str) -> date | None:
    try:
        return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return None
