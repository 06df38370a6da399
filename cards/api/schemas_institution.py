"""Shapes of the native institution API, as the published schema describes them."""

from typing import Any

from rest_framework import serializers

from cards.models.usage import UseKind
from cards.rules.codes import MAX_CHARACTERS
from cards.rules.policy import CodeKind
from cards.states import CardState

_SCENE = r"^[0-9]{6,7}$"

MINTABLE = [CodeKind.DYNAMIC.value, CodeKind.STATIC.value]


class Time(serializers.Serializer[Any]):
    """The server's clock, to set one's own by."""

    server_time = serializers.IntegerField(help_text="Unix seconds.")
    beijing_time = serializers.DateTimeField()


class Person(serializers.Serializer[Any]):
    """The holder. Masked unless the client has card:read_full; what a mask leaves nothing of is null."""

    name = serializers.CharField()
    id_type = serializers.CharField(
        allow_null=True, help_text="Certificate type, for example 01; null for a person without papers."
    )
    id_number = serializers.CharField(allow_null=True)
    gender = serializers.CharField(allow_blank=True, help_text="GB/T 2261.1.")
    nation = serializers.CharField(allow_null=True, help_text="GB/T 3304.")
    birthday = serializers.DateField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    address = serializers.CharField(allow_null=True)


class RegisterRequest(serializers.Serializer[Any]):
    """A person whom the institution has in front of it."""

    name = serializers.CharField(max_length=80)
    id_type = serializers.CharField(max_length=2)
    id_number = serializers.CharField(max_length=40)
    gender = serializers.ChoiceField(choices=["0", "1", "2", "9"], required=False, default="")
    birth_date = serializers.DateField(required=False, allow_null=True, default=None)
    nation = serializers.CharField(max_length=2, required=False, allow_blank=True, default="")
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    address = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    patient_id = serializers.CharField(
        max_length=64,
        required=False,
        allow_blank=True,
        default="",
        help_text="The institution's own number for the person.",
    )


class Card(serializers.Serializer[Any]):
    """A card. The person is null while the card is not active."""

    health_card_id = serializers.CharField(help_text="电子健康卡ID, 64 hexadecimal digits.")
    superseded_by = serializers.CharField(
        allow_null=True,
        help_text="The card's number now, where name or certificate changed; both resolve.",
    )
    main_index = serializers.CharField(allow_null=True, help_text="主索引ID; needs card:read_full.")
    state = serializers.ChoiceField(choices=CardState.choices)
    static_code = serializers.CharField(
        allow_null=True,
        help_text="Text of the static code, if it is allowed; ``<number>:9`` of a temporary card.",
    )
    valid_until = serializers.DateTimeField(allow_null=True, help_text="The deadline of a temporary card.")
    masked = serializers.BooleanField()
    person = Person(allow_null=True)


class RegisteredCard(Card):
    """The card of a registered person."""

    created = serializers.BooleanField(help_text="Whether this call issued the card.")


class MintRequest(serializers.Serializer[Any]):
    """Which code is wanted."""

    code_kind = serializers.ChoiceField(
        choices=MINTABLE,
        required=False,
        default=CodeKind.DYNAMIC.value,
    )


class MintedCode(serializers.Serializer[Any]):
    """A code; a static one has no window."""

    code = serializers.CharField()
    code_kind = serializers.ChoiceField(choices=MINTABLE)
    valid_from = serializers.DateTimeField(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True)
    image = serializers.CharField(help_text="The code as SVG.")


class _Use(serializers.Serializer[Any]):
    scene = serializers.RegexField(_SCENE, help_text="Step of care (用卡环节).")
    department = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    channel = serializers.CharField(max_length=4, required=False, allow_blank=True, default="")
    card_type = serializers.CharField(max_length=2, required=False, allow_blank=True, default="")
    cost_type = serializers.CharField(max_length=4, required=False, allow_blank=True, default="")
    use_city = serializers.CharField(max_length=12, required=False, allow_blank=True, default="")
    branch = serializers.CharField(max_length=22, required=False, allow_blank=True, default="")
    occurred_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The caller's clock; recorded, never trusted.",
    )


class VerifyRequest(_Use):
    """A scanned code, and what it was scanned for."""

    code = serializers.CharField(max_length=MAX_CHARACTERS, help_text="The text as the scanner gave it.")
    terminal_id = serializers.CharField(max_length=32)
    request_id = serializers.CharField(
        max_length=64,
        required=False,
        help_text="The same at every repetition; the header Idempotency-Key goes before it.",
    )


class Verification(serializers.Serializer[Any]):
    """Who is behind the code."""

    usage_id = serializers.CharField()
    verified_at = serializers.DateTimeField()
    code_kind = serializers.ChoiceField(
        choices=[CodeKind.DYNAMIC.value, CodeKind.STATIC.value, CodeKind.TEMPORARY.value]
    )
    document_required = serializers.BooleanField(
        help_text="Whether the policy asks for a document to be shown besides the code."
    )
    replayed = serializers.BooleanField(help_text="Whether this is the stored answer of an earlier try.")
    masked = serializers.BooleanField()
    health_card_id = serializers.CharField()
    main_index = serializers.CharField(allow_null=True)
    person = Person()
    issuer = serializers.CharField(
        required=False, help_text="EHCAPPID of the issuing centre, where that is not this one."
    )
    answered_by = serializers.CharField(
        required=False, help_text="EHCAPPID of the centre that verified a code of another centre."
    )


class UsageRequest(_Use):
    """A use that has happened: by a code inside its scan session, or by the card alone."""

    code = serializers.CharField(max_length=MAX_CHARACTERS, required=False)
    health_card_id = serializers.CharField(max_length=64, required=False)
    terminal_id = serializers.CharField(max_length=32, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require one of the two ways to name the card."""
        if ("code" in attrs) == ("health_card_id" in attrs):
            raise serializers.ValidationError({"code": "Give either code or health_card_id."})
        return attrs


class RecordedUse(serializers.Serializer[Any]):
    """A recorded use."""

    usage_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=UseKind.choices)
    recorded_at = serializers.DateTimeField()


class Problem(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    next_step = serializers.CharField()
    trace_id = serializers.CharField()
    field = serializers.CharField(required=False)
