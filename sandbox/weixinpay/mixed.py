"""Mixed orders: an insurance part and a part of one's own, confirmed once (``/v3/med-ins``).

An order of the insurance that the sandbox plays goes on with the payer's confirmation: its parts are paid, or
fail, there as well. Of any other, a number of authorisation tells what the insurance would say.

    ends in EXPIRED     too old when the order is asked for
    ends in REFUSED     the insurance refuses when the payer confirms

A payer named 医测自费失败 cannot pay their own part.
"""

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox import store
from sandbox.insurance import orders as insurance
from sandbox.insurance import steps
from sandbox.store import Store
from sandbox.weixinpay import notices, orders, suites
from sandbox.weixinpay.orders import NotPayable, rfc3339
from sandbox.weixinpay.wire import Caller, Content, PayRefusal, body_of, fen_of, signed, signer_named, text_of

TYPES = {"CASH_ONLY", "INSURANCE_ONLY", "CASH_AND_INSURANCE"}
ORDER_TYPES = {
    "REG_PAY", "DIAG_PAY", "COVID_EXAM_PAY", "IN_HOSP_PAY", "PHARMACY_PAY", "INSURANCE_PAY",
    "INT_REG_PAY", "INT_RE_DIAG_PAY", "INT_RX_PAY", "COVID_ANTIGEN_PAY", "MED_PAY",
}  # fmt: skip
INSURANCE_FIELDS = ("pay_order_id", "pay_auth_no", "geo_location", "med_ins_order_create_time")
FEES = ("med_ins_gov_fee", "med_ins_self_fee", "med_ins_other_fee", "med_ins_cash_fee")
ADDED = {"DEFAULT_ADD_TYPE", "FREIGHT", "OTHER_MEDICAL_EXPENSES"}
REDUCED = {
    "DEFAULT_REDUCE_TYPE", "HOSPITAL_REDUCE", "PHARMACY_DISCOUNT", "DISCOUNT", "PRE_PAYMENT",
    "DEPOSIT_DEDUCTION",
}  # fmt: skip
_DIGEST = re.compile(r"[0-9a-f]{32}")
# Who has bound another person's insurance certificate, and who none.
ANOTHER_NAME, NO_CERTIFICATE, NO_RELATION = "测不符", "测无凭证", "测无关系"
EXPIRED, REFUSED = "EXPIRED", "REFUSED"
OWN_FAILS = "医测自费失败"
Mixed = dict[str, Any]


async def create(request: Request, caller: Caller) -> Content:
    """Take a mixed order."""
    body, state = await body_of(request), store.of(request)
    number = text_of(body, "out_trade_no")
    _check_form(request, body)
    _check_amounts(body)
    name = _check_people(request, caller, body)
    if str(body.get("pay_auth_no", "")).endswith(EXPIRED):
        raise _rule("PAY_AUTH_NO校验失败，请确认无误后重试", "268547120")
    async with state.lock(f"weixinpay:mixed:{caller.mchid}:{number}"):
        if await state.field(f"weixinpay:mixednumbers:{caller.mchid}", number) is not None:
            raise PayRefusal(400, "ALREADY_EXISTS", "订单已存在", "268512536")
        if "prepay_id" in body:
            await _check_own_part(state, caller, body)
        mixed = await _keep(state, _fresh(caller, body) | {"own_fails": name == OWN_FAILS})
    return as_answer(mixed, await _own_part(state, mixed))


def _check_form(request: Request, body: Mapping[str, Any]) -> None:
    kind = body.get("mix_pay_type")
    if kind not in TYPES or body.get("order_type") not in ORDER_TYPES:
        raise PayRefusal(400, "PARAM_ERROR", "参数mix_pay_type或order_type不符合要求")
    if body.get("appid") not in request.app.state.config.weixin_apps:
        raise PayRefusal(400, "PARAM_ERROR", "appid字段不正确", "268445527")
    for name in ("openid", "city_id", "med_inst_name", "med_inst_no", "serial_no"):
        text_of(body, name, most=128)
    url = text_of(body, "callback_url", most=256)
    if "?" in url or not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise PayRefusal(400, "PARAM_ERROR", "参数callback_url须为HTTPS且不能携带参数")
    insured = [name for name in INSURANCE_FIELDS if name in body]
    fees = [name for name in FEES if body.get(name)]
    if kind == "CASH_ONLY" and (insured or fees or "prepay_id" not in body):
        raise _rule("纯自费单字段校验失败", "268529474")
    if kind == "INSURANCE_ONLY" and ("prepay_id" in body or body.get("wechat_pay_cash_fee", 0)):
        raise _rule("合支付单字段校验失败", "268529475")
    if kind == "CASH_AND_INSURANCE" and "prepay_id" not in body:
        raise _rule("合支付单字段校验失败", "268529475")
    if kind != "CASH_ONLY" and (len(insured) != len(INSURANCE_FIELDS) or not all(n in body for n in FEES)):
        raise _rule("合支付单字段校验失败", "268529475")


def _check_amounts(body: Mapping[str, Any]) -> None:
    fees = [fen_of(body, name, least=0) if name in body else 0 for name in FEES]
    own = fen_of(body, "wechat_pay_cash_fee", least=0) if "wechat_pay_cash_fee" in body else 0
    total = fen_of(body, "total_fee")
    added = _sum(body, "cash_add_detail", "cash_add_fee", "cash_add_type", ADDED)
    reduced = _sum(body, "cash_reduce_detail", "cash_reduce_fee", "cash_reduce_type", REDUCED)
    insurance, cash = sum(fees[:3]), fees[3]
    if total != insurance + own + reduced:
        raise _rule("订单总金额校验不通过", "268529477")
    if own != cash + added - reduced:
        raise _rule("自费金额校验不通过", "268529476")
    if total != insurance + cash + added or (body["mix_pay_type"] != "INSURANCE_ONLY" and own <= 0):
        raise _rule("混合单金额不正确", "268529481")


def _sum(body: Mapping[str, Any], name: str, fee: str, kind: str, kinds: set[str]) -> int:
    listed = body.get(name, [])
    if not isinstance(listed, list) or not all(
        isinstance(each, dict) and each.get(kind) in kinds for each in listed
    ):
        raise PayRefusal(400, "PARAM_ERROR", f"参数{name}不符合要求")
    return sum(fen_of(each, fee, least=0) for each in listed)


def _check_people(request: Request, caller: Caller, body: Mapping[str, Any]) -> str:
    signer = signer_named(caller.suite, request.headers.get("wechatpay-serial", ""))
    name = _person(caller, signer, body.get("payer"))
    if name == ANOTHER_NAME:
        raise _rule("入参用户姓名和医保电子凭证绑卡姓名不匹配", "268545962")
    if name == NO_CERTIFICATE:
        raise _rule("微信号未绑定医保电子凭证", "268545963")
    if body.get("pay_for_relatives") and _person(caller, signer, body.get("relative")) == NO_RELATION:
        raise _rule("亲属关系不存在，请传入有效亲属关系后重试", "268545964")
    return name


def _person(caller: Caller, signer: str, given: Any) -> str:
    if not isinstance(given, dict) or "card_type" not in given or not signer:
        raise PayRefusal(400, "PARAM_ERROR", "参数payer或relative不符合要求")
    try:
        name = suites.unseal(caller.suite, signer, text_of(given, "name", most=1_024))
        digest = suites.unseal(caller.suite, signer, text_of(given, "id_digest", most=1_024))
    except suites.Unreadable as exc:
        raise PayRefusal(400, "PARAM_ERROR", "敏感信息解密失败") from exc
    if not _DIGEST.fullmatch(digest):
        raise _rule("入参个人身份ID摘要和医保电子凭证绑卡身份ID摘要不匹配", "268545961")
    return name


async def _check_own_part(state: Store, caller: Caller, body: Mapping[str, Any]) -> None:
    order = await orders.by_token(state, text_of(body, "prepay_id"))
    if (
        order is None
        or (order["mchid"], order["number"]) != (caller.mchid, body["out_trade_no"])
        or order["total"] != body["wechat_pay_cash_fee"]
    ):
        raise _rule("混合单金额不正确", "268529481")


def _fresh(caller: Caller, body: Mapping[str, Any]) -> Mixed:
    told = {name: value for name, value in body.items() if name not in {"payer", "relative"}}
    is_cash = body["mix_pay_type"] == "CASH_ONLY"
    return {
        "mchid": caller.mchid,
        "suite": caller.suite,
        "mix_trade_no": f"{time.strftime('%Y%m%d')}{secrets.randbelow(10**20):020d}",
        "told": told,
        "insurance": "NO_MED_INS_PAY" if is_cash else "MED_INS_PAY_CREATED",
        "failed": "",
        "has_ended": False,
        "refunded": 0,
        "refunds": {},
        "paid_at": 0.0,
    }


async def _keep(state: Store, mixed: Mixed) -> Mixed:
    entry = {"mix_trade_no": mixed["mix_trade_no"]}
    await state.set_field("weixinpay:mixed", mixed["mix_trade_no"], mixed)
    await state.set_field(f"weixinpay:mixednumbers:{mixed['mchid']}", mixed["told"]["out_trade_no"], entry)
    return mixed


async def query(request: Request, caller: Caller) -> Content:
    """A mixed order, by its own number or the merchant's."""
    state, number = store.of(request), request.path_params.get("mixed", "")
    if not number:
        entry = await state.field(f"weixinpay:mixednumbers:{caller.mchid}", request.path_params["number"])
        number = entry["mix_trade_no"] if entry is not None else ""
    mixed = await _existing(state, caller, number)
    return as_answer(mixed, await _own_part(state, mixed))


async def refunded(request: Request, caller: Caller) -> Content:
    """Hear that the insurance gave back its part: merchants say so, nobody else does."""
    body, state = await body_of(request), store.of(request)
    number = request.query_params.get("mix_trade_no", "")
    total = fen_of(body, "med_refund_total_fee")
    parts = [fen_of(body, f"med_refund_{name}_fee", least=0) for name in ("gov", "self", "other")]
    refund = text_of(body, "out_refund_no")
    text_of(body, "refund_time")
    if total != sum(parts):
        raise PayRefusal(400, "PARAM_ERROR", "医保退款金额不符合要求")
    async with state.lock(f"weixinpay:mixed:{number}"):
        mixed = await _existing(state, caller, number)
        insured = sum(mixed["told"].get(name, 0) for name in FEES[:3])
        mixed["refunds"] |= {refund: total}
        given_back = sum(mixed["refunds"].values())
        if mixed["insurance"] not in {"MED_INS_PAY_SUCCESS", "MED_INS_PAY_REFUND"} or given_back > insured:
            raise PayRefusal(400, "INVALID_REQUEST", "当前订单状态不允许退款通知", "268554200")
        if given_back == insured:
            mixed["insurance"] = "MED_INS_PAY_REFUND"
        await _keep(state, mixed)
    return None


async def confirm(request: Request, number: str, *, insurance_fails: bool, own_fails: bool) -> Mixed:
    """Let the payer confirm; each part goes well or fails by itself.

    Raises:
        NotPayable: It was confirmed before, or its own part cannot be paid.
    """
    state = store.of(request)
    mixed = await state.field("weixinpay:mixed", number)
    if mixed is None or mixed["has_ended"]:
        raise NotPayable("订单不存在或已处理")
    told, own_fails = mixed["told"], own_fails or mixed.get("own_fails", False)
    if mixed["insurance"] != "NO_MED_INS_PAY":
        insurance_fails = insurance_fails or told["pay_auth_no"].endswith(REFUSED)
        insurance_fails = await _insurance_fails(request, told["pay_order_id"], asked_to=insurance_fails)
        mixed["insurance"] = "MED_INS_PAY_FAIL" if insurance_fails else "MED_INS_PAY_SUCCESS"
        mixed["failed"] = "医保局结算校验失败" if insurance_fails else ""
    if "prepay_id" in told and not own_fails:
        await orders.pay(request, mixed["mchid"], told["out_trade_no"], openid=told["openid"])
        await _at_the_insurance(request, told.get("pay_order_id", ""), "own")
    mixed |= {"has_ended": True, "own_failed": own_fails, "paid_at": time.time()}
    await _keep(state, mixed)
    answer = as_answer(mixed, await _own_part(state, mixed))
    if answer["mix_pay_status"] == "MIX_PAY_SUCCESS":
        target = notices.Told(
            mixed["mchid"],
            mixed["suite"],
            told["out_trade_no"],
            "MEDICAL_INSURANCE.SUCCESS",
            "transaction",
            told["callback_url"],
        )
        await notices.tell(request, target, answer)
    return mixed


async def _insurance_fails(request: Request, order_id: str, *, asked_to: bool) -> bool:
    """Whether the insurance fails: as it was told to, or as the order that the sandbox plays ends."""
    order = await _at_the_insurance(request, order_id, "fail" if asked_to else "insurance")
    return asked_to if order is None else order.state in {"12", "13", "15", "16"}


async def _at_the_insurance(request: Request, order_id: str, step: str) -> insurance.Order | None:
    if not order_id or await insurance.find(store.of(request), order_id) is None:
        return None
    return await steps.take(request, order_id, step)


async def _existing(state: Store, caller: Caller, number: str) -> Mixed:
    mixed = await state.field("weixinpay:mixed", number)
    if mixed is None or mixed["mchid"] != caller.mchid:
        raise PayRefusal(404, "NOT_FOUND", "未找到订单，请确认订单号是否正确", "268529515")
    return mixed


async def _own_part(state: Store, mixed: Mixed) -> str:
    """Where the part of one's own stands, by the order that stands for it."""
    if "prepay_id" not in mixed["told"]:
        return "NO_SELF_PAY"
    order = await orders.find(state, mixed["mchid"], mixed["told"]["out_trade_no"])
    if order is None or order["state"] in {"NOTPAY", "CLOSED"}:
        return "SELF_PAY_FAIL" if mixed.get("own_failed") else "SELF_PAY_CREATED"
    back = sum(each["amount"] for each in order["refunds"] if each["outcome"] == "SUCCESS")
    return "SELF_PAY_REFUND" if back >= order["paid"] else "SELF_PAY_SUCCESS"


def as_answer(mixed: Mixed, own: str) -> dict[str, Any]:
    """A mixed order as WeChat Pay tells it; there is no ``transaction_id`` in it."""
    insurance = mixed["insurance"]
    said = {
        **mixed["told"],
        "mix_trade_no": mixed["mix_trade_no"],
        "mix_pay_status": _whole(own, insurance),
        "self_pay_status": own,
        "med_ins_pay_status": insurance,
    }
    if mixed["paid_at"]:
        said["paid_time"] = rfc3339(mixed["paid_at"])
    if mixed["failed"]:
        said["med_ins_fail_reason"] = mixed["failed"]
    return said


def _whole(own: str, insurance: str) -> str:
    parts = {own.removeprefix("SELF_PAY_"), insurance.removeprefix("MED_INS_PAY_")}
    parts -= {"NO_SELF_PAY", "NO_MED_INS_PAY"}
    for state in ("FAIL", "CREATED"):
        if state in parts:
            return f"MIX_PAY_{state}"
    return "MIX_PAY_REFUND" if parts == {"REFUND"} else "MIX_PAY_SUCCESS"


def _rule(message: str, number: str) -> PayRefusal:
    return PayRefusal(403, "RULE_LIMIT", message, number)


routes = [
    Route("/v3/med-ins/orders", signed(create), methods=["POST"]),
    Route("/v3/med-ins/orders/mix-trade-no/{mixed}", signed(query), methods=["GET"]),
    Route("/v3/med-ins/orders/out-trade-no/{number}", signed(query), methods=["GET"]),
    Route("/v3/med-ins/refunds/notify", signed(refunded), methods=["POST"]),
]
