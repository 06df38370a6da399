"""The business of the five calls and the notice, by the centre's names.

6201 uldFeeInfo        upload       6301 query_order_info   query
6202 pay_order         settle       6401 revoke_order       revoke
6203 refund_Order      refund
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from foundation.core.clock import beijing
from payments.insurance.amounts import fen_of, yuan_text
from payments.insurance.base import (
    Allowed,
    Asking,
    FeeLine,
    GivingBack,
    Part,
    Placing,
    Settlement,
    Split,
    Standing,
    Upload,
    Uploaded,
)
from payments.insurance.mobile.setup import DIGITS, Setup

UPLOAD = "/org/local/api/hos/uldFeeInfo"
PLACE = "/org/local/api/hos/pay_order"
REFUND = "/org/local/api/hos/refund_Order"
QUERY = "/org/local/api/hos/query_order_info"
REVOKE = "/org/local/api/hos/revoke_order"

_STANDINGS: Mapping[str, Standing] = {
    **dict.fromkeys(("0", "1", "2"), Standing.OPEN),
    "3": Standing.OWN_PAID,
    **dict.fromkeys(("4", "5", "6"), Standing.SETTLED),
    **dict.fromkeys(("7", "8", "9", "10", "11"), Standing.GIVEN_BACK),
    **dict.fromkeys(("12", "13"), Standing.REVOKED),
    **dict.fromkeys(("14", "15", "16"), Standing.FAILED),
}
_AMOUNTS = ("feeSumamt", "fundPay", "psnAcctPay", "ownPayAmt")


class Unreadable(ValueError):
    """An answer without what it must have; the text names the field."""


def upload(setup: Setup, bill: Upload) -> dict[str, Any]:
    """6201."""
    scope = (
        {}
        if bill.scope is None
        else {
            "fulamtOwnpayAmt": yuan_text(bill.scope.outside_fen),
            "preselfpayAmt": yuan_text(bill.scope.first_fen),
            "inscpScpAmt": yuan_text(bill.scope.within_fen),
        }
    )
    return {
        **bill.extra,
        **_permission(bill.allowed),
        "orgCodg": setup.organisation,
        "psnNo": bill.insured.number,
        "insutype": bill.insured.scheme,
        "medOrgOrd": bill.number,
        "begntime": _time(bill.visit.began_at, setup.began),
        "idNo": bill.insured.id_number,
        "userName": bill.insured.name,
        "idType": bill.insured.id_type,
        "insuCode": bill.insured.place,
        "iptOtpNo": bill.visit.number,
        "mdtrtId": bill.visit.insurance_id,
        "deptName": bill.visit.department_name,
        "deptCode": bill.visit.department_code,
        "caty": bill.visit.speciality,
        "medType": bill.visit.kind,
        "feeType": bill.fee_type,
        "psnSetlway": bill.settle_way,
        "chrgBchno": bill.batch,
        "pubHospRfomFlag": "1" if bill.is_reform_hospital else "0",
        "medfeeSumamt": yuan_text(bill.total_fen),
        **scope,
        "feedetailList": [_line(setup, bill, line) for line in bill.lines],
    }


def placing(setup: Setup, order: Placing) -> dict[str, Any]:
    """6202."""
    return {
        **order.extra,
        "payAuthNo": order.allowed.number,
        "payOrdId": order.uploaded.order_id,
        "payToken": order.uploaded.token,
        "orgCodg": setup.organisation,
        "orgBizSer": order.serial,
        "chrgBchno": order.batch,
        "feeType": order.fee_type,
        "mdtrtId": order.uploaded.visit_id,
        "acctUsedFlag": {None: "", False: "0", True: "1"}[order.use_account],
    }


def asking(setup: Setup, asked: Asking) -> dict[str, Any]:
    """6301 and 6401."""
    return {
        "payOrdId": asked.uploaded.order_id,
        "orgCodg": setup.organisation,
        "payToken": asked.uploaded.token,
        "idNo": asked.insured.id_number,
        "userName": asked.insured.name,
        "idType": asked.insured.id_type,
    }


def giving(order: GivingBack) -> dict[str, Any]:
    """6203."""
    return {
        **order.extra,
        **_permission(order.allowed),
        "payOrdId": order.order_id,
        "appRefdSn": order.number,
        "appRefdTime": beijing(order.asked_at).strftime(DIGITS),
        "totlRefdAmt": yuan_text(order.split.total_fen),
        "psnAcctRefdAmt": yuan_text(order.split.account_fen),
        "fundRefdAmt": yuan_text(order.split.fund_fen),
        "cashRefdAmt": yuan_text(order.split.own_fen),
        "refdType": order.part.value,
    }


def read_uploaded(data: Mapping[str, Any], visit_id: str) -> Uploaded:
    """What 6201 answers."""
    further = data.get("extData")
    made = data.get("mdtrtId") or (further.get("mdtrtId") if isinstance(further, Mapping) else "")
    return Uploaded(_text(data, "payOrdId"), _text(data, "payToken"), str(made or visit_id))


def read_settlement(data: Mapping[str, Any]) -> Settlement:
    """What 6202 and 6301 answer, and what a notice tells.

    An order that is still being computed may have no amounts; one with some of them must have all.
    """
    state = _text(data, "ordStas")
    part = data.get("setlType") or None
    try:
        settled_part = None if part is None else Part(str(part))
    except ValueError as exc:
        raise Unreadable("setlType") from exc
    return Settlement(
        order_id=_text(data, "payOrdId"),
        state=state,
        standing=_STANDINGS.get(state, Standing.UNKNOWN),
        split=_split(data),
        number=str(data.get("medOrgOrd") or ""),
        part=settled_part,
        call_type=str(data.get("callType") or ""),
        traced_at=str(data.get("traceTime") or ""),
        reversal_token=str(data.get("revsToken") or ""),
    )


def _split(data: Mapping[str, Any]) -> Split | None:
    if not any(data.get(name) not in (None, "") for name in _AMOUNTS):
        return None
    found = {name: fen_of(data.get(name)) for name in _AMOUNTS}
    total, fund, account, own = (found[name] for name in _AMOUNTS)
    if total is None or fund is None or account is None or own is None:
        raise Unreadable("amounts")
    split = Split(fund_fen=fund, account_fen=account, own_fen=own)
    if min(fund, account, own) < 0 or split.total_fen != total:
        raise Unreadable("amounts")
    return split


def _permission(allowed: Allowed) -> dict[str, str]:
    return {"ecToken": allowed.token} if allowed.token else {"payAuthNo": allowed.number}


def _line(setup: Setup, bill: Upload, line: FeeLine) -> dict[str, Any]:
    return {
        **line.extra,
        "feedetlSn": line.number,
        "mdtrtId": bill.visit.insurance_id,
        "psnNo": bill.insured.number,
        "chrgBchno": bill.batch,
        "feeOcurTime": _time(line.charged_at, setup.began),
        "medListCodg": line.national_code,
        "medinsListCodg": line.own_code,
        "detItemFeeSumamt": yuan_text(line.amount_fen),
        "cnt": f"{line.quantity:f}",
        "pric": f"{line.price_yuan:f}",
    }


def _time(moment: datetime, form: str) -> str:
    return beijing(moment).strftime(form)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise Unreadable(name)
    return value.strip()
