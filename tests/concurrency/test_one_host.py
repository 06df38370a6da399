"""Two institutions that register one host at the same moment: one of them has it."""

import pytest

from foundation.core import locks
from foundation.gateway import selectors
from foundation.gateway import services as gateway
from foundation.gateway.errors import HostTaken
from foundation.gateway.models import ApiClient
from tests.cards.world import CENTRE, hospital
from tests.concurrency.waiting import overtaken

pytestmark = [pytest.mark.row("ID-18"), pytest.mark.django_db(transaction=True)]

HOST = "app.vendor.example.com"


def register(client: str) -> bool:
    try:
        gateway.set_hosts(client=client, hosts=[HOST], actor=CENTRE)
    except HostTaken:
        return False
    return True


def both_at_once() -> list[bool]:
    first, second = (hospital().signer.client for _ in range(2))
    got: list[bool] = []
    got.append(overtaken(first=lambda: got.append(register(first)), then=lambda: register(second)))
    return got


def test_without_waiting_for_each_other_both_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "hold", lambda *_words: None)
    assert both_at_once() == [True, True]
    # Nobody is then led anywhere by the host alone.
    assert selectors.client_at(HOST) is None


def test_the_second_finds_it_taken() -> None:
    assert both_at_once() == [True, False]
    assert ApiClient.objects.filter(hosts__contains=[HOST]).count() == 1
    assert selectors.client_at(HOST) is not None
