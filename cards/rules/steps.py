"""The questions of an application, one a page, and which of them are left.

A question is asked only when its answer cannot be known otherwise: the number of an identity
card tells birth date and sex, and the phone number of the sign-in is not asked for again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mpi.rules import birth_date_of


class Step(StrEnum):
    """One page of the application; the value is its word in the address."""

    CERTIFICATE = "certificate"
    NUMBER = "number"
    NAME = "name"
    BIRTH = "birth"
    GENDER = "gender"
    NATION = "nation"
    PROOF = "proof"
    PROOF_NUMBER = "proof-number"
    PHONE = "phone"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the applicant has said so far; empty where nothing yet.

    Attributes:
        relation: ``self``, or what the person is to the applicant.
        proof_kind, proof_number: What shows that the applicant is a child's guardian.
    """

    id_type: str = ""
    id_number: str = ""
    name: str = ""
    birth_date: date | None = None
    gender: str = ""
    nation: str = ""
    phone: str = ""
    relation: str = "self"
    proof_kind: str = ""
    proof_number: str = ""


def questions(answers: Answers, *, phone_known: bool) -> Sequence[Step]:
    """The pages of this application, in their order, with the last look at the end."""
    tells_birth = not answers.id_number or birth_date_of(answers.id_type, answers.id_number) is not None
    return [
        step
        for step, is_asked in (
            (Step.CERTIFICATE, True),
            (Step.NUMBER, True),
            (Step.NAME, True),
            (Step.BIRTH, not tells_birth),
            (Step.GENDER, not tells_birth),
            (Step.NATION, True),
            (Step.PROOF, answers.relation != "self"),
            (Step.PROOF_NUMBER, answers.relation != "self"),
            (Step.PHONE, not phone_known),
            (Step.CHECK, True),
        )
        if is_asked
    ]


def is_answered(step: Step, answers: Answers) -> bool:
    """Whether a page has its answer."""
    match step:
        case Step.CERTIFICATE:
            return bool(answers.id_type)
        case Step.NUMBER:
            return bool(answers.id_number)
        case Step.NAME:
            return bool(answers.name)
        case Step.BIRTH:
            return answers.birth_date is not None
        case Step.GENDER:
            return bool(answers.gender)
        case Step.NATION:
            return bool(answers.nation)
        case Step.PROOF:
            return bool(answers.proof_kind)
        case Step.PROOF_NUMBER:
            return bool(answers.proof_number)
        case Step.PHONE:
            return bool(answers.phone)
        case Step.CHECK:
            return False


def next_open(answers: Answers, *, phone_known: bool) -> Step:
    """The first page without an answer; the last look when there is none."""
    return next(
        step for step in questions(answers, phone_known=phone_known) if not is_answered(step, answers)
    )


def neighbours(step: Step, answers: Answers, *, phone_known: bool) -> tuple[Step | None, int, int]:
    """The page before a page, its place counted from one, and how many pages there are."""
    asked = list(questions(answers, phone_known=phone_known))
    place = asked.index(step) if step in asked else 0
    return (asked[place - 1] if place else None), place + 1, len(asked)
