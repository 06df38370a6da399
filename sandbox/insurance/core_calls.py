"""The core's transactions: each takes head and business of a message, and says whether it is answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.insurance import fields, orders, people, permissions, visits
from sandbox.insurance.fields import CentreRefusal, fen, required
from sandbox.insurance.people import Behaviour, Insured
from sandbox.insurance.rules import RULES, Division, divide
from sandbox.insurance.visits import MESSAGES, Visit
from sandbox.store import Store

Head = Mapping[str, Any]
Business = Mapping[str, Any]
Said = tuple[dict[str, Any], bool]
PLACE = "110100"


async def sign_in(state: Store, head: Head, business: Business) -> Said:
    """9001."""
    required(_part(business, "signIn"), "opter_no")
    return {"signinoutb": {"sign_time": head["inf_time"], "sign_no": orders.fresh_id("S")}}, True


async def person(state: Store, head: Head, business: Business) -> Said:
    """1101; whoever is asked for gets a number that later messages use."""
    data = _part(business, "data")
    kind, number = required(data, "mdtrt_cert_type", "mdtrt_cert_no")
    id_number = number
    if kind == "01":
        id_number = await permissions.holder(state, number)
    elif kind not in {"02", "03"}:
        raise CentreRefusal(fields.FIELD, "mdtrt_cert_type is 01, 02 or 03")
    name = str(data.get("psn_name") or "参保人")
    found = await people.find(state, id_number, name)
    if found.behaviour is Behaviour.ABSENT:
        raise CentreRefusal(fields.NOT_INSURED, "nobody is insured under this certificate")
    await state.set_field(visits.NUMBERS, found.number, {"id_number": id_number, "name": name})
    paused = found.behaviour is Behaviour.PAUSED
    schemes = ("310",) if paused else found.schemes
    return {
        "baseinfo": {
            "psn_no": found.number,
            "psn_cert_type": "01",
            "certno": id_number,
            "psn_name": name,
            "gend": "1" if int(id_number[16:17] or 0) % 2 else "2",
            "brdy": f"{id_number[6:10]}-{id_number[10:12]}-{id_number[12:14]}",
        },
        "insuinfo": [
            {
                "balc": (found.balance if RULES[scheme].has_account else 0) / 100,
                "insutype": scheme,
                "psn_type": "11",
                "psn_insu_stas": "2" if paused else "1",
                "psn_insu_date": "2020-01-01",
                "paus_insu_date": "2026-01-01" if paused else "",
                "cvlserv_flag": "0",
                "insuplc_admdvs": PLACE,
                "emp_name": "示范单位",
            }
            for scheme in schemes
        ],
        "idetinfo": [],
    }, True


async def register(state: Store, head: Head, business: Business) -> Said:
    """2201."""
    data = _part(business, "data")
    number, scheme, visit_number, *_ = required(
        data,
        *("psn_no", "insutype", "ipt_otp_no", "mdtrt_cert_type", "mdtrt_cert_no", "atddr_no", "dr_name"),
        *("dept_code", "dept_name", "caty"),
    )
    fields.moment(data, "begntime", "%Y-%m-%d %H:%M:%S")
    if scheme not in (await _person(state, number)).schemes:
        raise CentreRefusal(fields.NOT_INSURED, "the person does not have this insurance")
    made = Visit(orders.fresh_id("VIS"), str(head["fixmedins_code"]), number, scheme, visit_number)
    await visits.keep_visit(state, made)
    return {
        "data": {"mdtrt_id": made.visit_id, "psn_no": number, "ipt_otp_no": visit_number, "exp_content": ""}
    }, True


async def unregister(state: Store, head: Head, business: Business) -> Said:
    """2202."""
    found = await _visit(state, head, _part(business, "data"))
    if found.fees:
        raise CentreRefusal(fields.SETTLED, "fees were handed in for the visit")
    await state.drop_field(visits.VISITS, found.visit_id)
    return {}, True


async def describe(state: Store, head: Head, business: Business) -> Said:
    """2203."""
    said, diagnoses = _part(business, "mdtrtinfo"), business.get("diseinfo")
    await _visit(state, head, said)
    required(said, "med_type", "begntime")
    if not isinstance(diagnoses, list) or not diagnoses:
        raise CentreRefusal(fields.FIELD, "diseinfo is missing")
    for each in diagnoses:
        required(each, "diag_type", "diag_srt_no", "diag_code", "diag_name", "vali_flag")
    return {}, True


async def add_fees(state: Store, head: Head, business: Business) -> Said:
    """2204."""
    lines = business.get("feedetail")
    if not isinstance(lines, list) or not lines:
        raise CentreRefusal(fields.FIELD, "feedetail is missing")
    found = await _visit(state, head, lines[0])
    kept, result = {batch: dict(fees) for batch, fees in found.fees.items()}, []
    for line in lines:
        number, batch, code, *_ = required(
            line,
            "feedetl_sn",
            "chrg_bchno",
            "med_list_codg",
            "medins_list_codg",
            "fee_ocur_time",
            "cnt",
            "pric",
        )
        amount = fen(line, "det_item_fee_sumamt")
        stands = visits.catalogue(code, amount)
        kept.setdefault(batch, {})[number] = {
            "amount": amount,
            **{name: stands[name] for name in ("outside", "first", "within")},
        }
        result.append(
            {
                "feedetl_sn": number,
                "det_item_fee_sumamt": amount / 100,
                "cnt": line["cnt"],
                "pric": line["pric"],
                "fulamt_ownpay_amt": stands["outside"] / 100,
                "overlmt_amt": 0,
                "preselfpay_amt": stands["first"] / 100,
                "inscp_scp_amt": stands["within"] / 100,
                "chrgitm_lv": stands["level"],
            }
        )
    await visits.keep_visit(state, replace(found, fees=kept))
    return {"result": result}, True


async def undo_fees(state: Store, head: Head, business: Business) -> Said:
    """2205; the batch 0000 means all."""
    data = _part(business, "data")
    found = await _visit(state, head, data)
    (batch,) = required(data, "chrg_bchno")
    fees = {} if batch == "0000" else {name: each for name, each in found.fees.items() if name != batch}
    await visits.keep_visit(state, replace(found, fees=fees))
    return {}, True


async def try_out(state: Store, head: Head, business: Business) -> Said:
    """2206."""
    found, insured, division, _ = await _billed(state, head, _part(business, "data"))
    return _said(found, insured, division, ""), True


async def settle(state: Store, head: Head, business: Business) -> Said:
    """2207; the same batch is settled once."""
    data = _part(business, "data")
    found, insured, division, within = await _billed(state, head, data)
    if insured.behaviour is Behaviour.DROPPED:
        return {}, False
    if insured.behaviour is Behaviour.FAILS:
        raise CentreRefusal(fields.ENDED, "the settlement failed")
    made = await visits.settle(state, found, insured, division, within)
    fees = {name: each for name, each in found.fees.items() if name != str(data["chrg_bchno"])}
    await visits.keep_visit(state, replace(found, fees=fees))
    said = _said(found, insured, division, made.settlement_id)
    return said, insured.behaviour is not Behaviour.LOST


async def undo(state: Store, head: Head, business: Business) -> Said:
    """2208: the same amounts below zero."""
    data = _part(business, "data")
    found = await _visit(state, head, data)
    made = await visits.settled(state, required(data, "setl_id")[0])
    if made is None or made.visit_id != found.visit_id:
        raise CentreRefusal(fields.UNKNOWN, "there is no such settlement")
    if made.is_undone:
        raise CentreRefusal(fields.ENDED, "the settlement is undone")
    insured = await _person(state, found.person)
    if insured.behaviour is Behaviour.REFUND_DROPPED:
        return {}, False
    await visits.set_undone(state, made, True)
    said = _said(found, insured, orders.negative(made.division), made.settlement_id)
    return said, insured.behaviour is not Behaviour.REFUND_LOST


async def reverse(state: Store, head: Head, business: Business) -> Said:
    """2601: whether the message came or not, afterwards it has done nothing, and never will."""
    message_id, number, _ = required(_part(business, "data"), "omsgid", "oinfno", "psn_no")
    if number not in {"2207", "2208"}:
        raise CentreRefusal(fields.FIELD, "oinfno is 2207 or 2208")
    known = await state.field(MESSAGES, message_id)
    if known is not None and known["infno"] != number:
        raise CentreRefusal(fields.CHANGED, "omsgid is another transaction's")
    if known is not None and not known["is_reversed"]:
        made = await visits.settled(state, known["output"]["setlinfo"]["setl_id"])
        if made is not None:
            await visits.set_undone(state, made, number == "2207")
    await state.set_field(MESSAGES, message_id, {"infno": number, "output": {}, "is_reversed": True})
    return {}, True


async def totals(state: Store, head: Head, business: Business) -> Said:
    """3201."""
    data = _part(business, "data")
    scheme, _, office, first, last = required(
        data, "insutype", "clr_type", "setl_optins", "stmt_begndate", "stmt_enddate"
    )
    ours = await visits.sums(state, str(head["fixmedins_code"]), scheme, first, last)
    theirs = {
        "count": int(required(data, "fixmedins_setl_cnt")[0]),
        "total": fen(data, "medfee_sumamt"),
        "fund": fen(data, "fund_pay_sumamt"),
        "account": fen(data, "acct_pay"),
    }
    wrong = [name for name in ours if ours[name] != theirs[name]]
    said = "、".join(
        {"count": "笔数", "total": "总额", "fund": "基金", "account": "个人账户"}[name] for name in wrong
    )
    return {
        "stmtinfo": {
            "setl_optins": office,
            "stmt_rslt": "1" if wrong else "0",
            "stmt_rslt_dscr": f"不一致：{said}" if wrong else "一致",
        }
    }, True


async def _billed(state: Store, head: Head, data: Mapping[str, Any]) -> tuple[Visit, Insured, Division, int]:
    found = await _visit(state, head, data)
    batch, scheme, *_ = required(
        data, "chrg_bchno", "insutype", "mdtrt_cert_type", "mdtrt_cert_no", "med_type", "psn_setlway"
    )
    handed_in = found.fees.get(batch, {}).values()
    names = {"total": "medfee_sumamt", "outside": "fulamt_ownpay_amt", "first": "preselfpay_amt"}
    said = {name: fen(data, wire) for name, wire in {**names, "within": "inscp_scp_amt"}.items()}
    kept = {name: sum(line[name] for line in handed_in) for name in ("outside", "first", "within")}
    total = sum(line["amount"] for line in handed_in)
    if total == 0 or said != {"total": total, **kept} or fen(data, "overlmt_selfpay", default=0):
        raise CentreRefusal(fields.AMOUNTS, "the sums are not those of the fees handed in")
    if scheme != found.scheme:
        raise CentreRefusal(fields.NOT_INSURED, "the visit was registered for another insurance")
    insured = await _person(state, found.person)
    division = divide(
        RULES[scheme],
        total=total,
        first=kept["first"],
        within=kept["within"],
        spent=insured.spent,
        fund_paid=insured.fund_paid,
        balance=insured.balance if str(data.get("acct_used_flag")) == "1" else 0,
    )
    return found, insured, division, kept["within"]


def _said(found: Visit, insured: Insured, division: Division, settlement_id: str) -> dict[str, Any]:
    info = {
        "setl_id": settlement_id,
        "mdtrt_id": found.visit_id,
        "psn_no": found.person,
        "medfee_sumamt": division.total / 100,
        "hifp_pay": division.fund / 100,
        **dict.fromkeys(("cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay"), 0),
        "fund_pay_sumamt": division.fund / 100,
        "psn_cash_pay": division.own / 100,
        "acct_pay": division.account / 100,
        "balc": (insured.balance - division.account) / 100,
    }
    detail = {
        "fund_pay_type": found.scheme + "100",
        "fund_pay_type_name": f"{RULES[found.scheme].name}统筹基金",
        "fund_payamt": division.fund / 100,
        "setl_proc_info": "",
    }
    return {"setlinfo": info, "setldetail": [detail]}


def _part(business: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = business.get(name)
    if not isinstance(found, dict):
        raise CentreRefusal(fields.FIELD, f"{name} is missing")
    return found


async def _person(state: Store, number: str) -> Insured:
    kept = await state.field(visits.NUMBERS, number)
    if kept is None:
        raise CentreRefusal(fields.UNKNOWN, "there is no such person")
    return await people.find(state, kept["id_number"], kept["name"])


async def _visit(state: Store, head: Head, data: Mapping[str, Any]) -> Visit:
    visit_id, number = required(data, "mdtrt_id", "psn_no")
    found = await visits.visit(state, visit_id)
    if found is None or (found.person, found.organisation) != (number, head["fixmedins_code"]):
        raise CentreRefusal(fields.UNKNOWN, "there is no such visit")
    return found


CALLS: Mapping[str, Callable[[Store, Head, Business], Awaitable[Said]]] = {
    "1101": person,
    "2201": register,
    "2202": unregister,
    "2203": describe,
    "2204": add_fees,
    "2205": undo_fees,
    "2206": try_out,
    "2207": settle,
    "2208": undo,
    "2601": reverse,
    "3201": totals,
    "9001": sign_in,
}
