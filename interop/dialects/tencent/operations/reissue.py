"""145 updateHealthCardId: the number of a card that is good today.

A number that was replaced gets the present one as its answer. A present number is derived anew
where certificate or name changed; where nothing changed, the card gets its number under the
next key, once a year, and the one that was given is dead.
"""

from typing import Any

from django.db import transaction

from cards.codes.institution import find_number
from cards.codes.page import showable_number
from cards.errors import PersonNotBound
from cards.services.binding import is_bound
from cards.services.by_institution import reissue_by_institution
from cards.services.numbers import follow_person
from foundation.gateway.scopes import CARD_MANAGE
from interop.dialects.tencent.envelope import Fields
from interop.dialects.tencent.errors import BadParameter
from interop.dialects.tencent.operations.base import Call, Operation
from mpi import selectors as mpi

MOST_AT_ONCE = 15
REASON = "updateHealthCardId"


def update_card_ids(call: Call) -> dict[str, Any]:
    """Every number of the list, or none."""
    items = call.req.rows("updateHealthCardIdItems", most=MOST_AT_ONCE)
    with transaction.atomic():
        # In one order for everybody: two lists of the same cards must not wait for each other.
        order = sorted(range(len(items)), key=lambda place: items[place].text("healthCardId"))
        done = {place: _updated(call, items[place]) for place in order}
        answered = [done[place] for place in range(len(items))]
    return {"result": True, "updateHealthCardIdRspItems": answered}


def _updated(call: Call, item: Fields) -> dict[str, str]:
    id_type, id_number = item.text("idType"), item.text("idNumber")
    given = find_number(item.text("healthCardId"))
    if not is_bound(given.card_id, call.caller.institution):
        raise PersonNotBound(field="healthCardId")
    person = mpi.find_by_identifier(id_type, id_number)
    if person is None or person.person_pk != mpi.survivor(given.card.person_id):
        raise BadParameter(field="idNumber", name="idNumber")
    return {
        "oldHealthCardId": given.value,
        "newHealthCardId": _present(call, given, id_type, id_number),
        "idType": id_type,
        "idNumber": id_number,
    }


def _present(call: Call, given: Any, id_type: str, id_number: str) -> str:
    """The number that is good from now on."""
    number = showable_number(given.card)
    if number.pk == given.pk:
        number = follow_person(card_pk=given.card_id, reason=REASON, actor=call.actor)
    if number.pk == given.pk:
        number = reissue_by_institution(
            card_id=given.value, id_type=id_type, id_number=id_number, reason=REASON, actor=call.actor
        )
    value: str = number.value
    return value


OPERATION = Operation(
    name="updateHealthCardId",
    number="145",
    purpose="更新健康卡ID",
    rsp=("result", "updateHealthCardIdRspItems"),
    handle=update_card_ids,
    scopes=frozenset({CARD_MANAGE}),
)
