"""Every code that must not pass is refused, and the terminal is told what its user should do."""

import pytest

from cards.models import UsageRecord
from foundation.core import redis
from tests.cards.hostile import Hostile, hostile_codes
from tests.cards.test_api_institution import VERIFY, asked, call
from tests.cards.world import Hospital

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-01")]

AT_LEAST = 200


@pytest.fixture
def attempts(here: Hospital) -> list[Hostile]:
    return list(hostile_codes(here))


def open_limits() -> None:
    """Somebody who tries that often is stopped by the count of failures; here each is to be judged."""
    for key in redis.client().scan_iter(redis.key("*"), count=1000):
        redis.client().delete(key)


def test_every_hostile_code_is_refused_with_advice(here: Hospital, attempts: list[Hostile]) -> None:
    assert len(attempts) >= AT_LEAST
    assert len({attempt.text for attempt in attempts}) >= AT_LEAST
    used_before = UsageRecord.objects.count()
    wrong = []
    for attempt in attempts:
        open_limits()
        answer = call(here, VERIFY, asked(attempt.text))
        told = answer.json()
        good = (
            400 <= answer.status_code < 500
            and told["code"] in attempt.codes
            and told["title"]
            and told["next_step"]
            and (len(attempt.text) < 30 or attempt.text not in answer.content.decode())
        )
        if not good:
            wrong.append(f"{attempt.name}: {answer.status_code} {told.get('code')}")
    assert wrong == []
    assert UsageRecord.objects.count() == used_before


def test_a_terminal_that_tries_and_tries_is_slowed_down(here: Hospital, attempts: list[Hostile]) -> None:
    open_limits()
    forged = [attempt for attempt in attempts if attempt.codes == {"code_forged"}]
    answers = {call(here, VERIFY, asked(attempt.text)).status_code for attempt in forged}
    assert answers == {403, 429}
