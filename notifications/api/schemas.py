"""Bodies of the resident API about messages and live notices."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class MessageFact(serializers.Serializer[None]):
    """Something that the message is about in particular."""

    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField()


class Message(serializers.Serializer[None]):
    """A message in the caller's language (``Accept-Language``)."""

    id = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    link = serializers.CharField(help_text="Path of the page that it leads to; empty if none.")
    action = serializers.CharField()
    who = serializers.CharField(
        help_text="Masked name of whom it is about, if that is somebody else than the reader."
    )
    institution = serializers.CharField(help_text="Name of the hospital that it is about.")
    created_at = serializers.DateTimeField()
    is_read = serializers.BooleanField()
    facts = MessageFact(
        many=True, help_text="Person, hospital, department, doctor, time; where one is opened."
    )


class MessageChoice(serializers.Serializer[None]):
    """Something by which the inbox can be narrowed."""

    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    unread = serializers.IntegerField()


class MessagePage(serializers.Serializer[None]):
    """Some messages, the newest first."""

    messages = Message(many=True)
    next_cursor = serializers.CharField(help_text="For ``cursor`` of the next call; empty at the end.")
    unread = serializers.IntegerField(help_text="Of the whole inbox.")
    persons = MessageChoice(many=True)
    institutions = MessageChoice(many=True)


class LiveChange(serializers.Serializer[None]):
    """Something changed; read it again under its own address."""

    kind = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]


class LiveChanges(serializers.Serializer[None]):
    """What changed, the oldest first."""

    cursor = serializers.CharField(help_text="For ``since`` of the next call.")
    changes = LiveChange(many=True)


class LiveTicket(serializers.Serializer[None]):
    """The way to the socket."""

    ticket = serializers.CharField(
        help_text='First message on the socket: `{"ticket": ...}`. Single use, 60 s.'
    )
    url = serializers.CharField()


class MessageTopic(serializers.Serializer[None]):
    """How the account hears of a topic, beside the inbox."""

    topic = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    weixin = serializers.BooleanField()
    sms = serializers.BooleanField()
    has_sms = serializers.BooleanField(help_text="Whether the topic ever goes by SMS.")
    is_fixed = serializers.BooleanField(help_text="Whether it cannot be switched off.")


class MessageTopicRequest(serializers.Serializer[None]):
    """What is wanted of a topic; a way that is left out stays as it is."""

    topic = serializers.CharField(max_length=10)
    weixin = serializers.BooleanField(required=False)
    sms = serializers.BooleanField(required=False)


@extend_schema_field({"type": "string", "pattern": r"^\d{2}:\d{2}$", "example": "22:00"})
class ClockField(serializers.TimeField):
    """Hours and minutes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)


class QuietHours(serializers.Serializer[None]):
    """From when until when, on a clock in Beijing."""

    is_on = serializers.BooleanField()
    starts = ClockField()
    ends = ClockField()


class Reachable(serializers.Serializer[None]):
    """By what the account can be reached."""

    weixin = serializers.BooleanField()
    sms = serializers.BooleanField()


class MessageSettings(serializers.Serializer[None]):
    """What the account wants to be told, how and when."""

    topics = MessageTopic(many=True)
    quiet_hours = QuietHours()
    reachable = Reachable()


class TriedWay(serializers.Serializer[None]):
    """One way of a test message."""

    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.CharField()
    state_label = serializers.CharField()
    error = serializers.CharField(help_text="The carrier's own code.")
    at = serializers.DateTimeField()
    reference = serializers.CharField(help_text="For the hotline.")


class TestMessage(serializers.Serializer[None]):
    """A message to oneself, and what became of it."""

    message = serializers.CharField(help_text="Empty if there was none.")
    ways = TriedWay(many=True)


class MessageTemplate(serializers.Serializer[None]):
    """A template for which the mini-program may ask."""

    template = serializers.CharField()
    topic = serializers.CharField()
    left = serializers.IntegerField(help_text="Messages that are allowed and not sent yet.")
    is_permanent = serializers.BooleanField()
    is_refused = serializers.BooleanField(help_text="The resident said no: ask only where they ask for it.")


class MessageTemplates(serializers.Serializer[None]):
    """The mini-program's templates."""

    templates = MessageTemplate(many=True)
