"""Charges of a hospital come to a page that is open, as they arrive."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPhone, watch_socket
from tests.e2e.paying import owe, pay
from tests.e2e.people import holder

pytestmark = [pytest.mark.row("OP-10")]


def test_a_charge_and_its_payment_come_to_the_open_pages(open_phone: OpenPhone) -> None:
    who = holder()
    page = open_phone(who)
    connected = watch_socket(page)
    page.goto("/bills/")
    connected()
    expect(page.get_by_text("还没有账单")).to_be_visible()
    bill = owe(who)
    expect(page.get_by_text("¥156.40").first).to_be_visible()
    page.goto(f"/bills/{bill}/")
    connected()
    expect(page.get_by_role("heading", name="到窗口付费")).to_be_visible()
    pay(bill)
    expect(page.get_by_role("link", name="查看收据")).to_be_visible()
    expect(page.locator("[data-heard]")).to_contain_text("已支付")
