"""Shapes of bills, as the published schema describes them."""

from typing import Any

from rest_framework import serializers


class Line(serializers.Serializer[Any]):
    """One line; ``title`` is only the category where the account may not read what was done."""

    title = serializers.CharField()
    category = serializers.CharField()
    quantity = serializers.IntegerField()
    amount_fen = serializers.IntegerField()


class Refund(serializers.Serializer[Any]):
    """Money on its way back."""

    refund_id = serializers.CharField()
    amount_fen = serializers.IntegerField()
    state = serializers.CharField(help_text="due, sent, abnormal or paid.")
    reason = serializers.CharField(help_text="In words.")
    part = serializers.CharField(help_text="Of which part, in words; empty where there was one.")
    way = serializers.CharField(help_text="How it goes back, in words.")
    at_window = serializers.BooleanField(help_text="Whether it is fetched at the window.")
    opened_at = serializers.DateTimeField()
    usual_by = serializers.DateField(
        allow_null=True, help_text="By when it is usually there; null where it is fetched, stuck or there."
    )
    ended_at = serializers.DateTimeField(allow_null=True)


class Leg(serializers.Serializer[Any]):
    """One part of what was paid."""

    kind = serializers.CharField(help_text="own, and kinds of insurance and balance.")
    label = serializers.CharField(help_text="The kind in words.")  # type: ignore[assignment]
    way = serializers.CharField(help_text="How it was paid, in words.")
    amount_fen = serializers.IntegerField()
    refunded_fen = serializers.IntegerField(help_text="What of it has gone back.")


class Section(serializers.Serializer[Any]):
    """What the lines of one category come to."""

    category = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    amount_fen = serializers.IntegerField()


class Invoice(serializers.Serializer[Any]):
    """An electronic invoice."""

    invoice_id = serializers.CharField()
    code = serializers.CharField()
    number = serializers.CharField()
    check_code = serializers.CharField()
    amount_fen = serializers.IntegerField()
    issued_at = serializers.DateTimeField()
    reversed_at = serializers.DateTimeField(allow_null=True, help_text="When it was taken back.")
    has_document = serializers.BooleanField(help_text="Whether its PDF is here.")


class Sums(serializers.Serializer[Any]):
    """What all bills of the list come to, those of its other pages too."""

    to_pay_fen = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    refunded_fen = serializers.IntegerField()


class FeeHospital(serializers.Serializer[Any]):
    """A hospital that charged."""

    hospital = serializers.CharField()
    name = serializers.CharField()


class Bill(serializers.Serializer[Any]):
    """A bill."""

    bill_id = serializers.CharField()
    number = serializers.CharField(help_text="Twelve digits, read out or scanned at the window.")
    institution = serializers.CharField()
    person_id = serializers.CharField()
    state = serializers.CharField(help_text="open, paid, expired or cancelled.")
    total_fen = serializers.IntegerField()
    reduction_fen = serializers.IntegerField(help_text="What the hospital takes off it.")
    due_fen = serializers.IntegerField(help_text="What is to be paid: the total without the reduction.")
    refund_fen = serializers.IntegerField(help_text="What of the money that was paid goes back, or went.")
    refunded_fen = serializers.IntegerField(help_text="What of that has gone back.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)


class WholeBill(Bill):
    """A bill with its lines."""

    lines = Line(many=True)
    sections = Section(many=True)
    invoices = Invoice(many=True, help_text="Only for an account that may read what was done.")
    legs = Leg(many=True, help_text="The parts in which it was paid.")
    refunds = Refund(many=True)
    paid_by = serializers.CharField(help_text="In words; empty while it is not paid.")
    received_fen = serializers.IntegerField(allow_null=True)
    receipt = serializers.CharField(help_text="The hospital's own number of its receipt.")
    paid_for_by = serializers.CharField(help_text="Who paid, masked, where that was not the person.")


class Bills(serializers.Serializer[Any]):
    """A page of bills."""

    bills = Bill(many=True)
    older = serializers.CharField(help_text="Give it as `before` for the next page; empty at the end.")
    sums = Sums(required=False)
    years = serializers.ListField(child=serializers.IntegerField(), required=False)
    hospitals = FeeHospital(many=True, required=False)


class WayToPay(serializers.Serializer[Any]):
    """One way to pay a bill."""

    provider = serializers.CharField(help_text="The channel, for `beginPayment`.")
    label = serializers.CharField(help_text="In words.")  # type: ignore[assignment]
    way = serializers.CharField(
        help_text="in_weixin, mini_program, in_alipay, browser, scans or scanned: how the payer comes to it."
    )


class Ways(serializers.Serializer[Any]):
    """How a bill can be paid now."""

    ways = WayToPay(many=True)
    balance_fen = serializers.IntegerField(help_text="What a balance can pay of it, for `balance_fen`.")


class PaymentRequest(serializers.Serializer[Any]):
    """One of the ways that are offered; none where the balance pays everything."""

    provider = serializers.CharField(max_length=16, required=False, default="", allow_blank=True)
    way = serializers.CharField(max_length=16, required=False, default="", allow_blank=True)
    balance_fen = serializers.IntegerField(
        min_value=1, required=False, help_text="Taken of the person's balance at once; the rest by the way."
    )


class Payment(serializers.Serializer[Any]):
    """An online payment."""

    payment_id = serializers.CharField()
    state = serializers.CharField(help_text="planned, paying, settled, undoing or undone.")
    total_fen = serializers.IntegerField()
    way = serializers.CharField()
    launch = serializers.JSONField(
        allow_null=True,
        help_text="Null until the channel has answered. `kind`: call (`fields` for its own script), "
        "redirect (`url`), code (`text` of a QR code) or none.",
    )
    over = serializers.BooleanField(help_text="Whether nothing is waited for any more.")
