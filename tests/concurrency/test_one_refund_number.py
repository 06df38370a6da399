"""A hospital says the same twice at once: one bill and one refund of a number, with guards and without."""

import pytest

from payments.models import Bill, Refund
from payments.selectors.books import check_books
from payments.services import settling
from payments.services.charging import charge_bill, refund_by_hospital
from payments.types import Charge
from tests.concurrency.waiting import overtaken
from tests.payments.owing import SYSTEM, desk, person
from tests.payments.posting import paid_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("HI-03")]


def charge(place: str, who: int) -> str:
    return charge_bill(
        source="bill",
        number="MZ1",
        person_pk=who,
        institution=place,
        items=[Charge("腹部彩超", 1_200)],
        total_fen=1_200,
        expires_at=None,
        actor=SYSTEM,
    )


def test_a_bill_that_is_told_twice_at_once_is_one() -> None:
    place, who = desk().institution, person()
    first: list[str] = []
    second = overtaken(first=lambda: first.append(charge(place, who)), then=lambda: charge(place, who))
    assert first == [second]
    assert Bill.objects.count() == 1


def ask(bill: str) -> list[str]:
    return refund_by_hospital(bill=bill, number="T1", amount_fen=200, is_done=False, actor=SYSTEM)


def both_ask() -> tuple[Bill, list[str], list[str]]:
    bill = paid_at(desk()).bill_id
    first: list[str] = []
    second = overtaken(first=lambda: first.extend(ask(bill)), then=lambda: ask(bill))
    return Bill.objects.get(public_id=bill), first, second


def test_the_second_finds_what_the_first_has_opened() -> None:
    bill, first, second = both_ask()
    assert first == second
    assert (bill.refund_fen, Refund.objects.count()) == (200, 1)
    assert check_books() == []


def test_without_holding_the_bill_first_it_goes_back_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "hold_of_bill", lambda bill: bill)
    bill, first, second = both_ask()
    assert first != second
    assert bill.refund_fen == 400
