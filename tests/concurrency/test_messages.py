"""Workers side by side: a message goes out once, a grant is spent once, an event is told once."""

from collections.abc import Callable, Iterator
from threading import Barrier, Lock, Thread
from typing import Any

import pytest
from django.db import connection

from foundation.accounts.models import Account, MethodKind
from foundation.core import clock
from notifications.models import Dispatch, Grant, Message, PushCount, Template
from notifications.rules import retries
from notifications.rules.topics import Channel, DispatchState
from notifications.services import Telling, grants, limits, outcomes, sending, tell
from notifications.services.planning import cancel
from tests.accounts import people
from tests.notifications.sending import STAFF, template, told, with_openid
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("NT-02")]
WORKERS = 6


def calls(sandbox: Sandbox) -> int:
    """How often a gateway was asked to send something."""
    asked = sandbox.show("requests")["requests"]
    return sum(1 for call in asked if call["path"].endswith("/sms/v1/messages"))


def at_once(work: Callable[[], Any], runs: int = WORKERS) -> list[Any]:
    start, got, lock = Barrier(runs, timeout=30), [], Lock()

    def run() -> None:
        try:
            connection.ensure_connection()
            start.wait()
            result = work()
            with lock:
                got.append(result)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def waiting(count: int) -> None:
    """Messages that are due, whatever the hour is."""
    template("emergency.opened")
    account = people.citizen()
    for number in range(count):
        told(account, "emergency.opened", dedupe_key=str(number), params={})


def test_six_workers_send_each_message_once(sandbox: Sandbox) -> None:
    waiting(40)
    at_once(lambda: sending.send_due(seconds=20, batch=7))
    assert calls(sandbox) == 40
    assert set(Dispatch.objects.values_list("state", flat=True)) == {DispatchState.SENT}


def test_without_the_conditional_claim_they_send_them_again_and_again(sandbox: Sandbox) -> None:
    waiting(10)
    together, packing = Barrier(WORKERS, timeout=30), Lock()

    def careless() -> None:
        rows = list(
            Dispatch.objects.filter(state=DispatchState.CREATED).select_related("message", "template")
        )
        together.wait()
        # Packing writes the supplier beside each row: of two that hold the same rows, which never happens
        # with the claim, one would end in a deadlock instead of sending twice.
        with packing:
            parcels = sending._packed(rows)
        for parcel in parcels:
            sending._hand_over(parcel)

    at_once(careless)
    assert calls(sandbox) == 10 * WORKERS


def test_one_grant_lets_one_message_pass() -> None:
    method = with_openid(people.citizen(), MethodKind.WEIXIN_MINI, "o-citizen")
    row = template("appointment.booked", Channel.SUBSCRIBE)
    grants.note_answer(openid="o-citizen", template=row.external_id, is_accepted=True)
    got = at_once(lambda: grants.spend(method_pk=method.pk, template=row))
    assert sorted(got) == [False] * (WORKERS - 1) + [True]
    assert Grant.objects.get().left == 0


def test_an_event_that_comes_six_times_at_once_is_told_once() -> None:
    template("emergency.opened")
    account = people.citizen()
    telling = Telling(account_id=account.public_id, kind="emergency.opened", dedupe_key="e1")
    got = at_once(lambda: len(tell(tellings=[telling])))
    assert sorted(got) == [0] * (WORKERS - 1) + [1]
    assert Message.objects.count() == Dispatch.objects.count() == 1


def test_what_is_taken_back_while_it_is_claimed_goes_out_or_not_but_is_never_both(sandbox: Sandbox) -> None:
    waiting(20)
    keys = list(Message.objects.values_list("pk", flat=True))
    turns: Iterator[Callable[[], int]] = iter(
        [
            lambda: sending.send_due(seconds=10, batch=3),
            lambda: cancel(message_pks=keys, reason="test"),
        ]
    )
    lock = Lock()

    def next_turn() -> Any:
        with lock:
            turn = next(turns)
        return turn()

    at_once(next_turn, 2)
    states = list(Dispatch.objects.values_list("state", flat=True))
    assert states.count(DispatchState.SENT) == calls(sandbox)
    assert set(states) <= {DispatchState.SENT, DispatchState.CANCELLED}


def test_an_outcome_of_an_earlier_attempt_does_not_undo_a_later_one(sandbox: Sandbox) -> None:
    waiting(1)
    (late,) = sending._claim(10)
    Dispatch.objects.update(lease_until=clock.now() - retries.LEASE)
    sending.sweep()
    sending.send_due(seconds=5)
    assert Dispatch.objects.get().state == DispatchState.SENT
    outcome = outcomes.Outcome(late, DispatchState.PERMANENT_FAILURE, "late")
    assert outcomes.write(handed=[outcome]) == 0
    assert Dispatch.objects.get().state == DispatchState.SENT


def almost_enough() -> Account:
    """A resident who may get one more push today."""
    limits.set_per_day(per_day=1, actor=STAFF, reason="测试")
    template("appointment.booked")
    return people.citizen()


def planned_pushes() -> int:
    return Dispatch.objects.filter(template__kind="appointment.booked").count()


def test_of_six_that_plan_the_last_push_of_a_day_one_does() -> None:
    account, numbers = almost_enough(), iter(range(WORKERS))
    at_once(lambda: told(account, dedupe_key=str(next(numbers))))
    assert Message.objects.count() == WORKERS
    assert planned_pushes() == 1
    assert PushCount.objects.get().planned == WORKERS


def test_by_looking_and_then_planning_all_six_do() -> None:
    account, together = almost_enough(), Barrier(WORKERS, timeout=30)
    messages = [
        Message.objects.create(
            account=account, kind="appointment.booked", dedupe_key=str(n), created_at=clock.now()
        )
        for n in range(WORKERS)
    ]
    left = iter(messages)

    def careless() -> None:
        enough = planned_pushes() >= 1
        together.wait()
        if not enough:
            moment = clock.now()
            Dispatch.objects.create(
                message=next(left),
                channel=Channel.SMS,
                template=Template.objects.get(kind="appointment.booked"),
                state=DispatchState.CREATED,
                created_at=moment,
                due_at=moment,
                expires_at=moment,
            )

    at_once(careless)
    assert planned_pushes() == WORKERS
