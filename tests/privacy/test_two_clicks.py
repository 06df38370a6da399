"""Two clicks on what ends a consent or an account: both lead on alike, and one of them has done it."""

import pytest
from django.db import transaction
from django.test import Client

from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from foundation.core import clock
from tests.accounts.people import signed_in
from tests.cards.holding import card_holder
from tests.clicking import BOTH_WAYS, Clicks, press
from tests.concurrency.waiting import overtaken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-16")]


def entries(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


@pytest.mark.parametrize("clicks", BOTH_WAYS)
def test_a_consent_is_taken_back_once(clicks: Clicks) -> None:
    with transaction.atomic():
        who = card_holder()
    told = clicks(who.account, "/me/data/consents/sensitive-data/withdraw/", {})
    assert told == [(302, "/me/data/consents/")] * 2
    assert entries("consent.withdrawn") == 1
    assert press(who.account, "/me/data/consents/nothing/withdraw/", {})[0] == 400


def test_a_second_click_that_meets_a_closed_account_says_that_it_is_closed() -> None:
    with transaction.atomic():
        who = card_holder()
    page = signed_in(Client(), who.account)
    form = {"understood": "on", "certificate": who.id_number}
    account = Account.objects.filter(pk=who.account.pk)
    shown = overtaken(
        first=lambda: account.update(is_active=False, closed_at=clock.now()),
        then=lambda: str(page.post("/me/data/close/", form).content.decode()),
    )
    assert "账户已注销" in shown
    assert entries("account.closed") == 0
