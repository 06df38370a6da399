"""Verifying codes: how often a code is good, and when."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from cards import errors
from cards.models import UsageRecord
from cards.services import life
from cards.verification import answer
from foundation.core.errors import DomainError
from tests.cards.world import (
    CENTRE,
    Holder,
    Hospital,
    code_of,
    holder,
    hospital,
    scan,
    set_rules,
    static_of,
    uses,
)

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-01")]

NOON = datetime(2026, 11, 20, 4, 0, 0, tzinfo=UTC)


class Statements:
    """Ends a verification that asks the database again and again."""

    def __init__(self, most: int) -> None:
        self.left = most

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        self.left -= 1
        assert self.left >= 0, "too many statements"
        return execute(*statement)


# Consumption


def test_a_dynamic_code_is_accepted_once(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scan(text, here)
    with pytest.raises(errors.CodeUsed):
        scan(text, here)
    assert uses() == 1


def test_another_institution_cannot_use_what_was_used(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scan(text, here, request_id="the-same-id")
    with pytest.raises(errors.CodeUsed):
        scan(text, hospital(), request_id="the-same-id")


def test_a_repeated_request_gets_the_stored_answer(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    first = scan(text, here, request_id="request-1")
    again = scan(text, here, request_id="request-1")
    assert again.is_replayed
    assert not first.is_replayed
    assert {**answer(again, here.caller.scopes), "replayed": False} == answer(first, here.caller.scopes)
    assert uses() == 1


def test_a_repetition_after_the_window_gets_the_stored_answer(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody, at=NOON)
    with time_machine.travel(NOON, tick=False):
        first = scan(text, here, request_id="request-1")
    with time_machine.travel(NOON + timedelta(minutes=3), tick=False):
        again = scan(text, here, request_id="request-1")
        assert (again.usage_id, again.is_replayed) == (first.usage_id, True)
        assert answer(again, here.caller.scopes) == {**answer(first, here.caller.scopes), "replayed": True}
        for where, changes in (
            (here, {"request_id": "request-2"}),
            (here, {"request_id": "request-1", "department": "0300"}),
            (hospital(), {"request_id": "request-1"}),
        ):
            with pytest.raises(errors.CodeExpired):
                scan(text, where, **changes)
        life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
        with pytest.raises(errors.CardFrozen):
            scan(text, here, request_id="request-1")
    assert uses() == 1


def test_a_repeated_request_with_another_content_is_refused(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scan(text, here, request_id="request-1")
    with pytest.raises(errors.RequestIdReused):
        scan(text, here, request_id="request-1", scene="010105")


def test_a_repetition_after_a_freeze_reads_nobody_out(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scan(text, here, request_id="request-1")
    life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    with pytest.raises(errors.CardFrozen):
        scan(text, here, request_id="request-1")


def test_the_centre_may_let_a_code_through_more_than_once(here: Hospital, somebody: Holder) -> None:
    set_rules(uses_per_code=2)
    text = code_of(somebody)
    scan(text, here, request_id="request-1")
    second = scan(text, here, request_id="request-2")
    assert scan(text, here, request_id="request-2").usage_id == second.usage_id
    with pytest.raises(errors.CodeUsed):
        scan(text, here, request_id="request-3")
    assert list(UsageRecord.objects.order_by("use_no").values_list("use_no", flat=True)) == [1, 2]


def test_a_frozen_card_ends_the_further_uses_of_a_code(here: Hospital, somebody: Holder) -> None:
    set_rules(uses_per_code=2)
    text = code_of(somebody)
    scan(text, here)
    life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    with connection.execute_wrapper(Statements(30)), pytest.raises(errors.CardFrozen):
        scan(text, here)
    assert uses() == 1


def test_a_static_code_is_accepted_again_and_its_repetition_is_one_use(
    here: Hospital, somebody: Holder
) -> None:
    text = static_of(somebody)
    first = scan(text, here, scene="010101", request_id="request-1")
    assert scan(text, here, scene="010101", request_id="request-1").usage_id == first.usage_id
    assert scan(text, here, scene="010101", request_id="request-2").usage_id != first.usage_id
    assert uses() == 2


def test_a_repetition_across_midnight_in_beijing_is_one_use(here: Hospital, somebody: Holder) -> None:
    text = static_of(somebody)
    with time_machine.travel(datetime(2026, 11, 20, 15, 59, 50, tzinfo=UTC), tick=False):
        scan(text, here, scene="010101", request_id="request-1")
    with time_machine.travel(datetime(2026, 11, 20, 16, 0, 10, tzinfo=UTC), tick=False):
        assert scan(text, here, scene="010101", request_id="request-1").is_replayed
    assert uses() == 1


def test_a_request_id_cannot_serve_two_static_codes(here: Hospital, somebody: Holder) -> None:
    scan(static_of(somebody), here, scene="010101", request_id="request-1")
    with pytest.raises(errors.RequestIdReused):
        scan(static_of(holder()), here, scene="010101", request_id="request-1")


def test_two_codes_of_one_second_are_two_codes(here: Hospital, somebody: Holder) -> None:
    with time_machine.travel(NOON, tick=False):
        texts = {code_of(somebody) for _ in range(20)}
        assert len(texts) == 20
        for text in texts:
            scan(text, here)


# Time


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (-11, errors.CodeNotYetValid),
        (-10, None),
        (0, None),
        (69, None),
        (70, errors.CodeExpired),
        (3600, errors.CodeExpired),
    ],
)
def test_a_code_is_accepted_in_its_own_window_only(
    here: Hospital, somebody: Holder, seconds: int, error: type[DomainError] | None
) -> None:
    text = code_of(somebody, at=NOON)
    with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
        if error is None:
            scan(text, here)
        else:
            with pytest.raises(error):
                scan(text, here)


def test_a_refused_time_consumes_nothing(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody, at=NOON)
    with time_machine.travel(NOON - timedelta(seconds=60), tick=False), pytest.raises(errors.CodeNotYetValid):
        scan(text, here)
    with time_machine.travel(NOON, tick=False):
        scan(text, here)


def test_the_callers_clock_does_not_matter(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody, at=NOON)
    with time_machine.travel(NOON + timedelta(hours=1), tick=False), pytest.raises(errors.CodeExpired):
        scan(text, here, caller_time=NOON)
