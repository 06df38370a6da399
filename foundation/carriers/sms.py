"""The client of the suppliers of SMS, who speak the same protocol.

The first is the one of ``SMS_BASE``; a second may stand beside it (``SMS2_BASE``), for when the first
is slow or away. The gateway's refusals (HTTP 4xx, ``code`` in the body):

    number_rejected, phone_invalid      the recipient, for good     RecipientRejected
    key_invalid                         our key                     CarrierMisconfigured
    request_id_reused, template_...,
    params_..., field_..., body_...     our content                 CarrierRefused
    HTTP 429 and 5xx, no connection     later                       CarrierTemporary
    no answer in time                   sent or not: unknown        CarrierTimeout
"""

import json
from collections.abc import Mapping
from functools import cache

from django.conf import settings

from foundation.carriers.errors import (
    CarrierError,
    CarrierMisconfigured,
    CarrierRefused,
    RecipientRejected,
    unreached,
)
from foundation.core import http

FIRST = "sms"
SECOND = "sms2"
TIMEOUT_SECONDS = 5.0
_REFUSALS: Mapping[str, type[CarrierRefused]] = {
    "number_rejected": RecipientRejected,
    "phone_invalid": RecipientRejected,
    "key_invalid": CarrierMisconfigured,
}


def suppliers() -> list[str]:
    """The suppliers that are set up."""
    return [FIRST, *([SECOND] if settings.SMS2_BASE else [])]


def send(
    *, template: str, phone: str, params: Mapping[str, str | int], request_id: str, supplier: str = FIRST
) -> str:
    """Hand one message to a supplier.

    Args:
        template: Name of the wording at the gateway.
        phone: Mainland mobile number of 11 digits.
        params: Values for the wording's places.
        request_id: Ours, one for each message. A gateway sends a request_id once, so after a
            `CarrierTimeout` the same call may be made again, to the same supplier.

    Returns:
        The gateway's id of the message.

    Raises:
        CarrierTemporary, CarrierRefused: As in the table above.
    """
    message = {"phone": phone, "template": template, "params": dict(params), "request_id": request_id}
    try:
        answer = _outbound(_base(supplier), supplier).post_json(
            "/sms/v1/messages",
            content=json.dumps(message, ensure_ascii=False).encode(),
            headers={"X-Api-Key": key_of(supplier)},
        )
    except http.OutsideRefused as exc:
        raise _refusal(exc, supplier) from exc
    except http.OutsideError as exc:
        raise unreached(exc) from exc
    message_id = answer.get("message_id")
    if not isinstance(message_id, str) or not message_id:
        raise CarrierRefused(supplier, "protocol_error")
    return message_id


def key_of(supplier: str) -> str:
    """The key that we and a supplier share: it opens the gateway, and signs the receipts."""
    return str(settings.SMS_KEY if supplier == FIRST else settings.SMS2_KEY)


def _base(supplier: str) -> str:
    return str(settings.SMS_BASE if supplier == FIRST else settings.SMS2_BASE)


def _refusal(error: http.OutsideRefused, supplier: str) -> CarrierError:
    code = error.answer.get("code")
    if not isinstance(code, str):
        return unreached(error)
    return _REFUSALS.get(code, CarrierRefused)(supplier, code)


@cache
def _outbound(base_url: str, supplier: str) -> http.Outbound:
    return http.Outbound(base_url, name=supplier, timeout=TIMEOUT_SECONDS)
