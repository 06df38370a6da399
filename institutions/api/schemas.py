"""What goes in and out of the terminals' calls."""

from typing import Any

from rest_framework import serializers


class TerminalSignInRequest(serializers.Serializer[Any]):
    """Which terminal, and the code that was typed in at it."""

    terminal_id = serializers.CharField(max_length=32)
    activation_code = serializers.CharField(max_length=20)


class TerminalSignedIn(serializers.Serializer[Any]):
    """The token to send as ``EHC-Terminal-Token`` with every verification from this terminal."""

    terminal_token = serializers.CharField()
    valid_until = serializers.DateTimeField()


class TerminalHeartbeatRequest(serializers.Serializer[Any]):
    """Which terminal; its token is in the header."""

    terminal_id = serializers.CharField(max_length=32)


class TerminalAlive(serializers.Serializer[Any]):
    """Until when the terminal stays signed in without being heard of."""

    valid_until = serializers.DateTimeField()
