"""What may be said of a person, without a database or a clock."""

from mpi.rules.certificates import (
    CERTIFICATE_TYPES,
    HOUSEHOLD_REGISTER,
    IDENTITY_CARD,
    OTHER,
    CertificateType,
    birth_date_of,
    canonical_number,
    check_certificate,
    check_digit_of,
    citizen_number_of,
    index_form,
    is_provisional,
    known_as,
    provisional_number,
    rank,
    sex_of,
)
from mpi.rules.nations import NATIONS
from mpi.rules.people import GENDERS, age_on, check_name, check_phone, normalise_phone, surname_of
from mpi.rules.problems import Fault, Problem
from mpi.rules.tokens import Tokens, tokens_of

__all__ = [
    "CERTIFICATE_TYPES",
    "GENDERS",
    "HOUSEHOLD_REGISTER",
    "IDENTITY_CARD",
    "NATIONS",
    "OTHER",
    "CertificateType",
    "Fault",
    "Problem",
    "Tokens",
    "age_on",
    "birth_date_of",
    "canonical_number",
    "check_certificate",
    "check_digit_of",
    "check_name",
    "check_phone",
    "citizen_number_of",
    "index_form",
    "is_provisional",
    "known_as",
    "normalise_phone",
    "provisional_number",
    "rank",
    "sex_of",
    "surname_of",
    "tokens_of",
]
