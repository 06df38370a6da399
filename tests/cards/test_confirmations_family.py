"""Confirmations for those whom an account holds: a child's guardian answers, an elder's does not."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cards import confirmations
from cards.models import Card, Confirmation
from cards.services.confirmations import ask_for_confirmation
from foundation.audit.models import AuditEntry
from foundation.events.relay import run_once
from foundation.gateway.caller import actor_of_caller
from notifications.models import Message
from tests.accounts.people import signed_in
from tests.cards import world
from tests.cards.families import child_of, guardian
from tests.cards.test_wards import elder_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sandbox"),
    pytest.mark.row("ID-16"),
    pytest.mark.row("ID-10"),
]
DAY = int(timedelta(days=1).total_seconds() // 60)


def asked(person_id: str) -> Confirmation:
    """A hospital asks somebody."""
    return ask_for_confirmation(
        card=Card.objects.get(subject=person_id),
        title="随访同意书",
        text="同意医院每年电话联系一次。",
        valid_minutes=DAY,
        actor=actor_of_caller(world.hospital(short_name="东区医院").caller),
    )


def test_a_guardian_answers_for_a_child_under_the_childs_name_and_the_record_says_so(client: Client) -> None:
    who = guardian()
    child = child_of(who)
    row = asked(child)
    signed_in(client, who.account)
    assert "东区医院 · 测小宝" in client.get(reverse("confirmations")).content.decode()
    address = reverse("confirmation", args=[row.public_id])
    assert 'class="whose whose-' in client.get(address).content.decode()
    client.post(address, {"answer": "agree"})
    shown = confirmations.shown_to_holder(account_pk=who.account.pk, public_id=row.public_id)
    assert shown.receipt is not None
    assert shown.state == "agreed"
    entry = AuditEntry.objects.get(action="confirmation.answered")
    assert (entry.actor_id, entry.on_behalf_of) == (who.account.public_id, child)


def test_whoever_looks_after_an_elder_neither_reads_nor_signs_what_the_elder_is_asked(
    client: Client,
) -> None:
    who = guardian()
    elder, person_id = elder_of(who)
    row = asked(person_id)
    run_once()
    told = set(Message.objects.filter(kind="confirmation.asked").values_list("account", flat=True))
    assert told == {elder.account.pk}
    signed_in(client, who.account)
    address = reverse("confirmation", args=[row.public_id])
    assert client.get(address).status_code == 404
    assert client.post(address, {"answer": "agree"}).status_code == 404
    assert Confirmation.objects.get().state == "waiting"
    assert "随访同意书" not in client.get(reverse("confirmations")).content.decode()
    signed_in(client, elder.account)
    assert client.post(address, {"answer": "agree"}).status_code == 302
