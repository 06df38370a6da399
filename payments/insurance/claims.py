"""What a hospital tells of a bill for the insurance, and how it becomes a message to the insurer.

A claim is kept as the hospital told it. It is read into the terms of ``base`` when it is sent, so that a
version of the event can add fields.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from payments.errors import ClaimWrong
from payments.insurance.base import Allowed, FeeLine, Insured, Scope, Upload, Visit

_CODE = {"type": "string", "pattern": "^[A-Za-z0-9_.:/-]+$", "minLength": 1, "maxLength": 50}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 100}
_TIME = {"type": "string", "format": "date-time"}
_FEN = {"type": "integer", "minimum": 0, "maximum": 10**11}
_EXTRA = {"type": "object", "maxProperties": 20, "additionalProperties": {"type": "string", "maxLength": 200}}
_DECIMAL = {"type": "string", "pattern": "^[0-9]{1,9}(\\.[0-9]{1,6})?$"}

# JSON Schema of the member ``insurance`` of a charge.
CLAIM: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "visit_no": _CODE,
        "visit_id": _CODE,
        "began_at": _TIME,
        "department_code": _CODE,
        "department_name": _TEXT,
        "speciality": _CODE,
        "care_kind": _CODE,
        "batch_no": _CODE,
        "person_no": _CODE,
        "scheme": _CODE,
        "insured_at": _CODE,
        "fee_type": _CODE,
        "settle_way": _CODE,
        "is_reform_hospital": {"type": "boolean"},
        "outside_fen": _FEN,
        "first_fen": _FEN,
        "within_fen": _FEN,
        "lines": {
            "type": "array",
            "minItems": 1,
            "maxItems": 200,
            "items": {
                "type": "object",
                "properties": {
                    "line_no": _CODE,
                    "national_code": _CODE,
                    "own_code": _CODE,
                    "charged_at": _TIME,
                    "quantity": _DECIMAL,
                    "price_yuan": _DECIMAL,
                    "amount_fen": _FEN,
                    "extra": _EXTRA,
                },
                "required": [
                    "line_no",
                    "national_code",
                    "own_code",
                    "charged_at",
                    "quantity",
                    "price_yuan",
                    "amount_fen",
                ],
                "additionalProperties": False,
            },
        },
        "extra": _EXTRA,
    },
    "required": [
        *("visit_no", "visit_id", "began_at", "department_code", "department_name", "speciality"),
        *("care_kind", "batch_no", "person_no", "scheme", "insured_at", "lines"),
    ],
    "additionalProperties": False,
}
_SCOPE = ("outside_fen", "first_fen", "within_fen")


def check_claim(told: Mapping[str, Any], total_fen: int) -> None:
    """Refuse a claim whose lines, or whose division by the catalogue, are not the bill.

    Raises:
        ClaimWrong: They are not, or only a part of the division is told.
    """
    if sum(line["amount_fen"] for line in told["lines"]) != total_fen:
        raise ClaimWrong(field="insurance.lines")
    numbers = [line["line_no"] for line in told["lines"]]
    if len(set(numbers)) != len(numbers):
        raise ClaimWrong(field="insurance.lines")
    given = [told[name] for name in _SCOPE if name in told]
    if given and (len(given) != len(_SCOPE) or sum(given) != total_fen):
        raise ClaimWrong(field="insurance.within_fen")


def insured_of(told: Mapping[str, Any], *, name: str, id_number: str) -> Insured:
    """Whose insurance pays; who it is says the portal, under which number the hospital."""
    return Insured(
        name=name,
        id_type="01",
        id_number=id_number,
        number=told["person_no"],
        scheme=told["scheme"],
        place=told["insured_at"],
    )


def upload_of(
    told: Mapping[str, Any], *, number: str, insured: Insured, allowed: Allowed, total_fen: int
) -> Upload:
    """The bill as the insurer gets it."""
    has_scope = _SCOPE[0] in told
    return Upload(
        number=number,
        insured=insured,
        allowed=allowed,
        visit=Visit(
            number=told["visit_no"],
            began_at=datetime.fromisoformat(told["began_at"]),
            department_code=told["department_code"],
            department_name=told["department_name"],
            speciality=told["speciality"],
            kind=told["care_kind"],
            insurance_id=told["visit_id"],
        ),
        lines=_lines(told["lines"]),
        total_fen=total_fen,
        batch=told["batch_no"],
        fee_type=told.get("fee_type", "01"),
        settle_way=told.get("settle_way", "01"),
        is_reform_hospital=told.get("is_reform_hospital", False),
        scope=Scope(*(told[name] for name in _SCOPE)) if has_scope else None,
        extra=told.get("extra", {}),
    )


def _lines(told: Sequence[Mapping[str, Any]]) -> Sequence[FeeLine]:
    return [
        FeeLine(
            number=line["line_no"],
            national_code=line["national_code"],
            own_code=line["own_code"],
            charged_at=datetime.fromisoformat(line["charged_at"]),
            quantity=Decimal(line["quantity"]),
            price_yuan=Decimal(line["price_yuan"]),
            amount_fen=line["amount_fen"],
            extra=line.get("extra", {}),
        )
        for line in told
    ]
