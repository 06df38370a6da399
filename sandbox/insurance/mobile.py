"""The five calls of the mobile-payment centre."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from sandbox import store
from sandbox.insurance import fields, notices, orders, people, permissions
from sandbox.insurance.apps import App
from sandbox.insurance.fields import CentreRefusal, fen, required
from sandbox.insurance.orders import Order
from sandbox.insurance.people import Behaviour
from sandbox.insurance.rules import RULES, divide

# A business's answer, and whether the caller gets it at all.
Said = tuple[dict[str, Any], bool]
Call = Callable[[Request, App, Mapping[str, Any]], Awaitable[Said]]
_IDENTITY = ("idNo", "userName", "idType")


async def upload(request: Request, app: App, data: Mapping[str, Any]) -> Said:
    """6201: keep the bill; the same number with the same bill gets the same answer."""
    organisation, number, _, scheme, id_number, name, id_type, *_ = required(
        data,
        *("orgCodg", "medOrgOrd", "psnNo", "insutype", *_IDENTITY, "insuCode", "iptOtpNo", "deptName"),
        *("deptCode", "caty", "medType", "feeType", "psnSetlway", "chrgBchno", "pubHospRfomFlag"),
    )
    fields.moment(data, "begntime", "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S")
    total, first, within = _amounts(data)
    state = store.of(request)
    person = await people.find(state, id_number, name)
    if scheme not in person.schemes:
        raise CentreRefusal(fields.NOT_INSURED, "the person does not have this insurance")
    await permissions.check(state, data, id_number)
    if not data.get("ecToken"):
        required(data, "mdtrtId")
    digest = _digest(data, without=("ecToken", "payAuthNo"))
    async with state.lock("insurance"):
        known = await state.field(orders.NUMBERS, f"{organisation}:{number}")
        order = await orders.find(state, known["order_id"]) if known else None
        if order is not None and order.digest != digest:
            raise CentreRefusal(fields.CHANGED, "medOrgOrd stands for another bill")
        if order is None:
            order = Order(
                order_id=orders.fresh_id("ORD"),
                token=hashlib.sha256(orders.fresh_id("T").encode()).hexdigest(),
                app_id=app.app_id,
                organisation=organisation,
                number=number,
                digest=digest,
                id_type=id_type,
                id_number=id_number,
                name=name,
                scheme=scheme,
                visit_id=str(data.get("mdtrtId") or orders.fresh_id("VIS")),
                total=total,
                first=first,
                within=within,
            )
            await orders.keep(state, order)
            await state.set_field(orders.NUMBERS, f"{organisation}:{number}", {"order_id": order.order_id})
    said = {"payOrdId": order.order_id, "payToken": order.token, "mdtrtId": order.visit_id, "extData": {}}
    return said, True


async def settle(request: Request, app: App, data: Mapping[str, Any]) -> Said:
    """6202: divide the bill; hold it for the own share, or settle it where there is none."""
    order_id, token, _, _, _, _, _ = required(
        data, "payOrdId", "payToken", "orgCodg", "orgBizSer", "chrgBchno", "feeType", "mdtrtId"
    )
    flag = data.get("acctUsedFlag") or ""
    if flag not in ("", "0", "1"):
        raise CentreRefusal(fields.FIELD, "acctUsedFlag is '', 0 or 1")
    state = store.of(request)
    async with state.lock("insurance"):
        order = await _named(state, app, order_id, token, data)
        person = await people.find(state, order.id_number, order.name)
        if order.state not in orders.OPEN:
            if order.state in {*orders.PAID, "3"}:
                return notices.told(order), True
            raise CentreRefusal(fields.ENDED, "the order has ended")
        await permissions.check(state, data, order.id_number)
        if person.behaviour is Behaviour.DROPPED:
            return {}, False
        order = replace(order, permission=permissions.given(data))
        if not order.is_divided:
            order = await _divided(state, order, person, may_use_account=flag != "0")
        if person.behaviour is Behaviour.FAILS:
            order = replace(order, state="15", held_until=0)
            await orders.keep(state, order)
        elif person.behaviour is Behaviour.WAITS:
            await orders.keep(state, order)
            return {"payOrdId": order.order_id, "ordStas": order.state}, True
        elif order.own == 0:
            order = await orders.pay_insurance(state, order)
    if order.state == "6":
        await permissions.used(state, data)
        await notices.tell(request, app, order)
    return notices.told(order), person.behaviour is not Behaviour.LOST


async def query(request: Request, app: App, data: Mapping[str, Any]) -> Said:
    """6301: how the order stands."""
    order_id, token, _, *_ = required(data, "payOrdId", "payToken", "orgCodg", *_IDENTITY)
    state = store.of(request)
    async with state.lock("insurance"):
        order = await _named(state, app, order_id, token, data, identity=True)
        order = replace(order, asked=order.asked + 1)
        await orders.keep(state, order)
        behaviour = (await people.find(state, order.id_number, order.name)).behaviour
        if behaviour is Behaviour.WAITS and order.asked >= 3 and order.state == "2":
            order = await orders.pay_insurance(state, replace(order, state="3"))
            await notices.tell(request, app, order)
    if behaviour is Behaviour.STRANGE:
        return {"payOrdId": order.order_id, "ordStas": "17"}, True
    return notices.content(order), True


async def revoke(request: Request, app: App, data: Mapping[str, Any]) -> Said:
    """6401: take back what is not settled; a second time as well."""
    order_id, token, _, *_ = required(data, "payOrdId", "payToken", "orgCodg", *_IDENTITY)
    state = store.of(request)
    async with state.lock("insurance"):
        order = await _named(state, app, order_id, token, data, identity=True)
        # In state 3 the own share is paid and the insurance is not: nothing of it is settled.
        if order.state in {*orders.OPEN, "3"}:
            await orders.end(state, order)
        elif order.state not in {"12", "13", "15"}:
            raise CentreRefusal(fields.SETTLED, "the order is settled: give it back by 6203")
    return {"success": True, "message": "成功"}, True


async def refund(request: Request, app: App, data: Mapping[str, Any]) -> Said:
    """6203: give back; the insurance's parts go back whole, the own share also in pieces."""
    order_id, serial, kind = required(data, "payOrdId", "appRefdSn", "refdType")
    fields.moment(data, "appRefdTime", "%Y%m%d%H%M%S")
    total = fen(data, "totlRefdAmt")
    parts = {
        "fund": fen(data, "fundRefdAmt", default=0),
        "account": fen(data, "psnAcctRefdAmt", default=0),
        "own": fen(data, "cashRefdAmt", default=0),
    }
    if total != sum(parts.values()) or total == 0:
        raise CentreRefusal(fields.AMOUNTS, "the parts are not the total")
    if bool(data.get("ecToken")) == bool(data.get("payAuthNo")):
        raise CentreRefusal(fields.FIELD, "one of ecToken and payAuthNo")
    state = store.of(request)
    async with state.lock("insurance"):
        order = await orders.find(state, order_id)
        if order is None or order.app_id != app.app_id:
            raise CentreRefusal(fields.UNKNOWN, "there is no such order")
        asked = {**parts, "kind": kind}
        known = order.refunds.get(serial)
        if known is not None:
            if {name: known[name] for name in asked} != asked:
                raise CentreRefusal(fields.REFUND_CHANGED, "appRefdSn stands for another refund")
            return {"refStatus": known["said"]}, True
        # What was allowed for the payment is good for giving it back, also after its minutes.
        if permissions.given(data) != order.permission:
            await permissions.check(state, data, order.id_number)
        behaviour = (await people.find(state, order.id_number, order.name)).behaviour
        if behaviour is Behaviour.REFUND_DROPPED:
            return {}, False
        if behaviour is Behaviour.REFUND_FAILS:
            return {"refStatus": "FAIL"}, True
        said = "EXP" if behaviour is Behaviour.REFUND_ODD else "SUCC"
        await _give_back(state, order, serial, asked, said)
    return {"refStatus": said}, behaviour is not Behaviour.REFUND_LOST


async def _give_back(state: store.Store, order: Order, serial: str, asked: dict[str, Any], said: str) -> None:
    if order.state not in {*orders.PAID, "8", "9", "10", "11"}:
        raise CentreRefusal(fields.NOT_SETTLED, "the order is not settled")
    left = {name: getattr(order, name) - order.back[name] for name in ("fund", "account", "own")}
    insurance = asked["fund"] + asked["account"]
    whole = asked["fund"] == left["fund"] and asked["account"] == left["account"]
    fits = {
        "ALL": whole and asked["own"] == left["own"],
        "HI": whole and insurance > 0 and asked["own"] == 0,
        "CASH": insurance == 0 and asked["own"] <= left["own"],
    }
    if not fits.get(asked["kind"], False):
        raise CentreRefusal(fields.TOO_MUCH, "what goes back does not fit what was paid")
    back = {name: order.back[name] + asked[name] for name in left}
    changed = replace(
        order,
        back=back,
        state=_state_after(order, back),
        refunds={**order.refunds, serial: {**asked, "said": said, "at": time.time()}},
    )
    if insurance:
        person = await people.find(state, order.id_number, order.name)
        await people.settle(state, person, orders.negative(order.division), -order.within)
    await orders.keep(state, changed)


def _state_after(order: Order, back: Mapping[str, int]) -> str:
    own_back = 0 if order.own == 0 else (2 if back["own"] == order.own else int(back["own"] > 0))
    insurance_paid = order.fund + order.account
    insurance_back = insurance_paid > 0 and back["fund"] + back["account"] == insurance_paid
    if insurance_back or insurance_paid == 0:
        return {2: "7", 1: "11" if insurance_paid else "10", 0: "7" if order.own == 0 else "8"}[own_back]
    return "9" if own_back == 2 else "10"


async def _divided(
    state: store.Store, order: Order, person: people.Insured, *, may_use_account: bool
) -> Order:
    division = divide(
        RULES[order.scheme],
        total=order.total,
        first=order.first,
        within=order.within,
        spent=person.spent,
        fund_paid=person.fund_paid,
        balance=person.balance if may_use_account else 0,
    )
    order = replace(
        order,
        fund=division.fund,
        account=division.account,
        own=division.own,
        is_divided=True,
        state="2",
        held_until=time.time() + await orders.hold_seconds(state),
    )
    await orders.keep(state, order)
    return order


async def _named(
    state: store.Store,
    app: App,
    order_id: str,
    token: str,
    data: Mapping[str, Any],
    *,
    identity: bool = False,
) -> Order:
    order = await orders.find(state, order_id)
    if (
        order is None
        or (order.app_id, order.token, order.organisation) != (app.app_id, token, data.get("orgCodg"))
        or (
            identity
            and (order.id_number, order.name, order.id_type)
            != tuple(str(data.get(name)) for name in _IDENTITY)
        )
    ):
        raise CentreRefusal(fields.UNKNOWN, "there is no such order")
    return order


def _amounts(data: Mapping[str, Any]) -> tuple[int, int, int]:
    lines = data.get("feedetailList")
    if not isinstance(lines, list) or not lines or not all(isinstance(line, dict) for line in lines):
        raise CentreRefusal(fields.FIELD, "feedetailList is missing")
    total = fen(data, "medfeeSumamt")
    if sum(fen(line, "detItemFeeSumamt") for line in lines) != total or total == 0:
        raise CentreRefusal(fields.AMOUNTS, "the lines are not the total")
    outside, first = fen(data, "fulamtOwnpayAmt", default=0), fen(data, "preselfpayAmt", default=0)
    within = fen(data, "inscpScpAmt", default=total - outside - first)
    if outside + first + within != total:
        raise CentreRefusal(fields.AMOUNTS, "outside, first and within are not the total")
    return total, first, within


def _digest(data: Mapping[str, Any], *, without: tuple[str, ...]) -> str:
    kept = {name: value for name, value in data.items() if name not in without}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


CALLS: Mapping[str, Call] = {
    "/org/local/api/hos/uldFeeInfo": upload,
    "/org/local/api/hos/pay_order": settle,
    "/org/local/api/hos/refund_Order": refund,
    "/org/local/api/hos/query_order_info": query,
    "/org/local/api/hos/revoke_order": revoke,
}
