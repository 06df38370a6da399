"""An active scan is answered once, and by one account, whoever comes at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from cards.errors import ScanOver, ScanTaken
from cards.models import ScanRequest
from cards.services import scanning
from foundation.events.models import OutboxMessage
from tests.cards.holding import card_holder
from tests.cards.world import hospital

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("CC-02")]

CALLERS = 20


def test_of_twenty_answers_of_two_accounts_one_stands() -> None:
    with transaction.atomic():
        people = [card_holder("13900001001", name="测试甲"), card_holder("13900001002", name="测试乙")]
    started = scanning.start_scan(caller=hospital().caller)
    token = started.text.rstrip("/").rpartition("/")[2]
    barrier = threading.Barrier(CALLERS, timeout=30)

    def one(turn: int) -> str:
        who = people[turn % 2]
        barrier.wait()
        try:
            if turn % 4 < 2:
                scanning.agree_to_scan(
                    token=token, account_pk=who.account.pk, card_id=who.card.public_id, actor=who.actor
                )
            else:
                scanning.refuse_scan(token=token, actor=who.actor)
        except (ScanOver, ScanTaken):
            return "late"
        finally:
            connections.close_all()
        return "answered"

    with ThreadPoolExecutor(CALLERS) as threads:
        outcomes = list(threads.map(one, range(CALLERS)))
    assert outcomes.count("answered") == 1
    assert ScanRequest.objects.get().state in {"agreed", "refused"}
    assert OutboxMessage.objects.filter(topic="scan.answered.v1").count() == 1
