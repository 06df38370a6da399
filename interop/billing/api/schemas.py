"""Shapes of the institution API about money; every amount is a whole number of fen."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from foundation.core import clock
from payments.rules import BillState, Category

MOST_FEN = 10**11
_NUMBER = r"^[A-Za-z0-9_.:/-]+$"


def number(help_text: str, **more: Any) -> serializers.RegexField:
    """A number of the institution's own."""
    return serializers.RegexField(_NUMBER, max_length=32, help_text=help_text, **more)


def on_calendar(moment: datetime) -> None:
    """Refuse what some systems write for "never", and what cannot be kept."""
    if not clock.is_on_calendar(moment):
        raise serializers.ValidationError("out of range")


class HospitalBillItem(serializers.Serializer[Any]):
    """One line of a bill; the amount is of the whole line."""

    title = serializers.CharField(max_length=100)
    amount_fen = serializers.IntegerField(min_value=0, max_value=MOST_FEN)
    category = serializers.ChoiceField(choices=[each.value for each in Category], default="other")
    quantity = serializers.IntegerField(min_value=1, max_value=10_000, default=1)


class _Patient(serializers.Serializer[Any]):
    """A patient, by the card or by the institution's own number."""

    health_card_id = serializers.CharField(max_length=64, required=False)
    patient_id = serializers.CharField(
        max_length=64, required=False, help_text="The institution's own number; instead of the card's."
    )


class HospitalBillRequest(_Patient):
    """What a patient owes."""

    bill_no = number("The institution's own number of the bill.")
    kind = serializers.ChoiceField(choices=["bill", "prescription"], default="bill")
    items = serializers.ListField(child=HospitalBillItem(), min_length=1, max_length=100)
    total_fen = serializers.IntegerField(
        min_value=1, max_value=MOST_FEN, help_text="The sum of the items; compared."
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, validators=[on_calendar], help_text="Until when it can be paid."
    )
    reduction_fen = serializers.IntegerField(
        min_value=0, max_value=MOST_FEN, default=0, help_text="What you take off the total."
    )
    insurance = serializers.JSONField(
        required=False,
        help_text="What a public insurance needs to pay a part; the member `insurance` of the event "
        "`bill.charged`.",
    )


class HospitalBillQuery(_Patient):
    """Which bills: of a patient, or of a number."""

    bill_no = number("The institution's own number.", required=False)
    number = serializers.RegexField(
        r"^\d{12}$", required=False, help_text="The twelve digits that the resident reads out."
    )
    state = serializers.ChoiceField(
        choices=[each.value for each in BillState], required=False, help_text="`open` is what is due."
    )
    cursor = serializers.CharField(max_length=26, required=False, help_text="`next_cursor` of the last page.")


class HospitalBillPart(serializers.Serializer[Any]):
    """One part by which a bill was paid."""

    kind = serializers.CharField(
        help_text="`own`, `fund` and `account` of an insurance, `prepaid` of a balance, `reduction` by you."
    )
    provider = serializers.CharField()
    amount_fen = serializers.IntegerField()
    channel_ref = serializers.CharField(allow_blank=True, help_text="The channel's own number.")


class HospitalRefund(serializers.Serializer[Any]):
    """Money on its way back."""

    refund_id = serializers.CharField()
    refund_no = serializers.CharField(allow_blank=True, help_text="The institution's own number.")
    amount_fen = serializers.IntegerField()
    state = serializers.CharField(help_text="`due`, `sent`, `paid` or `abnormal`.")
    reason = serializers.CharField(help_text="`hospital`, `unposted`, `staff`, `late` and others.")
    provider = serializers.CharField()
    channel_ref = serializers.CharField(allow_blank=True)
    failure = serializers.CharField(allow_blank=True, help_text="The channel's code, where it failed.")
    opened_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class HospitalRefunds(serializers.Serializer[Any]):
    """The refunds of a bill, or of one number."""

    refunds = HospitalRefund(many=True)


class HospitalBill(serializers.Serializer[Any]):
    """A bill with everything that the institution's books need of it."""

    bill_id = serializers.CharField()
    number = serializers.CharField(help_text="Twelve digits that the resident sees.")
    bill_no = serializers.CharField(allow_blank=True)
    patient_id = serializers.CharField(allow_blank=True)
    state = serializers.CharField(help_text="`open`, `paid`, `expired` or `cancelled`.")
    total_fen = serializers.IntegerField()
    reduction_fen = serializers.IntegerField(help_text="What you took off it.")
    due_fen = serializers.IntegerField(help_text="What is to be paid: the total without the reduction.")
    captured_fen = serializers.IntegerField(help_text="What arrived in all.")
    refund_fen = serializers.IntegerField(help_text="What of it goes back, or went.")
    refunded_fen = serializers.IntegerField(help_text="What of that has gone back.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)
    receipt_no = serializers.CharField(allow_blank=True, help_text="The institution's own receipt.")
    payment_id = serializers.CharField(allow_blank=True, help_text="By which it was paid.")
    posting = serializers.CharField(
        allow_blank=True,
        help_text="`waiting`, `held`, `posted`, `returned`, `different`, `cleared` or `gone`.",
    )
    items = HospitalBillItem(many=True)
    parts = HospitalBillPart(many=True, help_text="Once it is paid; they sum to `total_fen`.")
    refunds = HospitalRefund(many=True)


class HospitalBills(serializers.Serializer[Any]):
    """A page of bills, the latest first."""

    bills = HospitalBill(many=True)
    next_cursor = serializers.CharField(allow_blank=True, help_text="Empty at the end.")


class TillPaymentRequest(serializers.Serializer[Any]):
    """Money that the institution's own till took."""

    receipt_no = number("The institution's own receipt; a repeat names it again.")
    amount_fen = serializers.IntegerField(
        min_value=1, max_value=MOST_FEN, help_text="What was paid: `due_fen` of the bill."
    )


class PostingRequest(serializers.Serializer[Any]):
    """What the institution did with what was paid here."""

    outcome = serializers.ChoiceField(choices=["posted", "refused"])
    receipt_no = number("Where it was posted.", required=False)
    amount_fen = serializers.IntegerField(
        min_value=1,
        max_value=MOST_FEN,
        required=False,
        help_text="What was posted: `total_fen` of the bill; compared.",
    )
    reason = serializers.RegexField(
        r"^[A-Za-z0-9_.:-]+$", max_length=40, required=False, help_text="Your code of why it was refused."
    )


class CounterPaymentRequest(serializers.Serializer[Any]):
    """How the payer pays at the counter."""

    way = serializers.ChoiceField(
        choices=["scanned", "scans"], help_text="`scanned`: you scan the payer's code; `scans`: you show one."
    )
    provider = serializers.RegexField(
        r"^[a-z0-9_]+$",
        max_length=16,
        required=False,
        help_text="The channel; found by the code, or the first that the institution offers.",
    )
    auth_code = serializers.RegexField(
        r"^[A-Za-z0-9_-]+$", max_length=64, required=False, help_text="The payer's code, with `scanned`."
    )


class CounterPayment(serializers.Serializer[Any]):
    """A payment at the counter."""

    payment_id = serializers.CharField()
    state = serializers.CharField(help_text="`planned`, `paying`, `settled`, `undoing` or `undone`.")
    provider = serializers.CharField()
    way = serializers.CharField()
    total_fen = serializers.IntegerField(help_text="Of the bill.")
    amount_fen = serializers.IntegerField(help_text="What the payer pays in this way.")
    code = serializers.CharField(allow_blank=True, help_text="Draw it as a QR code; empty until it is there.")
    failure = serializers.CharField(allow_blank=True)
    over = serializers.BooleanField(help_text="Whether nothing is waited for any more.")


class HospitalRefundRequest(serializers.Serializer[Any]):
    """What is to go back, or went back at the institution's till."""

    refund_no = number("The institution's own number; it stands for one refund.")
    amount_fen = serializers.IntegerField(
        min_value=1,
        max_value=MOST_FEN,
        required=False,
        help_text="All that is left, if not said.",
    )
    refunded_by = serializers.ChoiceField(
        choices=["platform", "hospital"], default="platform", help_text="`hospital`: your till gave it back."
    )


class StatementFile(serializers.Serializer[Any]):
    """Our statement of a day."""

    day = serializers.DateField()
    digest = serializers.CharField(help_text="SHA-256 of the content in UTF-8, in hex.")
    content = serializers.CharField(help_text="CSV with a byte order mark; amounts in yuan.")


class StatementHandedIn(serializers.Serializer[Any]):
    """The institution's own statement of a day."""

    day = serializers.DateField()
    content = serializers.CharField(max_length=1_000_000, trim_whitespace=False, help_text="CSV.")


class StatementTaken(serializers.Serializer[Any]):
    """The version that counts from now on."""

    statement_id = serializers.CharField()
    day = serializers.DateField()
