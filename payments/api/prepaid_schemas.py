"""Shapes of balances, as the published schema describes them."""

from typing import Any

from rest_framework import serializers


class OneBalance(serializers.Serializer[Any]):
    """One balance of a person."""

    account_id = serializers.CharField()
    kind = serializers.CharField(help_text="outpatient (for every hospital) or inpatient (for one stay).")
    state = serializers.CharField(help_text="active, frozen or closed.")
    institution = serializers.CharField(help_text="Of a stay; else empty.")
    visit = serializers.CharField(help_text="The hospital's number of a stay; else empty.")
    balance_fen = serializers.IntegerField()


class PersonBalances(serializers.Serializer[Any]):
    """The balances of one person."""

    person_id = serializers.CharField()
    total_fen = serializers.IntegerField()
    balances = OneBalance(many=True)


class Receiver(serializers.Serializer[Any]):
    """An institution that takes top-ups online."""

    institution = serializers.CharField()
    name = serializers.CharField()


class Balances(serializers.Serializer[Any]):
    """Everybody's balances, and where they can be topped up."""

    people = PersonBalances(many=True)
    receivers = Receiver(many=True)


class Movement(serializers.Serializer[Any]):
    """What moved a balance."""

    movement_id = serializers.CharField()
    kind = serializers.CharField(
        help_text="apply (topped up), capture (paid a bill), refund_paid (a bill's refund), "
        "refund_opened (given back to its source) or refund_withdrawn."
    )
    label = serializers.CharField(help_text="In words.")  # type: ignore[assignment]
    amount_fen = serializers.IntegerField(help_text="Above zero where the balance grew.")
    institution = serializers.CharField()
    bill_id = serializers.CharField()
    at = serializers.DateTimeField()


class Movements(serializers.Serializer[Any]):
    """A page of movements."""

    movements = Movement(many=True)
    older = serializers.CharField(help_text="Give it as `before` for the next page; empty at the end.")


class TopUpRequest(serializers.Serializer[Any]):
    """Where and how much; of a stay its balance."""

    institution = serializers.CharField(max_length=26)
    amount_fen = serializers.IntegerField(min_value=1)
    account_id = serializers.CharField(max_length=26, required=False)


class TopUp(serializers.Serializer[Any]):
    """The bill that tops the balance up once it is paid."""

    bill_id = serializers.CharField()
    number = serializers.CharField()


class PayOutRequest(serializers.Serializer[Any]):
    """How much of a balance goes back; everything without an amount."""

    account_id = serializers.CharField(max_length=26)
    amount_fen = serializers.IntegerField(min_value=1, required=False)


class PayOut(serializers.Serializer[Any]):
    """The refunds that were opened: one for each payment that brought the money."""

    refunds = serializers.ListField(child=serializers.CharField())
