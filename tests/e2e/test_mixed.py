"""A mixed payment in the browser: paid as a whole, or failed in its second leg and undone."""

import pytest
from playwright.sync_api import expect

from payments.models import Refund
from payments.rules import BillState, RefundState, SettlementState
from payments.selectors.books import check_books
from tests.e2e import insuring
from tests.e2e.conftest import OpenPhone
from tests.e2e.people import press

pytestmark = [pytest.mark.row(row) for row in ("FC-02", "FC-05", "HI-04")]


def test_a_mixed_payment_that_fails_in_the_second_leg_is_undone(open_phone: OpenPhone) -> None:
    one = insuring.patient(insuring.FAILS_LATE)
    page = one.open(open_phone, "pay/")
    press(page, "用医保支付")
    expect(page.get_by_role("heading", name="用医保支付吗？")).to_be_visible()
    mixed = insuring.allowed(one, page)
    for said in ("医保统筹基金", "¥104.00", "医保个人账户", "¥256.00", "¥40.00", "¥400.00"):
        expect(page.get_by_text(said).first).to_be_visible()

    # The own share is taken, the insurance fails: everything goes back, and the page says so by itself.
    insuring.confirmed(page, mixed)
    insuring.at_rest(page, mixed)
    expect(page.get_by_role("heading", name="没有付成")).to_be_visible()
    page.reload()
    expect(page.get_by_text("医保没有结算成功。")).to_be_visible()
    expect(page.get_by_text("已付的都退回了")).to_be_visible()
    expect(page.get_by_text("微信支付")).to_be_visible()
    assert (mixed.state, mixed.bill_state) == (SettlementState.UNDONE, BillState.OPEN)
    [refund] = Refund.objects.filter(bill__public_id=one.bill)
    assert (refund.amount_fen, refund.state) == (4_000, RefundState.PAID)
    assert check_books() == []

    # The bill is still owed, and can be paid anew.
    press(page, "重新支付")
    expect(page.get_by_role("link", name="用医保支付")).to_be_visible()


def test_a_mixed_payment_is_whole(open_phone: OpenPhone) -> None:
    page = insuring.receipt_page(open_phone)
    expect(page.get_by_role("heading", name="收据")).to_be_visible()
    expect(page.get_by_text("医保统筹基金").first).to_be_visible()
    assert check_books() == []
