"""Bodies of the resident API about one's own data."""

from rest_framework import serializers

from identity.types import Relation
from privacy.selectors import LEFT_OUT


class Look(serializers.Serializer[None]):
    """One look at somebody's data, in the caller's language (``Accept-Language``)."""

    who = serializers.CharField(help_text="The institution by name, or the card centre.")
    what = serializers.CharField()
    purpose = serializers.CharField(
        help_text="The step of care, or what a record was read for; empty where it was not told."
    )
    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="The reader by name, where a record was read; else empty.")


class Looks(serializers.Serializer[None]):
    """Some looks, the latest first."""

    looks = Look(many=True)
    older = serializers.CharField(help_text="Give it as `before` for the next page; empty at the end.")
    is_whole = serializers.BooleanField(
        help_text="Whether readings of records and bills are among them: from level 2 on, and not for "
        "another adult."
    )


class CopyPart(serializers.Serializer[None]):
    """What the copy tells of one person."""

    relation = serializers.ChoiceField(choices=Relation.choices)
    left_out = serializers.ChoiceField(
        choices=LEFT_OUT,
        allow_blank=True,
        help_text="Why particulars, cards and looks are left out; empty where they are there. "
        "`level_too_low`: a window can prove who the holder is.",
    )


class CopyContents(serializers.Serializer[None]):
    """What a copy would hold if it was made now."""

    persons = CopyPart(many=True)
    records_open = serializers.BooleanField(
        help_text="Whether it would hold what reports and visits say; else only that there are some."
    )


class Copy(serializers.Serializer[None]):
    """Everything that is kept of the resident, in full; times in ISO 8601."""

    made_at = serializers.DateTimeField()
    account = serializers.DictField()
    consents = serializers.ListField(child=serializers.DictField())
    persons = serializers.ListField(child=serializers.DictField())
    applications = serializers.ListField(child=serializers.DictField())
    messages = serializers.ListField(child=serializers.DictField())
    sign_ins_elsewhere = serializers.ListField(child=serializers.DictField())


class ClosingAsks(serializers.Serializer[None]):
    """What closing the account asks for."""

    needs_certificate = serializers.BooleanField(
        help_text="Whether a card lives, so that the whole number of the certificate must be given."
    )
    keeps_stopped_card = serializers.BooleanField(
        help_text="Whether staff have stopped the card: it stays stopped, and is not cancelled."
    )


class Closing(serializers.Serializer[None]):
    """That the resident means it."""

    understood = serializers.BooleanField(help_text="That the card is void at once and nothing comes back.")
    certificate = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        default="",
        help_text="The whole number of the holder's certificate; five wrong ones a day.",
    )
