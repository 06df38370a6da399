"""UnionPay's notices: signed forms, five times at most, until the status is 200 or 302."""

from urllib.parse import urlencode

import httpx
from starlette.requests import Request

from sandbox import notices, store
from sandbox.notices import Channel, Way
from sandbox.unionpay import messages, transactions
from sandbox.unionpay.transactions import Transaction


def _is_taken(answer: httpx.Response) -> bool:
    return answer.status_code in {200, 302}


# One, two, four and five minutes, as UnionPay's kit for codes has it.
CHANNEL = Channel("unionpay", (60, 120, 240, 300), _is_taken)


async def send(request: Request, done: Transaction, *, way: Way) -> None:
    """Tell that a transaction is done."""
    state = store.of(request)
    forms: dict[tuple[bool, bool], bytes] = {}
    for is_foreign in (False, True):
        for is_wrong in (False, True):
            fields = _fields(done, done.fen + is_wrong)
            by = messages.STRANGER if is_foreign else messages.SIGNER
            forms[is_foreign, is_wrong] = urlencode(await messages.signed(state, fields, by=by)).encode()
    await notices.tell(
        request,
        CHANNEL,
        url=done.back_url,
        about=f"{done.order_id} {done.txn_type}",
        way=way,
        made=lambda by: forms[by.badsign, by.wrongamount],
    )


def _fields(done: Transaction, fen: int) -> dict[str, str]:
    stamp = transactions.stamp(done.at)
    return {
        "version": "5.1.0",
        "encoding": "UTF-8",
        "signMethod": "01",
        "bizType": "000000",
        "accessType": "0",
        "merId": done.mer_id,
        "txnType": done.txn_type,
        "txnSubType": done.sub_type,
        "orderId": done.order_id,
        "txnTime": done.txn_time,
        "txnAmt": str(fen),
        "currencyCode": "156",
        "respCode": done.result,
        "respMsg": "Success!",
        "queryId": done.query_id,
        "origQryId": done.original,
        "traceNo": done.query_id[-6:],
        "traceTime": stamp[4:],
        "settleAmt": str(fen),
        "settleCurrencyCode": "156",
        "settleDate": transactions.settle_day(done.at),
        "accNo": "6226********0001",
    }
