"""What those ask the database who come to a band that is sold out, and what a limit costs."""

import pytest
from django.db import connection, transaction

from appointments import errors
from appointments.models import Slot
from appointments.selectors import offers
from appointments.selectors.standing import OF_ACCOUNT, OF_DEVICE, STANDING, asked
from appointments.services import suspension
from foundation.core import clock
from foundation.core.actor import Actor
from tests.appointments.booking import resident, session

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-03")]

SYSTEM = Actor.system("tests")


def test_a_place_that_was_sold_out_is_refused_and_the_second_time_without_a_question(
    django_assert_num_queries: object,
) -> None:
    clinic = session(capacity=1)
    resident().books(clinic.slot)
    late = resident("13900001002", "测试丙")
    with pytest.raises(errors.SlotFull):
        late.books(clinic.slot)
    with django_assert_num_queries(0), pytest.raises(errors.SlotFull):  # type: ignore[operator]
        late.books(clinic.slot)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sold out is remembered for no time, as a second later."""
    monkeypatch.setattr(offers, "_SOLD_OUT_SECONDS", 0.0)


@pytest.mark.usefixtures("forgetful")
def test_later_one_look_says_that_it_still_is(django_assert_num_queries: object) -> None:
    clinic = session(capacity=1)
    resident().books(clinic.slot)
    late = resident("13900001002", "测试丙")
    with pytest.raises(errors.SlotFull):
        late.books(clinic.slot)
    with django_assert_num_queries(1), pytest.raises(errors.SlotFull):  # type: ignore[operator]
        late.books(clinic.slot)


@pytest.mark.usefixtures("forgetful")
def test_what_was_sold_out_is_booked_once_it_has_a_place_again() -> None:
    clinic = session(capacity=1)
    resident().books(clinic.slot)
    late = resident("13900001002", "测试丙")
    with pytest.raises(errors.SlotFull):
        late.books(clinic.slot)
    Slot.objects.update(free=[2])
    late.books(clinic.slot)


@pytest.mark.usefixtures("forgetful")
def test_what_was_sold_out_and_then_stopped_says_that_it_is_stopped() -> None:
    clinic = session(capacity=1)
    resident().books(clinic.slot)
    late = resident("13900001002", "测试丙")
    with pytest.raises(errors.SlotFull):
        late.books(clinic.slot)
    suspension.stop_slot(slot=clinic.slot, reason="设备检修", actor=SYSTEM)
    with pytest.raises(errors.SlotStopped) as stopped:
        late.books(clinic.slot)
    assert "设备检修" in stopped.value.text()


@pytest.mark.parametrize(
    ("question", "column"),
    [(STANDING, "person_id = "), (OF_ACCOUNT, "(account)::text = "), (OF_DEVICE, "(device)::text = ")],
)
def test_each_limit_is_looked_up_by_whom_it_limits(question: str, column: str) -> None:
    clinic, who = session(), resident()
    values = asked(offers.offer_of(clinic.slot), who.patient, who.by, clock.now())
    with transaction.atomic(), connection.cursor() as cursor:
        # As for a booking: of a small table, too, an index is to be used, and the right one.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {question}", values)
        plan = [line for (line,) in cursor.fetchall()]
    conditions = [line for line in plan if "Index Cond" in line]
    assert conditions
    assert all(f"({column}" in line for line in conditions), plan
