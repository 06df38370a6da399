"""102 registerBatchHealthCard: at most fifteen people a call, each with an answer of its own.

The call succeeds as soon as its list can be read; what is wrong with one of the people is told in
their own item, in the form of ``commonOut``. Nobody stands at the counter here, so a name that the
population database does not confirm gets no card, and the one-time codes of the items are not
asked for. The card makes nobody a holder (decision 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gmcrypto
from cards.errors import RealNameMismatch, RealNameUnanswered
from cards.rules.codes import emit_static
from cards.selectors import current_numbers, require_open_channel
from cards.services.bulk import Applicant, IssuedOne, issue_cards
from cards.services.registration import check_particulars
from cards.states import Channel
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.errors import DomainError
from foundation.gateway.scopes import CARD_BATCH, CARD_REGISTER
from identity import services as identity
from identity.types import CheckOutcome
from institutions import selectors as institutions
from interop.dialects.tencent.envelope import Fields
from interop.dialects.tencent.errors import SUCCESS, BadParameter, MissingParameter, number_of, sentence_of
from interop.dialects.tencent.operations import words
from interop.dialects.tencent.operations.base import Call, Operation
from mpi.types import PersonIdentity

MOST_ITEMS = 15
# The name of the list, and the one that an older variant of the clients gives it.
_LISTS = ("healthCardItems", "healthCardInfos")
_UNUSED = ("wechatCode", "phone2", "openId", "wechatUrl")


@dataclass(frozen=True, slots=True)
class _Item:
    """One of the people: as they were given, and what is known against them by now."""

    fields: Fields = field(repr=False)
    applicant: Applicant | None = None
    fault: DomainError | None = None


def check(call: Call) -> list[_Item]:
    """Read the people, and ask the population database about those who can be."""
    require_open_channel(Channel.BATCH)
    items = [_read(given) for given in _list(call.req)]
    questions = {
        place: identity.NameQuestion(
            request_id=gmcrypto.sm3(f"{call.actor.id}\n{call.reference}\n{place}".encode()).hex(),
            subject=("institutions.Institution", call.actor.institution),
            id_type=item.applicant.identity.id_type,
            id_number=item.applicant.identity.id_number,
            name=item.applicant.identity.name,
        )
        for place, item in enumerate(items)
        if item.applicant is not None
    }
    results = identity.check_real_names(
        questions=list(questions.values()), actor=call.actor, deadline=identity.SYNCHRONOUS_SECONDS
    )
    for place, question in questions.items():
        result = results.get(question.request_id)
        applicant = items[place].applicant
        if result is None or not result.has_answer:
            items[place] = _Item(items[place].fields, fault=RealNameUnanswered())
        elif result.outcome is not CheckOutcome.MATCH:
            items[place] = _Item(items[place].fields, fault=RealNameMismatch(field="name"))
        elif applicant is not None:
            checked = Applicant(applicant.identity, result.check_id, applicant.patient_id)
            items[place] = _Item(items[place].fields, checked)
    return items


def register_batch(call: Call) -> dict[str, Any]:
    """Issue the cards of all who were not found at fault."""
    items: list[_Item] = call.learned
    actor = call.actor
    issued = iter(
        issue_cards(
            applicants=[item.applicant for item in items if item.applicant is not None],
            channel=Channel.BATCH,
            actor=actor,
            institution_pk=institutions.visible(actor).values_list("pk", flat=True).get(),
        )
    )
    outcomes = [IssuedOne(error=item.fault) if item.applicant is None else next(issued) for item in items]
    numbers = current_numbers([one.card_pk for one in outcomes if one.card_pk is not None])
    for one in outcomes:
        if one.card_pk is not None and not one.created:
            audit.record(
                Action.CARD_READ,
                actor=actor,
                subject=("cards.Card", one.card_id),
                details={"purpose": OPERATION.name},
            )
    return {
        "rspItems": [
            _answer(item, one, numbers.get(one.card_pk or 0, ""))
            for item, one in zip(items, outcomes, strict=True)
        ]
    }


def _list(req: Fields) -> list[Mapping[str, Any]]:
    name = next((name for name in _LISTS if req.values.get(name) is not None), "")
    if not name:
        raise MissingParameter(field=_LISTS[0], name=_LISTS[0])
    given = req.values[name]
    is_list = isinstance(given, list) and 0 < len(given) <= MOST_ITEMS
    if not is_list or not all(isinstance(one, dict) for one in given):
        raise BadParameter(field=name, name=name)
    return list(given)


def _read(given: Mapping[str, Any]) -> _Item:
    fields = Fields(given)
    try:
        person = PersonIdentity(
            name=fields.text("name"),
            id_type=fields.text("idType"),
            id_number=fields.text("idNumber"),
            sex=words.gender_of(fields, "gender") if fields.has("gender") else "",
            birth_date=words.date_of(fields, "birthday") if fields.has("birthday") else None,
            nation=words.nation_of(fields, "nation") if fields.has("nation") else "",
            phone=fields.optional("phone1"),
            address=words.plain(fields, "address", most=200),
        )
        patient_id = words.plain(fields, "patid", most=64)
        for name in _UNUSED:
            fields.optional(name, most=2_000)
        check_particulars(person)
    except DomainError as exc:
        return _Item(fields, fault=exc)
    return _Item(fields, Applicant(person, patient_id=patient_id))


def _answer(item: _Item, one: IssuedOne, number: str) -> dict[str, Any]:
    return {
        "qrCodeText": emit_static(number) if number else "",
        "idNumber": _as_given(item, "idNumber"),
        "idType": _as_given(item, "idType"),
        "healthCardId": number,
        "resultCode": SUCCESS if one.error is None else number_of(one.error),
        "errMsg": "成功" if one.error is None else sentence_of(one.error),
    }


def _as_given(item: _Item, name: str) -> str:
    try:
        return item.fields.optional(name)
    except BadParameter:
        return ""


OPERATION = Operation(
    name="registerBatchHealthCard",
    number="102",
    purpose="批量注册健康卡",
    rsp=("rspItems",),
    handle=register_batch,
    scopes=frozenset({CARD_REGISTER, CARD_BATCH}),
    ask_outside=check,
)
