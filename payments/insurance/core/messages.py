"""The business of the core's transactions, by its names.

    1101 person information     2204 / 2205 fees, and back
    2201 / 2202 registration    2206 divide, 2207 settle, 2208 back
    2203 visit information      2601 reversal, 3201 totals, 9001 sign-in

What an answer must have and has not raises ``Unreadable``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from foundation.core.clock import beijing
from payments.insurance.amounts import fen_of, yuan_number
from payments.insurance.base import FeeLine, Scope, Split
from payments.insurance.checks import splits
from payments.insurance.desk import (
    Billing,
    Coverage,
    DayTotals,
    Diagnosis,
    Divided,
    FundShare,
    Person,
    Registering,
    Shown,
    Visited,
)

SECONDS = "%Y-%m-%d %H:%M:%S"
DAY = "%Y-%m-%d"


class Unreadable(ValueError):
    """An answer without what it must have; the text names the field."""


def person(shown: Shown) -> dict[str, Any]:
    """1101."""
    return {"data": {**_shown(shown), "psn_name": shown.name}}


def registering(visit: Registering) -> dict[str, Any]:
    """2201."""
    return {
        "data": {
            "psn_no": visit.person,
            "insutype": visit.scheme,
            "begntime": _time(visit.began_at),
            **_shown(visit.shown),
            "ipt_otp_no": visit.number,
            "atddr_no": visit.doctor_code,
            "dr_name": visit.doctor_name,
            "dept_code": visit.department_code,
            "dept_name": visit.department_name,
            "caty": visit.speciality,
        }
    }


def registered(visit: Visited) -> dict[str, Any]:
    """2202."""
    return {"data": {"psn_no": visit.person, "mdtrt_id": visit.visit_id, "ipt_otp_no": visit.number}}


def description(
    visit: Visited, *, kind: str, began_at: datetime, diagnoses: Sequence[Diagnosis]
) -> dict[str, Any]:
    """2203."""
    return {
        "mdtrtinfo": {
            "mdtrt_id": visit.visit_id,
            "psn_no": visit.person,
            "med_type": kind,
            "begntime": _time(began_at),
        },
        "diseinfo": [
            {
                "diag_type": each.kind,
                "diag_srt_no": each.order,
                "diag_code": each.code,
                "diag_name": each.name,
                "diag_dept": each.department,
                "dise_dor_no": each.doctor_code,
                "dise_dor_name": each.doctor_name,
                "diag_time": _time(each.at),
                "vali_flag": "1",
            }
            for each in diagnoses
        ],
    }


def fees(visit: Visited, *, batch: str, lines: Sequence[FeeLine]) -> dict[str, Any]:
    """2204."""
    return {
        "feedetail": [
            {
                **line.extra,
                "feedetl_sn": line.number,
                "mdtrt_id": visit.visit_id,
                "psn_no": visit.person,
                "chrg_bchno": batch,
                "fee_ocur_time": _time(line.charged_at),
                "med_list_codg": line.national_code,
                "medins_list_codg": line.own_code,
                "det_item_fee_sumamt": yuan_number(line.amount_fen),
                "cnt": float(line.quantity),
                "pric": float(line.price_yuan),
            }
            for line in lines
        ]
    }


def fees_back(visit: Visited, *, batch: str) -> dict[str, Any]:
    """2205."""
    return {"data": {"mdtrt_id": visit.visit_id, "chrg_bchno": batch, "psn_no": visit.person}}


def billing(bill: Billing) -> dict[str, Any]:
    """2206 and 2207."""
    return {
        "data": {
            **bill.extra,
            "psn_no": bill.visit.person,
            **_shown(bill.shown),
            "med_type": bill.kind,
            "medfee_sumamt": yuan_number(bill.total_fen),
            "psn_setlway": bill.settle_way,
            "mdtrt_id": bill.visit.visit_id,
            "chrg_bchno": bill.batch,
            "insutype": bill.scheme,
            "acct_used_flag": "1" if bill.use_account else "0",
            "fulamt_ownpay_amt": yuan_number(bill.scope.outside_fen),
            "overlmt_selfpay": yuan_number(bill.over_limit_fen),
            "preselfpay_amt": yuan_number(bill.scope.first_fen),
            "inscp_scp_amt": yuan_number(bill.scope.within_fen),
        }
    }


def settled(visit: Visited, settlement_id: str) -> dict[str, Any]:
    """2208."""
    return {"data": {"setl_id": settlement_id, "mdtrt_id": visit.visit_id, "psn_no": visit.person}}


def totals(said: DayTotals) -> dict[str, Any]:
    """3201."""
    return {
        "data": {
            "insutype": said.scheme,
            "clr_type": said.clearing,
            "setl_optins": said.office,
            "stmt_begndate": said.first_day.strftime(DAY),
            "stmt_enddate": said.last_day.strftime(DAY),
            "medfee_sumamt": yuan_number(said.total_fen),
            "fund_pay_sumamt": yuan_number(said.fund_fen),
            "acct_pay": yuan_number(said.account_fen),
            "fixmedins_setl_cnt": said.count,
        }
    }


def read_person(output: Mapping[str, Any]) -> Person:
    """What 1101 answers."""
    base = part(output, "baseinfo")
    return Person(
        number=text(base, "psn_no"),
        name=text(base, "psn_name"),
        id_number=text(base, "certno"),
        coverages=tuple(
            Coverage(
                scheme=text(each, "insutype"),
                balance_fen=_amount(each, "balc"),
                is_active=str(each.get("psn_insu_stas")) == "1",
                place=text(each, "insuplc_admdvs"),
                person_kind=str(each.get("psn_type") or ""),
            )
            for each in _parts(output, "insuinfo")
        ),
    )


def read_scopes(output: Mapping[str, Any]) -> Mapping[str, Scope]:
    """What 2204 answers, by the number of the line."""
    return {
        text(each, "feedetl_sn"): Scope(
            outside_fen=_amount(each, "fulamt_ownpay_amt"),
            first_fen=_amount(each, "preselfpay_amt"),
            within_fen=_amount(each, "inscp_scp_amt"),
        )
        for each in _parts(output, "result")
    }


def read_divided(output: Mapping[str, Any], *, sign: int = 1) -> tuple[Divided, int]:
    """What 2206, 2207 and (with its amounts below zero) 2208 answer, and the total that it is about."""
    said = part(output, "setlinfo")
    total = sign * _amount(said, "medfee_sumamt")
    split = Split(
        fund_fen=sign * _amount(said, "fund_pay_sumamt"),
        account_fen=sign * _amount(said, "acct_pay"),
        own_fen=sign * _amount(said, "psn_cash_pay"),
    )
    if not splits(split, total):
        raise Unreadable("setlinfo")
    divided = Divided(
        settlement_id=str(said.get("setl_id") or ""),
        visit_id=str(said.get("mdtrt_id") or ""),
        split=split,
        balance_fen=fen_of(said.get("balc")),
        funds=tuple(
            FundShare(
                kind=text(each, "fund_pay_type"),
                name=str(each.get("fund_pay_type_name") or ""),
                amount_fen=sign * _amount(each, "fund_payamt"),
            )
            for each in _parts(output, "setldetail")
        ),
    )
    return divided, total


def part(output: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that must be an object."""
    found = output.get(name)
    if not isinstance(found, Mapping):
        raise Unreadable(name)
    return found


def text(said: Mapping[str, Any], name: str) -> str:
    """A member that must be a text with something in it."""
    found = said.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int) or not str(found).strip():
        raise Unreadable(name)
    return str(found).strip()


def _parts(output: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = output.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise Unreadable(name)
    return found


def _amount(said: Mapping[str, Any], name: str) -> int:
    found = fen_of(said.get(name))
    if found is None:
        raise Unreadable(name)
    return found


def _shown(shown: Shown) -> dict[str, str]:
    return {"mdtrt_cert_type": shown.kind.value, "mdtrt_cert_no": shown.number}


def _time(moment: datetime) -> str:
    return beijing(moment).strftime(SECONDS)
