"""Alipay's notices: forms, signed over their decoded fields, until ``success`` is read."""

import base64
import hashlib
import json
import time
from urllib.parse import urlencode

import httpx
from starlette.requests import Request

from sandbox import authority, notices, store
from sandbox.alipay import apps
from sandbox.alipay.trades import Trade, moment, yuan
from sandbox.notices import Channel, Way

HOUR = 3600


def _is_taken(answer: httpx.Response) -> bool:
    return answer.text.strip() == "success"


# The pauses that Alipay names: 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h.
CHANNEL = Channel("alipay", (240, 600, 600, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR), _is_taken)


async def send(request: Request, trade: Trade, *, way: Way, refund: str = "") -> None:
    """Tell what became of a trade, or of a refund of it; the same again has the same number."""
    state = store.of(request)
    app = await apps.find(state, trade.app_id)
    if app is None:
        return
    about = refund or trade.status
    notice_id = hashlib.sha256(f"{trade.trade_no} {about}".encode()).hexdigest()[:34]
    fields = _fields(trade, app.seller_id, notice_id, refund)
    signers = {name: await authority.key(state, name) for name in (apps.SIGNER, apps.STRANGER)}

    def made(by: Way) -> bytes:
        told = fields | {"notify_time": moment(time.time())}
        if by.wrongamount:
            told["total_amount"] = yuan(trade.total + 1)
        signer = signers[apps.STRANGER if by.badsign else apps.SIGNER]
        sign = base64.b64encode(authority.signature(signer, apps.joined(told).encode())).decode()
        return urlencode(told | {"sign": sign, "sign_type": "RSA2"}).encode()

    await notices.tell(
        request, CHANNEL, url=trade.notify_url, about=f"{trade.out_trade_no} {about}", way=way, made=made
    )


def _fields(trade: Trade, seller_id: str, notice_id: str, refund: str) -> dict[str, str]:
    fields = {
        "notify_type": "trade_status_sync",
        "notify_id": notice_id,
        "charset": "utf-8",
        "version": "1.0",
        "app_id": trade.app_id,
        "auth_app_id": trade.app_id,
        "seller_id": seller_id,
        "out_trade_no": trade.out_trade_no,
        "trade_no": trade.trade_no,
        "trade_status": trade.status,
        "subject": trade.subject,
        "body": "",
        "buyer_id": trade.buyer,
        "buyer_logon_id": "159****0001",
        "total_amount": yuan(trade.total),
        "receipt_amount": yuan(trade.total),
        "buyer_pay_amount": yuan(trade.total),
        "gmt_create": moment(trade.created),
    }
    if trade.is_paid:
        fields["gmt_payment"] = moment(trade.paid)
        fields["fund_bill_list"] = json.dumps([{"amount": yuan(trade.total), "fundChannel": "ALIPAYACCOUNT"}])
    if refund:
        at = moment(trade.refunds[refund]["at"])
        fields |= {"gmt_refund": f"{at}.318", "out_biz_no": refund, "refund_fee": yuan(trade.refunded)}
    return fields
