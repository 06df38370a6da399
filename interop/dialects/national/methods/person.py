"""``register`` and ``alterinfo``: the person behind a card."""

from dataclasses import dataclass, field

from cards.errors import CardCancelled
from cards.rules.reasons import SDK_ALTERED
from cards.services.by_institution import bound_card, update_by_institution
from cards.services.registration import check_for_registration, register_checked
from cards.states import CardState, Channel, NumberState
from cards.verification.holder import card_answer
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.gateway.scopes import CARD_REGISTER, CARD_UPDATE
from institutions import selectors as institutions
from interop.dialects.national.methods import words
from interop.dialects.national.methods.base import Call, Method
from mpi.types import PersonChanges, PersonIdentity

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class _Checked:
    identity: PersonIdentity = field(repr=False)
    channel: Channel
    check_id: str


def check(call: Call) -> _Checked:
    """Read and check the person, and ask the population database."""
    content = call.content
    words.require_time(content, "register_time")
    channel = words.channel_of(content)
    identity = PersonIdentity(
        name=content.text("name"),
        id_type=content.text("id_type"),
        id_number=content.text("id_no"),
        sex=words.gender_of(content),
        birth_date=words.birthday_of(content),
        phone=words.phone_of(content),
        address=content.optional("address", most=_LONGEST),
    )
    # Where the person works is not kept.
    content.optional("unit", most=_LONGEST)
    check_id = check_for_registration(
        identity_given=identity, actor=call.actor, request_id=call.reference, channel=channel
    )
    return _Checked(identity, channel, check_id)


def register(call: Call) -> dict[str, str]:
    """Register the person and issue the card, or return the one that there is."""
    checked: _Checked = call.learned
    registered = register_checked(
        identity_given=checked.identity,
        check_id=checked.check_id,
        institution_pk=institutions.visible(call.actor).values_list("pk", flat=True).get(),
        actor=call.actor,
        channel=checked.channel,
    )
    if not registered.created:
        audit.record(
            Action.CARD_READ, actor=call.actor, subject=registered.card, details={"purpose": REGISTER.name}
        )
    number = registered.card.numbers.get(state=NumberState.CURRENT)
    return {
        "ehealth_card_id": number.value,
        "mindex_id": number.main_index,
        "static_code": card_answer(number, call.caller.scopes)["static_code"] or "",
        "card_state": words.CARD_STATES[registered.card.state],
        "is_new": "1" if registered.created else "0",
    }


def alter_info(call: Call) -> dict[str, str]:
    """Change what is kept of a person whom the institution has registered."""
    content = call.content
    words.require_time(content, "alter_time")
    card_id = content.text("ehealth_card_id")
    if bound_card(card_id=card_id, actor=call.actor).state == CardState.CANCELLED:
        raise CardCancelled(field="ehealth_card_id")
    changes = PersonChanges(
        sex=words.gender_of(content) or None,
        birth_date=words.birthday_of(content),
        phone=words.phone_of(content) or None,
        address=content.optional("address", most=_LONGEST) or None,
    )
    content.optional("unit", most=_LONGEST)
    number = update_by_institution(card_id=card_id, changes=changes, reason=SDK_ALTERED, actor=call.actor)
    return {"ehealth_card_id": number.value, "card_state": words.CARD_STATES[number.card.state]}


REGISTER = Method(
    name="register",
    path="hospital/v3/register",
    purpose="注册",
    answers=("ehealth_card_id", "mindex_id", "static_code", "card_state", "is_new"),
    handle=register,
    scopes=frozenset({CARD_REGISTER}),
    serial="register_no",
    time="register_time",
    ask_outside=check,
)
ALTER_INFO = Method(
    name="alterinfo",
    path="hospital/v3/user/alterinfo",
    purpose="信息变更",
    answers=("ehealth_card_id", "card_state"),
    handle=alter_info,
    scopes=frozenset({CARD_UPDATE}),
    serial="alter_no",
    time="alter_time",
)
