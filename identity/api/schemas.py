"""Bodies of the resident API about consent."""

from rest_framework import serializers

from identity.types import ConsentKind

KINDS = [kind.value for kind in ConsentKind]


class PastConsent(serializers.Serializer[None]):
    """What the person agreed to once."""

    kind = serializers.ChoiceField(choices=KINDS)
    version = serializers.CharField()
    channel = serializers.CharField()
    given_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class ConsentState(serializers.Serializer[None]):
    """The notice in force, and what is still to be agreed to."""

    version = serializers.CharField(help_text="Version of the notice, to be sent back with the consent.")
    text = serializers.CharField(
        help_text="The notice in the language of the call; paragraphs by line breaks."
    )
    needed = serializers.ListField(child=serializers.ChoiceField(choices=KINDS))
    given = PastConsent(many=True, help_text="The latest first, also what was taken back.")


class ConsentGiven(serializers.Serializer[None]):
    """What the person ticked after reading this version."""

    version = serializers.CharField(max_length=20)
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=KINDS), min_length=1, max_length=2)


class ConsentWithdrawal(serializers.Serializer[None]):
    """What the person no longer agrees to."""

    kind = serializers.ChoiceField(choices=KINDS)
