"""235 getThirdPartyPlatformInfo and 236 verifyRealNamePatient."""

import re
from typing import Any

from django.conf import settings

import gmcrypto
from cards.services.binding import is_bound
from cards.services.issue import live_card
from foundation.core import clock
from foundation.core.text import normalise_name
from foundation.gateway.scopes import IDENTITY_VERIFY
from identity import services as identity
from identity.types import CheckOutcome
from institutions import selectors as institutions
from interop.dialects.tencent.errors import BadParameter, RealNameUnavailable
from interop.dialects.tencent.operations.base import Call, Operation
from mpi import selectors as mpi
from mpi.errors import raise_first
from mpi.rules import canonical_number, check_certificate, check_name

_CITY = re.compile(r"[0-9]{4,12}")
_IDENTITY_CARD = "01"


def get_platform_info(call: Call) -> dict[str, Any]:
    """Whether this centre serves a city."""
    city = call.req.text("cityCode", most=12)
    if not _CITY.fullmatch(city):
        raise BadParameter(field="cityCode", name="cityCode")
    is_ours = call.req.optional("platformId", most=64) in {"", settings.EHCAPPID}
    if not is_ours or not institutions.serves_city(city):
        return {"adminId": "", "hospitalId": "", "supportStatus": 0}
    return {
        "adminId": settings.EHCAPPID,
        "hospitalId": call.institution.hospital_id,
        "supportStatus": 1,
    }


def check_pair(call: Call) -> bool:
    """Ask the population database about the pair."""
    name, number = call.req.text("userName"), call.req.text("idCard")
    call.req.optional("platformId", most=64)
    today = clock.beijing(clock.now()).date()
    raise_first([*check_certificate(_IDENTITY_CARD, number, None, today=today), *check_name(name)])
    check = identity.check_real_name(
        request_id=gmcrypto.sm3(f"{call.actor.id}\n236\n{call.request_id}".encode()).hex(),
        subject=("institutions.Institution", call.caller.institution),
        id_type=_IDENTITY_CARD,
        id_number=canonical_number(_IDENTITY_CARD, number),
        name=normalise_name(name),
        actor=call.actor,
        deadline=identity.SYNCHRONOUS_SECONDS,
    )
    if not check.has_answer:
        raise RealNameUnavailable
    return check.outcome is CheckOutcome.MATCH


def verify_patient(call: Call) -> dict[str, Any]:
    """Whether name and number belong together, and the hospital's own number for its patient."""
    passed: bool = call.learned
    return {"pass": passed, "patientId": _patient_id(call) if passed else ""}


def _patient_id(call: Call) -> str:
    """Only of somebody whom this hospital knows: of others nothing is told."""
    person = mpi.find_by_identifier(_IDENTITY_CARD, call.req.text("idCard"))
    card = live_card(person.person_pk) if person is not None else None
    if card is None or not is_bound(card.pk, call.caller.institution):
        return ""
    return mpi.local_id_of(card.person_id, call.caller.institution)


PLATFORM_INFO = Operation(
    name="getThirdPartyPlatformInfo",
    number="235",
    purpose="查询平台是否支持",
    rsp=("adminId", "hospitalId", "supportStatus"),
    handle=get_platform_info,
    scopes=frozenset({IDENTITY_VERIFY}),
)
VERIFY_PATIENT = Operation(
    name="verifyRealNamePatient",
    number="236",
    purpose="实名就诊人核验",
    rsp=("pass", "patientId"),
    handle=verify_patient,
    scopes=frozenset({IDENTITY_VERIFY}),
    ask_outside=check_pair,
)
