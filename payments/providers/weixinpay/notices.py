"""What WeChat Pay tells of its own accord.

Now and then it sends a notice whose signature begins with ``WECHATPAY/SIGNTEST/``, to see whether it is
checked. Such a one is refused as any other that is not signed rightly, and must be: whoever takes it takes
forged ones too.
"""

from collections.abc import Mapping
from typing import Any

from payments.providers.base import Answer, Merchant, Notice, NoticeKind, Payment, Said
from payments.providers.errors import ChannelMisconfigured, NoticeRefused
from payments.providers.weixinpay import failures, said
from payments.providers.weixinpay.client import Client
from payments.providers.weixinpay.keys import CODE
from payments.providers.weixinpay.signing import SealBroken

PAID = "TRANSACTION.SUCCESS"
REFUND = "REFUND."
MIXED = "MEDICAL_INSURANCE.SUCCESS"
TAKEN = Answer(204)
REFUSED = Answer(401, body='{"code":"FAIL","message":"失败"}'.encode())


def opened(merchant: Merchant, headers: Mapping[str, str], body: bytes) -> tuple[str, str, Mapping[str, Any]]:
    """The id, the event and the content of a notice, after everything was checked.

    Raises:
        NoticeRefused: It is not WeChat's, not of now, or not for this merchant.
    """
    try:
        client = Client(merchant)
        objection = client.is_of_weixin(headers, body)
        if objection:
            raise NoticeRefused(CODE, objection)
        envelope = failures.json_of(body)
        number, event = said.text(envelope, "id"), said.text(envelope, "event_type")
        resource = envelope.get("resource")
        if not isinstance(resource, dict):
            raise NoticeRefused(CODE, "content")
        return number, event, failures.json_of(client.open(resource))
    except SealBroken as exc:
        raise NoticeRefused(CODE, "seal") from exc
    except ChannelMisconfigured as exc:
        raise NoticeRefused(CODE, exc.code) from exc
    except (ValueError, said.NotSaid) as exc:
        raise NoticeRefused(CODE, "content") from exc


def read(merchant: Merchant, headers: Mapping[str, str], body: bytes) -> Notice:
    """A notice of a payment or of a refund.

    Raises:
        NoticeRefused: It is not WeChat's, not of now, not for this merchant, or of another kind.
    """
    number, event, content = opened(merchant, headers, body)
    try:
        if event == PAID:
            return Notice(number, NoticeKind.PAYMENT, said.payment(merchant, content))
        if event == MIXED:
            # Its own part is told by itself: this is a reason to ask.
            return Notice(
                number, NoticeKind.PAYMENT, Payment(said.text(content, "out_trade_no"), Said.WAITING)
            )
        if event.startswith(REFUND):
            if said.text(content, "mchid") != merchant.number:
                raise NoticeRefused(CODE, "mchid")
            return Notice(number, NoticeKind.REFUND, said.refund(content, state="refund_status"))
    except said.NotSaid as exc:
        raise NoticeRefused(CODE, str(exc)) from exc
    raise NoticeRefused(CODE, "event_unknown")
