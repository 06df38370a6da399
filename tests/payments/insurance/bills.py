"""An institution at the insurance, an invented person, and a bill."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from payments.insurance.base import (
    Allowed,
    Asking,
    FeeLine,
    GivingBack,
    Insured,
    Part,
    Placing,
    Scope,
    Split,
    Upload,
    Uploaded,
    Visit,
)
from payments.providers.base import Merchant

ID_NUMBER = "11010019900101997X"
ORGANISATION = "H11010100001"
BEGAN = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
CODES = (
    "1001=misconfigured,1002=misconfigured,1003=misconfigured,1004=misconfigured,"
    "2003=permission,2004=not_insured,2005=changed,2006=unknown,2007=settled"
)


def mobile_merchant(base_url: str, known: dict[str, Any], **values: str) -> Merchant:
    """The set-up with what the sandbox's console shows of its centre."""
    demo = known["demo"]
    return Merchant(
        public_id="insurance-1",
        provider="insurance_mobile",
        number=ORGANISATION,
        base_url=base_url,
        values={"app_id": demo["app_id"], "centre_key": known["centre_key"], "codes": CODES, **values},
        secrets={"app_secret": demo["secret"], "private_key": demo["private_key"]},
    )


def insured(name: str = "林知秋", **changes: Any) -> Insured:
    person = Insured(
        name=name, id_type="01", id_number=ID_NUMBER, number="0042", scheme="310", place="110100"
    )
    return replace(person, **changes)


def line(number: str, amount_fen: int, code: str = "A01") -> FeeLine:
    return FeeLine(
        number=number,
        national_code=code,
        own_code=f"H-{code}",
        charged_at=BEGAN,
        quantity=Decimal("1"),
        price_yuan=Decimal(amount_fen) / 100,
        amount_fen=amount_fen,
    )


def bill(number: str = "M0001", *, allowed: Allowed, **changes: Any) -> Upload:
    """400.00: 40.00 outside the catalogue, 30.00 paid beforehand, 330.00 within the rules."""
    made = Upload(
        number=number,
        insured=insured(),
        allowed=allowed,
        visit=Visit("OP0001", BEGAN, "0301", "呼吸内科", "A03", "11", insurance_id="VIS1"),
        lines=[line("1", 36_000), line("2", 4_000, "X01")],
        total_fen=40_000,
        batch="B0001",
        scope=Scope(outside_fen=4_000, first_fen=3_000, within_fen=33_000),
    )
    return replace(made, **changes)


def placing(uploaded: Uploaded, allowed: Allowed, **changes: Any) -> Placing:
    return replace(Placing(uploaded, allowed, serial="S0001", batch="B0001", total_fen=40_000), **changes)


def asking(uploaded: Uploaded, name: str = "林知秋") -> Asking:
    return Asking(uploaded, insured(name))


def giving(
    uploaded: Uploaded, allowed: Allowed, paid: Split, *, part: Part = Part.ALL, back: Split | None = None
) -> GivingBack:
    return GivingBack(
        number="R0001",
        order_id=uploaded.order_id,
        allowed=allowed,
        part=part,
        split=paid if back is None else back,
        paid=paid,
        asked_at=BEGAN,
    )
