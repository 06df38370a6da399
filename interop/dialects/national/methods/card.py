"""``close`` and ``query``: the card itself."""

from cards.codes.institution import find_number
from cards.errors import PersonNotBound
from cards.rules.life import CardMove
from cards.rules.policy import reads_full
from cards.rules.reasons import SDK_CLOSED
from cards.services.binding import is_bound
from cards.services.by_institution import move_by_institution
from cards.services.issue import live_card
from cards.states import NumberState
from cards.verification.holder import card_answer
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.gateway.scopes import CARD_MANAGE, CARD_READ, CARD_READ_FULL
from interop.dialects.national.errors import CertificateDiffers, MissingParameter
from interop.dialects.national.methods import words
from interop.dialects.national.methods.base import Call, Method
from mpi import selectors as mpi


def close(call: Call) -> dict[str, str]:
    """Cancel the card of a person whom the institution has registered."""
    words.require_time(call.content, "revoke_time")
    number = move_by_institution(
        card_id=call.content.text("ehealth_card_id"),
        move=CardMove.CANCEL,
        reason=SDK_CLOSED,
        actor=call.actor,
    )
    return {"ehealth_card_id": number.value, "card_state": words.CARD_STATES[number.card.state]}


def query(call: Call) -> dict[str, str]:
    """The card with a number, or that of a patient of the institution known by the certificate."""
    card_id = call.content.optional("ehealth_card_id")
    id_type, id_number = call.content.optional("id_type"), call.content.optional("id_no")
    number = find_number(card_id or _number_of_patient(call, id_type, id_number))
    if card_id and id_type and id_number:
        _require_holder(call, id_type, id_number, card_pk=number.card_id, person_pk=number.card.person_id)
    audit.record(
        Action.CARD_READ,
        actor=call.actor,
        subject=number.card,
        details={"scopes": sorted(call.caller.scopes)},
    )
    found = card_answer(number, call.caller.scopes)
    return {
        "ehealth_card_id": found["health_card_id"],
        "mindex_id": found["main_index"] or "",
        "card_state": words.CARD_STATES[found["state"]],
        "superseded_by": found["superseded_by"] or "",
        "valid_until": words.milliseconds(found["valid_until"]),
        "static_code": found["static_code"] or "",
        "masked": "1" if found["masked"] else "0",
        **words.person_words(found["person"]),
    }


def _number_of_patient(call: Call, id_type: str, id_number: str) -> str:
    if not (id_type and id_number):
        raise MissingParameter(field="ehealth_card_id", name="ehealth_card_id")
    person = mpi.find_by_identifier(id_type, id_number)
    card = live_card(person.person_pk) if person is not None else None
    # Who is no patient of theirs and who is not registered at all get one and the same answer.
    if card is None or not is_bound(card.pk, call.caller.institution):
        raise PersonNotBound(field="id_no")
    value: str = card.numbers.get(state=NumberState.CURRENT).value
    return value


def _require_holder(call: Call, id_type: str, id_number: str, *, card_pk: int, person_pk: int) -> None:
    # Otherwise anybody with a card's number could try certificates.
    if not (reads_full(call.caller.scopes) or is_bound(card_pk, call.caller.institution)):
        raise PersonNotBound(field="ehealth_card_id")
    person = mpi.find_by_identifier(id_type, id_number)
    if person is None or person.person_pk != mpi.survivor(person_pk):
        raise CertificateDiffers(field="id_no")


CLOSE = Method(
    name="close",
    path="hospital/v3/user/close",
    purpose="注销",
    answers=("ehealth_card_id", "card_state"),
    handle=close,
    scopes=frozenset({CARD_MANAGE}),
    serial="revoke_no",
    time="revoke_time",
)
QUERY = Method(
    name="query",
    path="hospital/v3/user/query",
    purpose="查询",
    answers=(
        "ehealth_card_id",
        "mindex_id",
        "card_state",
        "superseded_by",
        "valid_until",
        "static_code",
        "masked",
        *words.PERSON_KEYS,
    ),
    handle=query,
    scopes=frozenset({CARD_READ, CARD_READ_FULL}),
)
