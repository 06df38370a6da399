"""99 registerHealthCard.

The person is checked by the rules before the one-time code is spent, and the code is spent
once however often the request is repeated. The code shows that a user of WeChat agreed at the
counter or on the phone; it makes nobody a holder (decision 2).
"""

from dataclasses import dataclass, field
from typing import Any

import structlog

from cards.rules.codes import emit_static
from cards.services.registration import check_for_registration, check_particulars, register_checked
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.gateway.scopes import CARD_REGISTER
from institutions import selectors as institutions
from interop.dialects.tencent.operations import register_child, words
from interop.dialects.tencent.operations.base import Call, Operation
from interop.dialects.tencent.operations.weixin import spend
from mpi.types import PersonIdentity

log = structlog.get_logger(__name__)

_SPENT_SECONDS = 48 * 3_600
# Texts that the platform takes and that have no meaning here; their types are checked.
_UNUSED = ("relation", "citycode", "phone2", "openId", "registeredType")


@dataclass(frozen=True, slots=True)
class _Checked:
    identity: PersonIdentity = field(repr=False)
    patient_id: str = field(repr=False)
    check_id: str


def check(call: Call) -> "_Checked | register_child.CheckedBirth":
    """Read and check the person, spend the code, and ask the population database."""
    req = call.req
    if register_child.is_child(req):
        return register_child.check(call)
    code = req.text("wechatCode")
    identity = PersonIdentity(
        name=req.text("name"),
        id_type=req.text("idType"),
        id_number=req.text("idNumber"),
        sex=words.gender_of(req, "gender"),
        birth_date=words.date_of(req, "birthday"),
        nation=words.nation_of(req, "nation"),
        phone=req.text("phone1"),
        address=words.plain(req, "address", most=200),
    )
    patient_id = words.plain(req, "patid", most=64)
    for name in _UNUSED:
        req.optional(name)
    check_particulars(identity)
    spend(code, call)
    check_id = check_for_registration(identity_given=identity, actor=call.actor, request_id=call.reference)
    return _Checked(identity, patient_id, check_id)


def register_health_card(call: Call) -> dict[str, Any]:
    """Register the person and issue the card, or return the one that there is."""
    actor = call.actor
    checked: _Checked | register_child.CheckedBirth = call.learned
    if isinstance(checked, register_child.CheckedBirth):
        return _told(register_child.register(call, checked), actor)
    registered = register_checked(
        identity_given=checked.identity,
        check_id=checked.check_id,
        institution_pk=institutions.visible(actor).values_list("pk", flat=True).get(),
        actor=actor,
        patient_id=checked.patient_id,
    )
    return _told(registered, actor)


def _told(registered: Any, actor: Actor) -> dict[str, Any]:
    if not registered.created:
        audit.record(
            Action.CARD_READ,
            actor=actor,
            subject=registered.card,
            details={"purpose": OPERATION.name},
        )
    number = registered.card.numbers.get(state="current")
    return {
        "qrCodeText": emit_static(number.value),
        "healthCardId": number.value,
        "phid": number.main_index,
        "adminExt": "",
        "unbindOrderId": "",
        "unbindURL": "",
        "ecardNo": "",
    }


OPERATION = Operation(
    name="registerHealthCard",
    number="99",
    purpose="注册健康卡",
    rsp=("qrCodeText", "healthCardId", "phid", "adminExt", "unbindOrderId", "unbindURL", "ecardNo"),
    handle=register_health_card,
    scopes=frozenset({CARD_REGISTER}),
    ask_outside=check,
)
