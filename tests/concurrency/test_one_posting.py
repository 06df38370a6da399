"""A hospital confirms a payment at the moment at which it goes back: with the guard, and without it."""

import pytest

from payments.models import WriteBack, WriteBackState
from payments.selectors.books import check_books
from payments.services import posting
from payments.services.posting import Heard
from tests.concurrency.waiting import overtaken
from tests.payments.owing import SYSTEM, desk
from tests.payments.posting import owed_back, paid_at, waited_out, write_back

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("HI-03")]


def confirm(bill: str) -> Heard:
    return posting.confirm_posting(bill=bill, receipt="SJ1", amount_fen=1_200, actor=SYSTEM)


def test_the_way_back_comes_first_and_the_confirmation_is_a_difference() -> None:
    bill = paid_at(desk())
    waited_out(bill)
    number = write_back(bill).public_id
    heard = overtaken(
        first=lambda: posting.end_waiting(write_back=number, failure="no_answer"),
        then=lambda: confirm(bill.bill_id),
    )
    assert heard is Heard.TOO_LATE
    assert (write_back(bill).state, owed_back(bill)) == (WriteBackState.DIFFERENT, 1_200)
    assert check_books() == []


def test_the_confirmation_comes_first_and_nothing_goes_back() -> None:
    bill = paid_at(desk())
    waited_out(bill)
    number = write_back(bill).public_id
    overtaken(
        first=lambda: confirm(bill.bill_id),
        then=lambda: posting.end_waiting(write_back=number, failure="no_answer"),
    )
    assert (write_back(bill).state, owed_back(bill)) == (WriteBackState.POSTED, 0)
    assert check_books() == []


def test_without_the_compare_and_set_a_posted_payment_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def believing_what_was_read(
        *, row: WriteBack, before: tuple[str, ...], after: WriteBackState, **more: object
    ) -> bool:
        if row.state not in before:
            return False
        is_over = after is not WriteBackState.DIFFERENT
        changes = {"state": after, "next_ask_at": None, "ended_at": row.opened_at if is_over else None}
        WriteBack.objects.filter(pk=row.pk).update(**{**changes, **more})
        return True

    monkeypatch.setattr(posting, "move", believing_what_was_read)
    bill = paid_at(desk())
    waited_out(bill)
    number = write_back(bill).public_id
    overtaken(
        first=lambda: confirm(bill.bill_id),
        then=lambda: posting.end_waiting(write_back=number, failure="no_answer"),
    )
    # The hospital holds a receipt for money that the payer has got back, and nobody is told.
    assert (write_back(bill).state, owed_back(bill)) == (WriteBackState.RETURNED, 1_200)
