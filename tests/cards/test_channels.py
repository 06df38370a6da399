"""Every way of issuing cards can be stopped alone (ID-19)."""

import pytest

from cards.errors import ChannelStopped
from cards.services import application as applications
from cards.services import channels
from cards.states import Channel
from foundation.audit.models import AuditEntry
from tests.cards.applying import applicant
from tests.cards.holding import CENTRE, card_holder

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-19")]


def stop(channel: Channel) -> None:
    channels.switch_channel(channel=channel, is_open=False, reason="检修", actor=CENTRE)


def test_a_stopped_channel_takes_no_application_and_the_others_do() -> None:
    stop(Channel.H5)
    who = applicant()
    with pytest.raises(ChannelStopped):
        who.draft()
    draft = applications.start_application(
        account_pk=who.account.pk, channel=Channel.WEIXIN_MINI, actor=who.actor
    )
    assert draft.channel == Channel.WEIXIN_MINI


def test_a_draft_that_stands_may_be_finished_after_the_stop() -> None:
    who = applicant()
    draft = who.draft()
    stop(Channel.H5)
    assert who.draft().pk == draft.pk


def test_cards_of_a_stopped_channel_stay_as_they_are() -> None:
    holder = card_holder()
    stop(Channel.H5)
    holder.card.refresh_from_db()
    assert holder.card.state == "active"


def test_a_switch_is_audited_once_with_its_reason() -> None:
    stop(Channel.BANK)
    stop(Channel.BANK)
    entry = AuditEntry.objects.get(action="channel.switched")
    assert (entry.reason, entry.details["after"]) == ("检修", "off")
