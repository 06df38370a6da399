"""The card object of the platform, with its 18 keys."""

from typing import Any

from django.conf import settings

from cards.codes.institution import find_number
from cards.codes.page import showable_number
from cards.rules.codes import DynamicCode, StaticCode, parse
from cards.verification.holder import card_answer
from interop.dialects.tencent.operations.base import Call
from interop.dialects.tencent.operations.words import GENDER_NAMES
from mpi import selectors as mpi
from mpi.rules import NATIONS

LONGEST_CODE = 4_000


def card_object(call: Call, card_id: str) -> dict[str, Any]:
    """The card with its holder, masked unless the client reads in full.

    Raises:
        CardUnknown: There is no such card.
        CardFrozen, CardLost, CardCancelled: It is not in use.
    """
    number = find_number(card_id)
    showable_number(number.card)
    found = card_answer(number, call.caller.scopes)
    return {
        "qrCodeText": found["static_code"] or "",
        **person_object(found["person"]),
        "relation": "",
        "phone1": found["person"]["phone"] or "",
        "phone2": "",
        "phid": found["main_index"] or "",
        "patid": mpi.local_id_of(number.card.person_id, call.caller.institution),
        "healthCardId": found["health_card_id"],
        "adminExt": "",
        "ext": "",
        "childInfo": "",
        "verifyStatus": "",
    }


def require_in_use(card_id: str) -> None:
    """Refuse a card that may not be read out, as ``card_object`` does."""
    showable_number(find_number(card_id).card)


def require_code_in_use(call: Call) -> None:
    """Refuse a call with the code of such a card."""
    code = parse(call.req.text("qrCodeText", most=LONGEST_CODE), own_issuer=settings.EHCAPPID)
    if isinstance(code, StaticCode | DynamicCode):
        require_in_use(code.card_id)


def person_object(person: dict[str, Any]) -> dict[str, str]:
    """What card object and verification have in common; what is masked away is empty."""
    return {
        "name": person["name"],
        "gender": GENDER_NAMES.get(person["gender"], "未知"),
        "nation": NATIONS.get(person["nation"] or "", ""),
        "birthday": person["birthday"] or "",
        "idNumber": person["id_number"],
        "idType": person["id_type"],
        "address": person["address"] or "",
    }
