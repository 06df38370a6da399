"""Many bills given back together: a result for each, safe to repeat, going on after a crash."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from foundation.core import clock
from foundation.core.errors import PermissionRefused
from institutions.rules import Role
from payments import services
from payments.errors import BulkEmpty
from payments.models import Bill, BulkRefund, BulkRefundRow, BulkState, Refund, RowState
from payments.providers.base import RefundSaid
from payments.providers.errors import BalanceTooLow
from payments.rules import BillState, RefundReason, RefundState
from payments.selectors.books import check_books
from payments.services import asking, bulk, returning
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.payments.bank import CODE, Bank, Ledger
from tests.payments.owing import SYSTEM, Desk, desk, owed, paid, row
from tests.payments.paying import begun, channel, tell_paid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-06")]

RUNS = "/institution/payments/bulkrefund/"


def asked(place: Desk, numbers: list[str]) -> str:
    return services.start_bulk_refund(
        institution=place.institution,
        numbers=numbers,
        reason=RefundReason.STOPPED,
        note="停诊",
        actor=place.actor,
    )


def states(run: str) -> list[str]:
    return list(
        BulkRefundRow.objects.filter(bulk__public_id=run).order_by("place").values_list("state", flat=True)
    )


def online(place: Desk, bank: Ledger) -> Bill:
    at = channel(place.institution)
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    return row(bill)


def test_each_bill_has_its_own_result(place: Desk) -> None:
    done, waiting, gone = paid(place), owed(place.institution), owed(place.institution)
    services.cancel_bill(bill=gone.bill_id, reason=RefundReason.HOSPITAL, actor=SYSTEM)
    elsewhere = paid(desk(2))
    numbers = [done.number, waiting.number, gone.number, elsewhere.number, "no-such", done.number]
    run = asked(place, numbers)
    assert bulk.run_bulk_refund(bulk=run) == 5
    assert states(run) == ["refunded", "cancelled", "nothing", "unknown", "unknown"]
    assert row(waiting).state == BillState.CANCELLED
    assert row(elsewhere).refund_fen == 0
    [refund] = Refund.objects.all()
    assert (refund.reason, refund.amount_fen) == (RefundReason.STOPPED, 1_200)
    assert BulkRefund.objects.get().state == BulkState.DONE
    assert check_books() == []


def test_the_same_list_again_gives_nothing_back_twice(place: Desk) -> None:
    bills = [paid(place) for _ in range(3)]
    for wanted in (["refunded"] * 3, ["nothing"] * 3):
        run = asked(place, [bill.number for bill in bills])
        bulk.run_bulk_refund(bulk=run)
        bulk.run_bulk_refund(bulk=run)
        assert states(run) == wanted
    assert Refund.objects.count() == 3
    assert check_books() == []


def test_a_run_whose_worker_died_is_taken_up_where_it_stopped(place: Desk) -> None:
    bills = [paid(place) for _ in range(3)]
    run = asked(place, [bill.number for bill in bills])
    # The worker took the run, did one row, and was killed.
    taken = BulkRefund.objects.filter(public_id=run)
    taken.update(run_until=clock.now() + bulk.LEASE)
    bulk._run_row(BulkRefundRow.objects.earliest("place").pk, taken.get(), SYSTEM)
    assert bulk.due_bulk_refunds() == []
    assert bulk.run_bulk_refund(bulk=run) == 0
    taken.update(run_until=clock.now() - timedelta(seconds=1))
    assert bulk.due_bulk_refunds() == [run]
    assert bulk.run_bulk_refund(bulk=run) == 2
    assert states(run) == ["refunded"] * 3
    assert bulk.due_bulk_refunds() == []
    assert Refund.objects.count() == 3


def test_a_long_run_is_worked_on_by_one_task_after_another(
    place: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bills = [paid(place) for _ in range(3)]
    run = asked(place, [bill.number for bill in bills])
    monkeypatch.setattr(bulk, "WORKED", timedelta(0))
    for left in (2, 1):
        assert bulk.run_bulk_refund(bulk=run) == 1
        assert states(run).count("waiting") == left
        assert bulk.due_bulk_refunds() == [run]
    assert bulk.run_bulk_refund(bulk=run) == 1
    assert states(run) == ["refunded"] * 3
    assert BulkRefund.objects.get().state == BulkState.DONE
    assert bulk.due_bulk_refunds() == []
    assert check_books() == []


def test_a_balance_that_is_too_low_holds_its_own_row_up_and_no_other(place: Desk, bank: Ledger) -> None:
    by_bank, by_cash = online(place, bank), paid(place)
    run = asked(place, [by_bank.number, by_cash.number])
    bulk.run_bulk_refund(bulk=run)
    bank.down["refund"] = BalanceTooLow(CODE, "NOT_ENOUGH")
    send_refunds()
    assert states(run) == ["refunded", "refunded"]
    clerk = people.at_work(Client(), place.account)
    one = f"{RUNS}{run}/change/"
    shown = clerk.get(one).content.decode()
    assert "渠道账户余额不足" in shown
    assert "待退" in shown
    send_refunds()
    assert Refund.objects.get(provider=CODE).state == RefundState.PAID
    assert "余额不足" not in clerk.get(one).content.decode()
    assert check_books() == []


def send_refunds() -> None:
    Refund.objects.filter(next_try_at__isnull=False).update(next_try_at=F("opened_at"))
    for refund in returning.due_refunds():
        returning.send_refund(refund=refund)


def test_a_row_that_went_wrong_is_told_and_tried_again(place: Desk, bank: Ledger, settings: Settings) -> None:
    bill, other = online(place, bank), paid(place)
    run = asked(place, [bill.number, other.number])
    with_bank = settings.PAYMENT_PROVIDERS
    settings.PAYMENT_PROVIDERS = with_bank[:-1]
    bulk.run_bulk_refund(bulk=run)
    assert states(run) == ["failed", "refunded"]
    assert BulkRefundRow.objects.earliest("place").failure == "provider_unknown"
    settings.PAYMENT_PROVIDERS = with_bank
    services.retry_bulk_refund(bulk=run, reason="渠道已恢复", actor=place.actor)
    bulk.run_bulk_refund(bulk=run)
    assert states(run) == ["refunded", "refunded"]
    with pytest.raises(BulkEmpty):
        services.retry_bulk_refund(bulk=run, reason="再试", actor=place.actor)
    assert bank.refund_answer is RefundSaid.DONE


class BrokenBank(Bank):
    """The bank, with a mistake in our part of it: asking for what is not there ends the transaction too."""

    @property
    def by_hand(self) -> bool:  # type: ignore[override]
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM no_such_table")
        return False


def test_an_unexpected_error_is_its_own_rows_result_and_the_others_go_on(
    place: Desk, bank: Ledger, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    before, broken, after = paid(place), online(place, bank), paid(place)
    run = asked(place, [before.number, broken.number, after.number])
    with_bank = settings.PAYMENT_PROVIDERS
    settings.PAYMENT_PROVIDERS = [*with_bank[:-1], "tests.payments.test_bulk_refunds.BrokenBank"]
    assert bulk.run_bulk_refund(bulk=run) == 3
    assert states(run) == ["refunded", "failed", "refunded"]
    [told] = [str(vars(one)) for one in caplog.records if "bulk_row_broken" in str(vars(one))]
    assert run in told
    assert "Traceback" in told
    assert Bill.objects.get(pk=broken.pk).refund_fen == 0
    assert BulkRefund.objects.get().state == BulkState.DONE
    assert check_books() == []
    settings.PAYMENT_PROVIDERS = with_bank
    shown = people.at_work(Client(), place.account).get(f"{RUNS}{run}/change/").content.decode()
    assert "出错，可重试" in shown
    assert "服务器内部错误" in shown
    services.retry_bulk_refund(bulk=run, reason="已修复", actor=place.actor)
    assert bulk.run_bulk_refund(bulk=run) == 1
    assert states(run) == ["refunded"] * 3
    assert check_books() == []


def test_what_a_suspension_gave_back_stands_beside_the_runs(place: Desk) -> None:
    done, waiting = paid(place), owed(place.institution)
    services.call_off_bills(
        bills=[done.bill_id, waiting.bill_id], reason=RefundReason.STOPPED, actor=place.actor
    )
    run = BulkRefund.objects.get()
    assert (run.state, run.asked_by) == (BulkState.DONE, place.actor.id)
    assert states(run.public_id) == ["refunded", "cancelled"]
    services.call_off_bills(bills=[done.bill_id], reason=RefundReason.CANCELLED, actor=SYSTEM)
    assert BulkRefund.objects.count() == 1


def test_only_who_may_give_back_begins_a_run_and_only_over_bills_of_the_own_house(place: Desk) -> None:
    bill = paid(place)
    with pytest.raises(BulkEmpty):
        asked(place, [])
    with pytest.raises(BulkEmpty):
        asked(place, [str(number) for number in range(bulk.LARGEST + 1)])
    for role in (Role.NURSE, Role.DOCTOR):
        with pytest.raises(PermissionRefused):
            asked(desk(2 + (role == Role.NURSE), role), [bill.number])
    assert not BulkRefund.objects.exists()


def test_a_double_click_begins_one_run(place: Desk) -> None:
    bill = paid(place)
    clerk = people.at_work(Client(), place.account)
    form = clerk.get(f"{RUNS}add/").context["form"]
    sent = {
        "institution": place.institution,
        "numbers": bill.number,
        "why": "stopped",
        "reason": "医生停诊",
        "ticket": form["ticket"].value(),
    }
    answers = [clerk.post(f"{RUNS}add/", sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[1]["Location"] == RUNS
    assert BulkRefund.objects.count() == 1


def test_the_pages_from_the_list_of_bills_to_the_results(
    place: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    bills = [paid(place) for _ in range(4)]
    clerk = people.at_work(Client(), place.account)
    listed = clerk.get("/institution/payments/bill/", {"state": "paid"})
    form = clerk.get(listed.context["together"]).content.decode()
    assert all(bill.number in form for bill in bills)
    submit(
        clerk,
        f"{RUNS}add/",
        institution=place.institution,
        numbers="\n".join(bill.number for bill in bills),
        why="stopped",
    )
    run = BulkRefund.objects.get()
    bulk.run_bulk_refund(bulk=run.public_id)
    with django_assert_max_num_queries(22):
        shown = clerk.get(f"{RUNS}{run.public_id}/change/").content.decode()
    assert shown.count(RowState.REFUNDED.label) == 4
    assert "已完成" in clerk.get(RUNS).content.decode()
    stranger = people.at_work(Client(), desk(2).account)
    assert run.public_id not in stranger.get(RUNS).content.decode()
    assert stranger.get(f"{RUNS}{run.public_id}/change/").status_code == 404
