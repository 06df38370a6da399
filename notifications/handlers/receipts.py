"""What carriers told us: receipts, and what residents allowed at WeChat.

A receipt may overtake the answer to our own call; it is then tried again a little later. One that is
of no message of this room is of a code for signing in, or is done with.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from foundation.accounts import services as accounts
from foundation.core import clock
from foundation.events.services import Message
from notifications.rules.topics import Channel
from notifications.services import grants, receipts

OVERTAKING = timedelta(minutes=1)


class ReceiptTooEarly(Exception):
    """The number that it names is not written down yet."""


def on_sms_receipt(message: Message) -> None:
    """Note what a supplier of SMS says of a message."""
    said = message.payload
    number, supplier = str(said.get("request_id", "")), str(said["supplier"])
    is_delivered, error = said["status"] == "delivered", str(said.get("code", ""))
    is_known = receipts.note_receipt(
        channel=Channel.SMS,
        dispatch_id=number,
        reference=str(said["message_id"]),
        supplier=supplier,
        is_delivered=is_delivered,
        error=error,
    )
    if not is_known:
        accounts.note_code_receipt(
            dispatch_id=number, supplier=supplier, is_delivered=is_delivered, error=error
        )


def on_weixin_push(message: Message) -> None:
    """Note what WeChat says: a message arrived or not, a resident allowed or took back."""
    said = message.payload
    event, openid = str(said.get("Event", "")), str(said.get("FromUserName", ""))
    if event == "TEMPLATESENDJOBFINISH":
        status = str(said.get("Status", ""))
        _receipt(message, Channel.OFFICIAL, said, is_delivered=status == "success", error=status)
    elif event == "subscribe_msg_sent_event":
        for entry in _entries(said, "SubscribeMsgSentEvent"):
            code = str(entry.get("ErrorCode", ""))
            _receipt(message, Channel.SUBSCRIBE, entry, is_delivered=code == "0", error=code)
    elif event == "subscribe_msg_popup_event":
        for entry in _entries(said, "SubscribeMsgPopupEvent"):
            grants.note_answer(
                openid=openid,
                template=str(entry.get("TemplateId", "")),
                is_accepted=entry.get("SubscribeStatusString") == "accept",
            )
    elif event == "subscribe_msg_change_event":
        for entry in _entries(said, "SubscribeMsgChangeEvent"):
            if entry.get("SubscribeStatusString") == "reject":
                grants.note_withdrawn(openid=openid, template=str(entry.get("TemplateId", "")))


def _receipt(
    message: Message, channel: str, entry: Mapping[str, Any], *, is_delivered: bool, error: str
) -> None:
    number = entry.get("MsgID", entry.get("MsgId", ""))
    known = receipts.note_receipt(
        channel=channel, reference=str(number), is_delivered=is_delivered, error="" if is_delivered else error
    )
    received_at = datetime.fromisoformat(str(message.payload["received_at"]))
    if not known and clock.now() - received_at < OVERTAKING:
        raise ReceiptTooEarly(str(number))


def _entries(said: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """XML wraps the list, JSON does not, and a list of one may come without being a list."""
    around = said.get(name, said)
    found = around.get("List", []) if isinstance(around, Mapping) else []
    for entry in found if isinstance(found, list) else [found]:
        if isinstance(entry, Mapping):
            yield entry
