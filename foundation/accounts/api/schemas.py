"""Bodies of the resident API about sessions and the own account."""

from rest_framework import serializers


class PhoneCodeRequest(serializers.Serializer[None]):
    """Ask for a code."""

    phone = serializers.CharField(max_length=20, help_text="Mobile number of mainland China.")


class PhoneProof(serializers.Serializer[None]):
    """A phone, and the code that was sent to it."""

    phone = serializers.CharField(max_length=20)
    code = serializers.CharField(max_length=12, help_text="The six digits of the message.")


class PhoneSignIn(serializers.Serializer[None]):
    """Sign in by a code."""

    phone = serializers.CharField(max_length=20)
    code = serializers.CharField(max_length=12, help_text="The six digits of the message.")
    device = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        help_text="``device`` of an earlier answer, if there is one.",
    )


class WeixinSignIn(serializers.Serializer[None]):
    """Sign in by the mini-program."""

    code = serializers.CharField(max_length=200, help_text="From ``wx.login``; single use, five minutes.")
    phone_code = serializers.CharField(
        max_length=200,
        required=False,
        default="",
        help_text="From the phone-number button; ties the account to that number.",
    )
    device = serializers.CharField(max_length=100, required=False, default="")


class SecondProof(serializers.Serializer[None]):
    """Answer the question after a long silence."""

    answer = serializers.CharField(
        max_length=8, help_text="Last four characters of the holder's certificate number."
    )
    device = serializers.CharField(max_length=100, required=False, default="")


class Session(serializers.Serializer[None]):
    """A session that was begun."""

    session_token = serializers.CharField(help_text="To be sent as ``X-Session-Token``.")
    device = serializers.CharField(help_text="To be kept, and sent at the next sign-in.")
    needs_second_proof = serializers.BooleanField(
        help_text="If true, only ``sessions/second-proof`` may be called."
    )
    account_id = serializers.CharField()


class Device(serializers.Serializer[None]):
    """The word of a device that passed the second proof."""

    device = serializers.CharField()


class OpenSession(serializers.Serializer[None]):
    """A place where the account is signed in."""

    id = serializers.CharField(help_text="Names the session; opens nothing.")
    device = serializers.CharField()
    last_seen_at = serializers.DateTimeField()
    is_current = serializers.BooleanField()


class OpenSessions(serializers.Serializer[None]):
    """Every place."""

    sessions = OpenSession(many=True)


class Method(serializers.Serializer[None]):
    """A way to sign in."""

    kind = serializers.CharField()
    shown = serializers.CharField(help_text="The masked number; empty for WeChat.")
    last_used_at = serializers.DateTimeField()


class Me(serializers.Serializer[None]):
    """The account that is signed in."""

    account_id = serializers.CharField()
    phone = serializers.CharField(help_text="Masked; empty if the account has none.")
    language = serializers.CharField()
    care_mode = serializers.BooleanField()
    methods = Method(many=True)


class Preferences(serializers.Serializer[None]):
    """What the person likes; fields left out stay as they are."""

    language = serializers.ChoiceField(choices=["zh-hans", "en"], required=False)
    care_mode = serializers.BooleanField(required=False)
