"""99 with ``childInfo``: a newborn without a certificate, registered on the mother's record.

The platform names no delivery record. The time of the birth stands for it, and for one of
several children also the hospital's own number: so a birth that is reported again is the same
child, and twins are two.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cards.services.newborn import BIRTH_CERTIFICATE, Birth, register_mother, register_newborn
from cards.services.registration import check_for_registration, check_particulars
from institutions import selectors as institutions
from interop.dialects.tencent.envelope import Fields
from interop.dialects.tencent.errors import BadParameter, MissingParameter
from interop.dialects.tencent.operations import words
from interop.dialects.tencent.operations.base import Call
from interop.dialects.tencent.operations.weixin import spend
from mpi.types import PersonIdentity

_NOTHING: tuple[Any, ...] = (None, "", {}, [])
_NOT_SEVERAL = frozenset({"", "0", "1"})
_PARITIES = frozenset(map(str, range(1, 31)))
# Taken and not used: of the father nothing is kept, and the mother's country is her certificate's.
_UNUSED = ("motherCountry", "motherBirthDay", *(f"father{part}" for part in ("Name", "IdType", "IdNumber")))


@dataclass(frozen=True, slots=True)
class CheckedBirth:
    """A birth whose mother was checked."""

    mother: PersonIdentity = field(repr=False)
    birth: Birth = field(repr=False)
    patient_id: str = field(repr=False)
    check_id: str


def is_child(req: Fields) -> bool:
    """Whether a registration is about a newborn."""
    return req.values.get("childInfo") not in _NOTHING


def check(call: Call) -> CheckedBirth:
    """Read the birth, check the mother, spend the code, and ask about her."""
    req = call.req
    given = req.values.get("childInfo")
    if not isinstance(given, Mapping):
        raise BadParameter(field="childInfo", name="childInfo")
    code = req.text("wechatCode")
    about = Fields(given)
    for name in _UNUSED:
        about.optional(name)
    patient_id = words.plain(req, "patid", most=64)
    birth = _birth(req, about, patient_id)
    mother = PersonIdentity(
        name=about.text("motherName"),
        id_type=about.text("motherIdType"),
        id_number=about.text("motherIdNumber"),
        nation=words.nation_of(about, "motherNation") if about.has("motherNation") else "",
        phone=about.optional("motherPhone") or req.optional("phone1"),
        address=words.plain(about, "motherAddress", most=200),
    )
    check_particulars(mother)
    spend(code, call)
    check_id = check_for_registration(identity_given=mother, actor=call.actor, request_id=call.reference)
    return CheckedBirth(mother, birth, patient_id, check_id)


def register(call: Call, checked: CheckedBirth) -> Any:
    """Register mother and child; the child's card, and whether it is new."""
    actor = call.actor
    return register_newborn(
        mother_pk=register_mother(mother=checked.mother, check_id=checked.check_id, actor=actor),
        birth=checked.birth,
        institution_pk=institutions.visible(actor).values_list("pk", flat=True).get(),
        patient_id=checked.patient_id,
        actor=actor,
    )


def _birth(req: Fields, about: Fields, patient_id: str) -> Birth:
    born_at = words.time_of(about, "birthTime")
    if born_at is None:
        raise MissingParameter(field="birthTime", name="birthTime")
    at = words.beijing_text(born_at)
    born_on = words.date_of(req, "birthday")
    if at[:10] != born_on.isoformat():
        raise BadParameter(field="birthTime", name="birthTime")
    certificate = req.optional("idNumber", most=40)
    # Whoever has another certificate is registered by it, like everybody.
    if certificate and req.text("idType", most=2) != BIRTH_CERTIFICATE:
        raise BadParameter(field="idType", name="idType")
    record = at
    if about.optional("multipleBirthsFlag", most=8) not in _NOT_SEVERAL:
        if not patient_id:
            raise MissingParameter(field="patid", name="patid")
        record = f"{at} {patient_id}"
    return Birth(
        record=record,
        parity=int(words.one_of(about, "parity", _PARITIES)),
        born_on=born_on,
        sex=words.gender_of(req, "gender"),
        name=req.optional("name", most=80),
        certificate=certificate,
    )
