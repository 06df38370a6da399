"""What the channels told, after it was checked and kept; and open pages that hear of bills."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from foundation.core import clock
from foundation.events import live
from foundation.events.services import Message
from identity import selectors as identity
from identity.rules import Deed
from mpi import selectors as mpi
from payments.models import Channel, ChannelNotice, PaymentAttempt, Refund
from payments.providers.base import NoticeKind, Payment, Refunded, RefundSaid, Said
from payments.services.asking import CHANNELS, hear_payment, wake_attempt
from payments.services.insuring.asking import wake_order
from payments.services.returning import hear_refund, wake_refund
from payments.services.suspense import note_unclaimed

NOTICE = "payment.notice.v1"
INSURANCE_NOTICE = "payment.insurance_notice.v1"
BILL_CHANGED = "bill.changed"


def on_bill(message: Message) -> None:
    """Open pages of those who pay for the person read again what is owed, paid or on its way back."""
    person = mpi.by_public_ids([str(message.payload["person_id"])]).get(str(message.payload["person_id"]))
    if person is None:
        return
    payers = identity.holders_who_may([person.person_pk], Deed.PAY_BILL)[person.person_pk]
    for account_id, _relation in payers:
        live.notify(account_id, BILL_CHANGED, {"bill": str(message.payload["bill_id"])})


def on_insurance_notice(message: Message) -> None:
    """An insurer says that something happened to an order: it is asked, for a notice may be old."""
    said = message.payload
    wake_order(setup=said["setup"], order_ref=said["order"])


def on_notice(message: Message) -> None:
    """A channel says that money came, or went back.

    What it says of an order that is not ours, or of another channel's, is kept apart and not lost. A notice
    that tells no result is a reason to ask.
    """
    said = message.payload
    channel = Channel.objects.select_related("institution").get(public_id=said["channel"])
    if said["kind"] == NoticeKind.REFUND:
        _on_refund(message, channel, said)
        return
    payment = Payment(
        number=str(said["number"]),
        state=Said(said["state"]),
        amount_fen=int(said["amount_fen"]),
        channel_ref=str(said["channel_ref"]),
        paid_at=datetime.fromisoformat(said["at"]) if said["at"] else None,
        reason=str(said["reason"]),
    )
    rows = PaymentAttempt.objects.select_related(
        "bill__institution", "leg__settlement", "channel__institution"
    )
    row = rows.filter(public_id=payment.number, channel=channel).first()
    if row is not None:
        _keep(message, channel, said, attempt=row)
        if payment.state is Said.WAITING:
            wake_attempt(row)
        else:
            hear_payment(payment, row, told_by="notice")
    elif payment.state is Said.PAID:
        note_unclaimed(channel=channel, said=payment, told_by="notice", actor=CHANNELS)


def _on_refund(message: Message, channel: Channel, said: Mapping[str, Any]) -> None:
    rows = Refund.objects.select_related("bill__institution", "attempt__bill", "attempt__leg")
    row = rows.filter(public_id=said["number"], attempt__channel=channel).first()
    if row is None:
        return  # of a refund that somebody made at the channel itself: the statement shows it
    _keep(message, channel, said, refund=row)
    if RefundSaid(said["state"]) is RefundSaid.PROCESSING:
        wake_refund(row)
        return
    hear_refund(
        Refunded(
            number=row.public_id,
            state=RefundSaid(said["state"]),
            amount_fen=int(said["amount_fen"]),
            channel_ref=str(said["channel_ref"]),
            reason=str(said["reason"]),
        ),
        row,
    )


def _keep(message: Message, channel: Channel, said: Mapping[str, Any], **of: PaymentAttempt | Refund) -> None:
    """Keep that it was told, and when; a message that is applied again was kept before."""
    notice = ChannelNotice(
        channel=channel,
        notice=message.id[:128],
        said=str(said["state"]),
        amount_fen=int(said["amount_fen"]),
        received_at=message.received_at or clock.now(),
        **of,
    )
    ChannelNotice.objects.bulk_create([notice], ignore_conflicts=True)
