"""Residents with bills, and the cashier's window."""

from collections.abc import Callable
from datetime import timedelta

import httpx
from django.conf import settings
from playwright.sync_api import Page, expect

from foundation.core import clock
from foundation.core.actor import Actor
from institutions import selectors as institutions
from payments import services
from payments.models import Bill, BulkRefund, Channel
from payments.providers.weixinpay import keys
from payments.rules import Category, RefundReason
from payments.services.channels import Setup
from payments.services.invoices import InvoiceDetails, keep_invoice, reverse_invoice
from payments.types import Charge
from tests.e2e.people import Colleague, Resident, holder, press
from tests.e2e.shown import DESK, Opening, OpenPhone

HOSPITAL = Actor.system("tests")
LINES = (
    Charge("腹部彩超", 12_000, Category.EXAMINATION),
    Charge("示范胶囊 0.25g", 3_640, Category.MEDICINE, 2),
)


def place() -> str:
    """The hospital where the demo's staff work."""
    found = institutions.institution_by_hospital_id("90001")
    assert found is not None
    return found.public_id


def owe(who: Resident, *, minutes: int | None = 20) -> str:
    """A charge of the hospital."""
    return services.open_bill(
        subject=("hospital.bill", f"B{who.phone}{clock.now().timestamp()}"),
        person_pk=who.card().person_id,
        institution=place(),
        items=LINES,
        expires_at=clock.now() + timedelta(minutes=minutes) if minutes else None,
        actor=HOSPITAL,
    ).bill_id


def pay(bill: str) -> None:
    """The hospital's till takes it."""
    services.record_till_payment(bill=bill, captured_fen=15_640, receipt=bill[:20], actor=HOSPITAL)


def bill_page(what: str = "", *, pays: bool = False, refunds: bool = False) -> Opening:
    """A resident's page about one bill."""

    def opened(phone: OpenPhone) -> Page:
        who = holder()
        bill = _bill(who, pays=pays, refunds=refunds)
        page = phone(who)
        page.goto(f"/bills/{bill}/{what}")
        return page

    return opened


def reduced_receipt(phone: OpenPhone) -> Page:
    """The receipt of a bill of which the hospital took something off."""
    who = holder()
    bill = services.open_bill(
        subject=("hospital.bill", f"R{who.phone}"),
        person_pk=who.card().person_id,
        institution=place(),
        items=LINES,
        reduction_fen=640,
        expires_at=None,
        actor=HOSPITAL,
    ).bill_id
    services.record_till_payment(bill=bill, captured_fen=15_000, receipt=bill[:20], actor=HOSPITAL)
    services.refund_bill(bill=bill, amount_fen=None, reason=RefundReason.HOSPITAL, actor=HOSPITAL)
    page = phone(who)
    page.goto(f"/bills/{bill}/receipt/")
    return page


def with_bills() -> Resident:
    """A resident with a bill in each state."""
    who = holder()
    owe(who)
    _bill(who, pays=True)
    _bill(who, pays=True, refunds=True)
    services.cancel_bill(bill=owe(who), reason=RefundReason.HOSPITAL, actor=HOSPITAL)
    return who


def pay_page(phone: OpenPhone) -> Page:
    """The ways of paying a bill online."""
    take_online()
    page = bill_page("pay/")(phone)
    expect(page.get_by_role("button", name="去支付")).to_be_visible()
    return page


def scanning(page: Page) -> None:
    """The code that another phone scans."""
    page.locator("input[name=way][value=weixinpay]").check()
    press(page, "去支付")
    page.locator(".bill-code").wait_for()


def left(page: Page) -> None:
    """The payment was given up."""
    press(page, "不付了，或换一种方式")
    expect(page.get_by_text("没有付成")).to_be_visible()


def take_online() -> None:
    """The hospital takes money by WeChat Pay of the sandbox."""
    if Channel.objects.filter(institution__public_id=place(), provider=keys.CODE).exists():
        return
    base = settings.POPULATION_BASE
    answer = httpx.get(f"{base}/console/api/weixinpay/merchants/1900000301", timeout=60, trust_env=False)
    made = answer.raise_for_status().json()
    channel = services.add_channel(
        institution=place(),
        provider=keys.CODE,
        setup=Setup(
            "1900000301",
            base,
            {
                name: made["values"][name]
                for name in (keys.APPID, keys.SERIAL, keys.PUBLIC_KEY_ID, keys.PUBLIC_KEY)
            },
            ["browser", "scans"],
            secrets={name: made["secrets"][name] for name in (keys.PRIVATE_KEY, keys.API_KEY)},
        ),
        reason="测试",
        actor=HOSPITAL,
    )
    services.switch_channel(channel=channel, is_on=True, reason="测试", actor=HOSPITAL)


def desk_page(what: str = "", *, pays: bool = False, refunds: bool = False) -> Opening:
    """The cashier's page about one bill."""

    def opened(phone: OpenPhone) -> Page:
        bill = _bill(holder(), pays=pays, refunds=refunds)
        page = phone(Colleague("window"), viewport=DESK)
        page.goto(f"/window/bills/{bill}/{what}")
        return page

    return opened


def refund_page(phone: OpenPhone) -> Page:
    """A refund that is to be given out."""
    bill = _bill(holder(), pays=True)
    [refund] = services.refund_bill(bill=bill, amount_fen=None, reason=RefundReason.STOPPED, actor=HOSPITAL)
    page = phone(Colleague("window"), viewport=DESK)
    page.goto(f"/window/refunds/{refund}/")
    return page


def order_page(phone: OpenPhone) -> Page:
    """What happened to an order that was paid, and of which a part goes back."""
    bill = _bill(holder(), pays=True, refunds=True)
    page = phone(Colleague("window"), viewport=DESK)
    page.goto(f"/window/orders/{bill}/")
    return page


def order_search(phone: OpenPhone) -> Page:
    """Looking for an order that is not there."""
    page = phone(Colleague("window"), viewport=DESK)
    page.goto("/window/orders/")
    page.locator("input:focus").fill("SJ-NOTHING")
    page.keyboard.press("Enter")
    page.locator(".notice").first.wait_for()
    return page


def bulk_page(phone: OpenPhone) -> Page:
    """A run over bills, with the result of each."""
    who = holder()
    bills = [_bill(who, pays=True), owe(who)]
    services.call_off_bills(bills=bills, reason=RefundReason.STOPPED, actor=HOSPITAL)
    run = BulkRefund.objects.latest("pk")
    page = phone(Colleague("hospital"), viewport=DESK)
    page.goto(f"/institution/payments/bulkrefund/{run.public_id}/change/")
    return page


def health_page(phone: OpenPhone) -> Page:
    """How well the hospital's channels work."""
    page = phone(Colleague("hospital"), viewport=DESK)
    page.goto("/institution/payments/channel/health/")
    return page


def invoice_page(phone: OpenPhone) -> Page:
    """A bill with two electronic invoices, of which the first was reversed."""
    who = holder()
    bill_id = _bill(who, pays=True)
    bill = Bill.objects.select_related("institution").get(public_id=bill_id)
    moment = clock.now()
    for number in (f"{bill.pk:09d}1", f"{bill.pk:09d}2"):
        details = InvoiceDetails("11060126", number, 15_640, moment, check_code="a1b2c3")
        keep_invoice(bill=bill, details=details, actor=HOSPITAL)
    reverse_invoice(
        bill=bill,
        code="11060126",
        number=f"{bill.pk:09d}1",
        red_number="",
        reversed_at=moment,
        actor=HOSPITAL,
    )
    page = phone(who)
    page.goto(f"/bills/{bill_id}/")
    return page


def bulk_form(phone: OpenPhone) -> Page:
    """Where a run over bills is begun."""
    page = phone(Colleague("hospital"), viewport=DESK)
    page.goto("/institution/payments/bulkrefund/add/")
    return page


def refund_list(phone: OpenPhone) -> Page:
    """The work list with something on it."""
    page = refund_page(phone)
    page.goto("/window/refunds/")
    return page


def typed(text: str) -> Callable[[Page], None]:
    """What a scanner or a cashier types, with Enter."""

    def act(page: Page) -> None:
        field = page.locator("input:focus")
        field.fill(text)
        page.keyboard.press("Enter")
        page.locator(".field-wrong").first.wait_for()

    return act


def _bill(who: Resident, *, pays: bool, refunds: bool = False) -> str:
    bill = owe(who)
    if pays:
        pay(bill)
    if refunds:
        services.refund_bill(bill=bill, amount_fen=2_000, reason=RefundReason.STOPPED, actor=HOSPITAL)
    return bill
