"""Stopping a way of issuing, for tests."""

from cards.services.channels import switch_channel
from cards.states import Channel
from tests.cards.holding import CENTRE


def stop(channel: Channel) -> None:
    switch_channel(channel=channel, is_open=False, reason="检修", actor=CENTRE)
