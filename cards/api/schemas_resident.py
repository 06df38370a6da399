"""Shapes of the resident API about cards."""

from typing import Any

from rest_framework import serializers

from cards.rules.life import CardMove
from cards.rules.reasons import LOSS_REASONS
from cards.states import ApplicationState, CardState, ProofKind
from identity.types import EndReason, InvitationState, Relation

INVITED = [choice for choice in Relation.choices if choice[0] != Relation.SELF]


class ApplicationRequest(serializers.Serializer[Any]):
    """All answers of an application at once."""

    id_type = serializers.CharField(max_length=2, help_text="Certificate type, for example 01.")
    id_number = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80)
    birth_date = serializers.DateField(required=False, allow_null=True, default=None)
    gender = serializers.ChoiceField(choices=["1", "2", "9"], required=False, default="", allow_blank=True)
    nation = serializers.CharField(max_length=2, required=False, default="01", help_text="GB/T 3304.")
    phone = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)


class Application(serializers.Serializer[Any]):
    """Where an application stands. The answers are not given back."""

    id = serializers.CharField(
        allow_blank=True, help_text="Empty where the card came another way, such as a window."
    )
    state = serializers.ChoiceField(choices=ApplicationState.choices)
    submitted_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was refused, where a person said so.")
    card = serializers.CharField(allow_null=True, help_text="Public id of the card once it is issued.")


class CardAnswer(serializers.Serializer[Any]):
    """The resident's card, masked."""

    id = serializers.CharField()
    state = serializers.ChoiceField(choices=CardState.choices)
    holder = serializers.CharField(help_text="Masked name.")
    number = serializers.CharField(help_text="Masked certificate number.")
    issuer = serializers.CharField()
    tint = serializers.IntegerField(min_value=1, max_value=5)
    static_code_enabled = serializers.BooleanField()
    issued_at = serializers.DateTimeField()
    moves = serializers.ListField(
        child=serializers.ChoiceField(choices=[move.value for move in CardMove]),
        help_text="What the holder can do to the card now.",
    )


class WindowCode(serializers.Serializer[Any]):
    """A code and the window in which it is accepted."""

    text = serializers.CharField()
    svg = serializers.CharField()
    valid_from = serializers.IntegerField(help_text="Milliseconds since 1970.")
    valid_until = serializers.IntegerField(help_text="Milliseconds since 1970.")


class StaticCode(serializers.Serializer[Any]):
    """The code that does not change."""

    text = serializers.CharField()
    svg = serializers.CharField()


class Codes(serializers.Serializer[Any]):
    """The code for now and those for the coming windows."""

    server_time = serializers.IntegerField(help_text="Milliseconds since 1970.")
    refresh_seconds = serializers.IntegerField()
    codes = WindowCode(many=True)
    static = StaticCode(allow_null=True)


class StaticSwitch(serializers.Serializer[Any]):
    """Whether the static code is shown and accepted."""

    enabled = serializers.BooleanField()


class LossReport(serializers.Serializer[Any]):
    """Why the card is reported lost."""

    reason = serializers.ChoiceField(choices=list(LOSS_REASONS))


class CertificateProof(serializers.Serializer[Any]):
    """What whoever has found the phone does not know."""

    certificate = serializers.CharField(
        max_length=40, help_text="The whole number of the holder's certificate; five wrong ones a day."
    )


class HistoryEntry(serializers.Serializer[Any]):
    """One thing that was done to the card or to the particulars."""

    action = serializers.CharField(help_text="For example card.frozen.")
    at = serializers.DateTimeField()
    what = serializers.CharField()
    who = serializers.CharField()
    why = serializers.CharField(allow_blank=True)


class HistoryAnswer(serializers.Serializer[Any]):
    """A page of the history, the newest first."""

    entries = HistoryEntry(many=True)
    next_page = serializers.IntegerField(allow_null=True)


class ParticularsAnswer(serializers.Serializer[Any]):
    """The holder's particulars, masked."""

    name = serializers.CharField()
    id_type = serializers.CharField()
    id_number = serializers.CharField()
    phone = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    nation = serializers.CharField(allow_blank=True, help_text="GB/T 3304.")


class ParticularsChange(serializers.Serializer[Any]):
    """What holders change by themselves; another phone needs assurance level 2."""

    phone = serializers.CharField(max_length=30, required=False)
    address = serializers.CharField(max_length=200, required=False)
    nation = serializers.CharField(max_length=2, required=False)


class Relative(serializers.Serializer[Any]):
    """Somebody whom the account holds. The name is given in full: whose code it is must be seen."""

    person_id = serializers.CharField()
    relation = serializers.ChoiceField(choices=Relation.choices)
    name = serializers.CharField()
    tint = serializers.IntegerField(min_value=1, max_value=5, help_text="No two alike up to five people.")
    card = CardAnswer(allow_null=True)


class GuardianOfMine(serializers.Serializer[Any]):
    """An account that may act for the resident."""

    holding_id = serializers.CharField()
    name = serializers.CharField(help_text="Masked.")
    relation = serializers.ChoiceField(choices=Relation.choices)
    since = serializers.DateTimeField()


class EndedHold(serializers.Serializer[Any]):
    """Somebody whom the account held until lately."""

    relation = serializers.ChoiceField(choices=Relation.choices)
    reason = serializers.CharField(help_text="In the caller's language (``Accept-Language``).")
    at = serializers.DateTimeField()


class Family(serializers.Serializer[Any]):
    """Whom the account holds, and who holds its own person."""

    relatives = Relative(many=True)
    guardians = GuardianOfMine(many=True)
    ended = EndedHold(many=True, help_text="Of the last 60 days, the newest first.")
    may_add = serializers.BooleanField(help_text="Whether the account is sure enough to hold others.")


class ChildRequest(ApplicationRequest):
    """All answers for a child at once."""

    proof_kind = serializers.ChoiceField(choices=ProofKind.choices)
    proof_number = serializers.CharField(max_length=40)


class InvitationRequest(serializers.Serializer[Any]):
    """An adult whose consent is wanted."""

    relation = serializers.ChoiceField(choices=INVITED)
    id_type = serializers.CharField(max_length=2)
    id_number = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80)


class InvitationAnswer(serializers.Serializer[Any]):
    """An invitation; the same whether or not anybody can answer it."""

    id = serializers.CharField()
    relation = serializers.ChoiceField(choices=Relation.choices)
    state = serializers.ChoiceField(choices=InvitationState.choices)
    expires_at = serializers.DateTimeField()
    inviter = serializers.CharField(allow_blank=True, help_text="Masked; told to the invited person only.")


class FamilyCode(serializers.Serializer[Any]):
    """The code that was sent to the invited person's phone."""

    code = serializers.CharField(max_length=10)


class Ending(serializers.Serializer[Any]):
    """Why a hold ends; which reasons are allowed depends on the side."""

    reason = serializers.ChoiceField(choices=EndReason.choices)


class CardAct(serializers.Serializer[Any]):
    """What to do to a relative's card."""

    act = serializers.ChoiceField(choices=["freeze", "unfreeze", "report_loss", "withdraw_loss", "reissue"])
    reason = serializers.ChoiceField(
        choices=list(LOSS_REASONS), required=False, default="", allow_blank=True, help_text="Of a loss."
    )
    certificate = serializers.CharField(
        max_length=40,
        required=False,
        default="",
        allow_blank=True,
        help_text="The whole number of the guardian's own certificate, for withdraw_loss and reissue.",
    )
