"""Mixed orders: what the insurance pays and what people pay themselves, confirmed once in WeChat.

The part of one's own is an ordinary order inside WeChat, asked for before under the same number; the mixed
order names its ``prepay_id``. Its result is told for half a minute only, so it is asked for as well. That the
insurance gave something back WeChat hears from us.

Besides the refusals of every call (``failures``) there are these, by their number:

    268529474 268529475 268529476
    268529477 268529481            the parts do not go together         AMOUNTS
    268545961 268545962            name or number is not the payer's    IDENTITY
    268545963                      no electronic insurance certificate  CERTIFICATE
    268545964                      not a relative of the payer          RELATION
    268547120 268545967            the authorisation is too old         AUTHORISATION
    268510610                      the insurance refuses                INSURANCE
    268560650                      the payer has confirmed already      CONFIRMED
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode

from payments.providers.base import Launch, Merchant, Way
from payments.providers.errors import (
    ChannelError,
    ChannelRefused,
    ChannelTemporary,
    ChannelUnsure,
    NoticeRefused,
    OrderChanged,
)
from payments.providers.weixinpay import keys, notices, said
from payments.providers.weixinpay.amounts import Amounts, AmountsDisagree, Kind
from payments.providers.weixinpay.client import Client
from payments.providers.weixinpay.files import BEIJING
from payments.providers.weixinpay.identities import Identity
from payments.providers.weixinpay.keys import CODE
from payments.providers.weixinpay.launching import launch_fields

EVENT = notices.MIXED
_ORDERS, _REFUNDS = "/v3/med-ins/orders", "/v3/med-ins/refunds/notify"
_OWN, _INSURED, _WHOLE = "SELF_PAY_", "MED_INS_PAY_", "MIX_PAY_"
_OLD_NUMBER_DIGITS = 15
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


class Why(StrEnum):
    """Why a mixed order was refused, as far as somebody can do something about it."""

    AMOUNTS = "amounts"
    IDENTITY = "identity"
    CERTIFICATE = "certificate"
    RELATION = "relation"
    AUTHORISATION = "authorisation"
    INSURANCE = "insurance"
    CONFIRMED = "confirmed"


_WHY: Mapping[str, Why] = {
    **dict.fromkeys(("268529474", "268529475", "268529476", "268529477", "268529481"), Why.AMOUNTS),
    **dict.fromkeys(("268545961", "268545962"), Why.IDENTITY),
    "268545963": Why.CERTIFICATE,
    "268545964": Why.RELATION,
    **dict.fromkeys(("268547120", "268545967"), Why.AUTHORISATION),
    "268510610": Why.INSURANCE,
    "268560650": Why.CONFIRMED,
}


class MixedRefused(ChannelRefused):
    """A mixed order was refused for a reason that is known."""

    def __init__(self, why: Why, code: str, number: str = "") -> None:
        super().__init__(CODE, code, number)
        self.why = why


class Part(StrEnum):
    """Where a part of a mixed order stands, or the whole; a part may be missing."""

    NONE = "none"
    WAITING = "waiting"
    PAID = "paid"
    REFUNDED = "refunded"
    FAILED = "failed"


# Any other state, as that of a payer who is just confirming, is looked at again later.
_PARTS: Mapping[str, Part] = {
    "CREATED": Part.WAITING,
    "SUCCESS": Part.PAID,
    "REFUND": Part.REFUNDED,
    "FAIL": Part.FAILED,
    "REVERSED": Part.FAILED,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who pays, or for whom: name and number go encrypted, the number as a digest."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    card_type: str = "ID_CARD"


@dataclass(frozen=True, slots=True)
class Place:
    """The institution, as the insurance and WeChat name it.

    Attributes:
        city: WeChat's own number of the city, which is not always the national one.
    """

    number: str
    name: str
    city: str


@dataclass(frozen=True, slots=True)
class Insured:
    """What the insurance's platform gave for the order.

    Attributes:
        location: Where the payer is, as ``longitude,latitude``.
    """

    pay_order_id: str
    pay_auth_no: str
    created_at: datetime
    location: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MixedOrder:
    """What is to be paid together.

    Attributes:
        number: Of the part of one's own as well, if there is one.
        serial_no: The institution's number, told to the insurance as ``medOrgOrd``.
        prepay_id: Of the part of one's own; empty if there is none.
        relative: The insured, where somebody else pays.
    """

    number: str
    serial_no: str
    order_type: str
    amounts: Amounts
    way: Way
    openid: str
    payer: Person
    place: Place
    notify_url: str
    insured: Insured | None = None
    prepay_id: str = ""
    relative: Person | None = None


@dataclass(frozen=True, slots=True)
class Mixed:
    """What WeChat says of a mixed order.

    Attributes:
        ref: WeChat's number.
        reason: Why the insurance failed, in its own words.
    """

    ref: str
    number: str
    whole: Part
    own: Part
    insured: Part
    total_fen: int
    insured_fen: int
    own_fen: int
    paid_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class InsuranceRefund:
    """What the insurance gave back; the number is that of the refund of one's own part, if there is one."""

    number: str
    fund_fen: int
    account_fen: int
    other_fen: int
    refunded_at: datetime


def create(merchant: Merchant, order: MixedOrder) -> Mixed:
    """Ask for a mixed order; asking again with the same order is safe.

    Raises:
        MixedRefused: The amounts do not go together, which is found before anything is sent; or as above.
        OrderChanged: The number stands for another order.
        ChannelUnsure: Whether there is an order now is unknown.
    """
    client = Client(merchant)
    _check(order)
    identity = client.receiver()
    try:
        answer = client.post(_ORDERS, _body(client, identity, order), sealed_for=identity)
    except OrderChanged:
        there = query_number(merchant, order.number)
        if (there.total_fen, there.own_fen) != (order.amounts.total_fen, order.amounts.own_fen):
            raise
        return there
    except ChannelError as exc:
        raise _explained(exc) from exc
    with said.understood(ChannelUnsure):
        return _read(merchant, answer)


def query(merchant: Merchant, ref: str) -> Mixed:
    """Where a mixed order stands, by WeChat's number."""
    return _asked(merchant, f"{_ORDERS}/mix-trade-no/{quote(ref, safe='')}")


def query_number(merchant: Merchant, number: str) -> Mixed:
    """Where a mixed order stands, by ours."""
    return _asked(merchant, f"{_ORDERS}/out-trade-no/{quote(number, safe='')}")


def tell_refund(merchant: Merchant, ref: str, refund: InsuranceRefund) -> None:
    """Tell WeChat that the insurance gave something back; telling it again is safe."""
    body = {
        "med_refund_total_fee": refund.fund_fen + refund.account_fen + refund.other_fen,
        "med_refund_gov_fee": refund.fund_fen,
        "med_refund_self_fee": refund.account_fen,
        "med_refund_other_fee": refund.other_fen,
        "refund_time": _time(refund.refunded_at),
        "out_refund_no": refund.number,
    }
    Client(merchant).post(f"{_REFUNDS}?{urlencode({'mix_trade_no': ref})}", body)


def read_notice(merchant: Merchant, headers: Mapping[str, str], body: bytes) -> tuple[str, Mixed]:
    """The id of a notice, and the mixed order that it tells of; only complete ones are told.

    Raises:
        NoticeRefused: It is not WeChat's, not of now, not for this merchant, or of another kind.
    """
    number, event, content = notices.opened(merchant, headers, body)
    if event != EVENT:
        raise NoticeRefused(CODE, "event_unknown")
    try:
        return number, _read(merchant, content)
    except said.NotSaid as exc:
        raise NoticeRefused(CODE, str(exc)) from exc


def launch(merchant: Merchant, order: MixedOrder, ref: str) -> Launch:
    """What the payer's WeChat is called with (``requestMedicalInsurancePay``).

    An order without a part of one's own must have none of the fields of a payment.
    """
    appid = _appid(merchant, order)
    own = launch_fields(Client(merchant), appid, order.prepay_id) if order.prepay_id else {}
    return Launch("call", {**own, "appid": appid, "mixTradeNo": ref})


def id_digest(number: str) -> str:
    """The digest of an identity number that WeChat compares: of its 18 places, upper case, MD5."""
    whole = number.strip().upper()
    if len(whole) == _OLD_NUMBER_DIGITS and whole.isdecimal():
        whole = f"{whole[:6]}19{whole[6:]}"
        weighted = sum(int(digit) * weight for digit, weight in zip(whole, _WEIGHTS, strict=True))
        whole += _CHECKS[weighted % 11]
    return hashlib.md5(whole.encode(), usedforsecurity=False).hexdigest()


def _check(order: MixedOrder) -> None:
    try:
        order.amounts.check()
    except AmountsDisagree as exc:
        raise MixedRefused(Why.AMOUNTS, str(exc)) from exc
    kind = order.amounts.kind
    if (kind is not Kind.INSURED) != bool(order.prepay_id) or (kind is Kind.OWN) != (order.insured is None):
        raise MixedRefused(Why.AMOUNTS, "parts")


def _body(client: Client, identity: Identity, order: MixedOrder) -> dict[str, Any]:
    amounts = order.amounts
    body: dict[str, Any] = {
        "mix_pay_type": amounts.kind.value,
        "order_type": order.order_type,
        "appid": _appid(client.merchant, order),
        "openid": order.openid,
        "payer": _person(client, identity, order.payer),
        "pay_for_relatives": order.relative is not None,
        "out_trade_no": order.number,
        "serial_no": order.serial_no,
        "city_id": order.place.city,
        "med_inst_name": order.place.name,
        "med_inst_no": order.place.number,
        "total_fee": amounts.total_fen,
        "callback_url": order.notify_url,
    }
    if order.relative is not None:
        body["relative"] = _person(client, identity, order.relative)
    if order.prepay_id:
        body |= {"prepay_id": order.prepay_id, "wechat_pay_cash_fee": amounts.own_fen}
    if order.insured is not None:
        body |= {
            "pay_order_id": order.insured.pay_order_id,
            "pay_auth_no": order.insured.pay_auth_no,
            "geo_location": order.insured.location,
            "med_ins_order_create_time": _time(order.insured.created_at),
            "med_ins_gov_fee": amounts.fund_fen,
            "med_ins_self_fee": amounts.account_fen,
            "med_ins_other_fee": amounts.other_fen,
            "med_ins_cash_fee": amounts.left_fen,
        }
    details = {
        "cash_add_detail": [
            {"cash_add_fee": fen, "cash_add_type": kind.value} for kind, fen in amounts.added.items()
        ],
        "cash_reduce_detail": [
            {"cash_reduce_fee": fen, "cash_reduce_type": kind.value} for kind, fen in amounts.reduced.items()
        ],
    }
    return body | {name: listed for name, listed in details.items() if listed}


def _person(client: Client, identity: Identity, person: Person) -> dict[str, str]:
    return {
        "name": client.suite.seal(identity.key, person.name),
        "id_digest": client.suite.seal(identity.key, id_digest(person.id_number)),
        "card_type": person.card_type,
    }


def _appid(merchant: Merchant, order: MixedOrder) -> str:
    wanted = keys.MINI_APPID if order.way is Way.MINI_PROGRAM else keys.APPID
    return keys.value(merchant, wanted)


def _asked(merchant: Merchant, path: str) -> Mixed:
    answer = Client(merchant).get(path)
    with said.understood(ChannelTemporary):
        return _read(merchant, answer)


def _read(merchant: Merchant, answer: Mapping[str, Any]) -> Mixed:
    if said.text(answer, "appid") not in keys.appids_of(merchant):
        raise said.NotSaid("appid")
    whole = _part(answer, "mix_pay_status", _WHOLE)
    insured = ("med_ins_gov_fee", "med_ins_self_fee", "med_ins_other_fee")
    return Mixed(
        ref=said.text(answer, "mix_trade_no"),
        number=said.text(answer, "out_trade_no"),
        whole=whole,
        own=_part(answer, "self_pay_status", _OWN),
        insured=_part(answer, "med_ins_pay_status", _INSURED),
        total_fen=said.fen(answer, "total_fee"),
        insured_fen=sum(said.fen(answer, name) for name in insured if name in answer),
        own_fen=said.fen(answer, "wechat_pay_cash_fee") if "wechat_pay_cash_fee" in answer else 0,
        paid_at=said.moment(answer, "paid_time") if whole is Part.PAID else None,
        reason=str(answer.get("med_ins_fail_reason", "")),
    )


def _part(answer: Mapping[str, Any], name: str, prefix: str) -> Part:
    state = said.text(answer, name)
    if state.startswith("NO_"):
        return Part.NONE
    return _PARTS.get(state.removeprefix(prefix), Part.WAITING)


def _explained(error: ChannelError) -> ChannelError:
    why = _WHY.get(error.reason)
    return error if why is None else MixedRefused(why, error.code, error.reason)


def _time(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="seconds")
