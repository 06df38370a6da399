"""Two bills are paid from one balance at once, and it is paid out meanwhile: with the guard and without."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction

from payments import services
from payments.errors import BalanceTooLittle
from payments.models import Bill, PrepaidAccount
from payments.rules import BillState
from payments.selectors.books import check_books
from payments.services import balances
from payments.types import BillRef
from tests.concurrency.waiting import overtaken
from tests.payments.owing import SYSTEM, desk, owed, person
from tests.payments.saving import account_of, balance, spent, topped_up

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("FC-07")]


def spending(bill: BillRef) -> Callable[[], bool]:
    def done() -> bool:
        try:
            with transaction.atomic():
                spent(bill, bill.total_fen)
        except (BalanceTooLittle, IntegrityError):
            return False
        return True

    return done


def both_spend() -> tuple[int, list[bool]]:
    place, who = desk(), person()
    topped_up(place, who, 1_200)
    bills = [owed(place.institution, person_pk=who, total_fen=1_000) for _ in range(2)]
    got: list[bool] = []
    got.append(overtaken(first=lambda: got.append(spending(bills[0])()), then=spending(bills[1])))
    return who, got


def believing_what_was_read(*, account: int, amount_fen: int) -> None:
    """Decides by what was read before, and writes without asking again: the usual mistake."""
    row = PrepaidAccount.objects.get(pk=account)
    if row.balance_fen < amount_fen:
        raise BalanceTooLittle
    PrepaidAccount.objects.filter(pk=account).update(balance_fen=row.balance_fen - amount_fen)


@contextmanager
def triggers_off() -> Iterator[None]:
    triggers = {
        "payments_balance_agrees": "payments_prepaid_account",
        "payments_deposit_agrees": "payments_prepaid_deposit",
        "payments_balance_entry_agrees": "payments_ledger_entry",
    }
    with connection.cursor() as cursor:
        for trigger, table in triggers.items():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        yield
        for trigger, table in triggers.items():
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


def test_a_balance_is_spent_once() -> None:
    who, got = both_spend()
    assert got == [True, False]
    assert balance(who) == 200
    assert Bill.objects.filter(state=BillState.PAID, total_fen=1_000).count() == 1
    assert check_books() == []


def test_without_the_condition_the_database_refuses_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balances, "shrink", believing_what_was_read)
    _who, got = both_spend()
    assert got == [True, False]
    assert check_books() == []


def test_without_either_a_balance_is_spent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balances, "shrink", believing_what_was_read)
    with triggers_off():
        _who, got = both_spend()
    assert got == [True, True]
    # Twice 1,000 of 1,200; the books notice.
    assert Bill.objects.filter(state=BillState.PAID, total_fen=1_000).count() == 2
    assert "a balance is what the ledger says" in {one.rule for one in check_books()}


def test_what_is_spent_is_not_paid_out_as_well() -> None:
    place, who = desk(), person()
    topped_up(place, who, 1_200)
    account = account_of(who).public_id
    bill = owed(place.institution, person_pk=who, total_fen=1_000)

    def paying_out() -> bool:
        try:
            services.pay_out(account=account, amount_fen=1_200, actor=SYSTEM)
        except BalanceTooLittle:
            return False
        return True

    got: list[bool] = []
    got.append(overtaken(first=lambda: got.append(spending(bill)()), then=paying_out))
    assert got == [True, False]
    assert check_books() == []


def test_what_is_paid_out_is_not_spent_as_well() -> None:
    place, who = desk(), person()
    topped_up(place, who, 1_200)
    account = account_of(who).public_id
    bill = owed(place.institution, person_pk=who, total_fen=1_000)
    got = overtaken(first=lambda: services.pay_out(account=account, actor=SYSTEM), then=spending(bill))
    assert got is False
    assert check_books() == []


def test_money_that_comes_while_the_balance_is_paid_out_stays_in_it() -> None:
    place, who = desk(), person()
    topped_up(place, who, 1_200)
    account = account_of(who).public_id
    opened: list[str] = []
    overtaken(
        first=lambda: topped_up(place, who, 500),
        then=lambda: opened.extend(services.pay_out(account=account, actor=SYSTEM)),
    )
    assert len(opened) == 1
    assert balance(who) == 500
    assert check_books() == []
