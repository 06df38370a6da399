"""Residents who pay with the insurance, at the sandbox's insurer and inside its WeChat."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from django.conf import settings
from playwright.sync_api import Page, expect

from foundation.accounts import enrolment
from foundation.accounts.models import MethodKind
from foundation.core import clock
from mpi import selectors as mpi
from payments import services
from payments.models import Channel, InsurerSetup, Refund
from payments.rules import Category, RefundState, SettlementState
from payments.services import InsurerDetails
from payments.services.channels import Setup
from payments.types import Charge
from tests.e2e.paying import HOSPITAL, place
from tests.e2e.people import Resident, fresh_phone, holder, press
from tests.e2e.shown import WEIXIN, Opening, OpenPhone
from tests.payments.insurance import bills
from tests.payments.insuring import Mixed, claim, come_to_rest

# The fund 104.00, the account 256.00, 40.00 of one's own.
TOTAL = 40_000
MERCHANT = "1900000388"
# The sandbox lets the insurance fail when everybody has confirmed.
FAILS_LATE, OWN_FAILS = "医测付后失败", "医测自费失败"


@dataclass(frozen=True)
class Patient:
    """A resident in WeChat with a bill that the insurance pays a part of."""

    who: Resident
    bill: str
    id_number: str

    def open(self, phone: OpenPhone, what: str = "") -> Page:
        """A page about the bill, inside WeChat."""
        page = phone(self.who, user_agent=WEIXIN)
        page.goto(f"/bills/{self.bill}/{what}")
        return page


def patient(name: str = "林知秋") -> Patient:
    """Somebody whose hospital takes insurance."""
    _take_insurance()
    who = holder(name)
    enrolment.add(
        who.account, MethodKind.WEIXIN_OFFICIAL, f"oSandbox{fresh_phone()}0000000000", actor=who.actor
    )
    person_pk = who.card().person_id
    bill = services.open_bill(
        subject=("hospital.bill", f"I{who.phone}{clock.now().timestamp()}"),
        person_pk=person_pk,
        institution=place(),
        items=[Charge("示范检查", TOTAL, Category.EXAMINATION)],
        expires_at=None,
        claim=claim(TOTAL, outside_fen=4_000, first_fen=3_000, within_fen=33_000),
        actor=HOSPITAL,
    )
    return Patient(who, bill.bill_id, mpi.particulars(person_pk).id_number)


def bill_page(what: str = "") -> Opening:
    """A page about a bill that can be paid in each way: insurance, channel, balance, somebody else."""

    def opened(phone: OpenPhone) -> Page:
        one = patient()
        account = services.open_account(person_pk=one.who.card().person_id, actor=HOSPITAL)
        top_up = services.open_top_up(account=account, institution=place(), amount_fen=10_000, actor=HOSPITAL)
        services.record_till_payment(
            bill=top_up.bill_id, captured_fen=10_000, receipt=top_up.number, actor=HOSPITAL
        )
        return one.open(phone, what)

    return opened


def allowed(patient_: Patient, page: Page) -> Mixed:
    """The resident allows it on the insurer's page and comes back; the split is there."""
    page.goto(f"/bills/{patient_.bill}/insurance/")
    page.get_by_role("link", name="去医保授权").first.click()
    page.get_by_label("身份证号").fill(patient_.id_number)
    press(page, "同意授权")
    press(page, "返回就诊平台继续支付")
    page.wait_for_url("**/insured/**")
    mixed = Mixed(patient_.bill, page.url.rstrip("/").rpartition("/")[2])
    mixed.work()
    expect(page.get_by_role("heading", name="这样支付吗？")).to_be_visible()
    return mixed


def split_page(phone: OpenPhone) -> Page:
    """Who pays what, before anybody pays."""
    one = patient()
    page = one.open(phone)
    allowed(one, page)
    return page


def confirmed(page: Page, mixed: Mixed) -> None:
    """The one confirmation, here and in WeChat, whose sandbox asks nothing more."""
    press(page, "确认支付")
    expect(page.get_by_role("button", name="付款", exact=True)).to_be_visible()
    answer = httpx.post(
        f"{settings.POPULATION_BASE}/console/api/weixinpay/confirm",
        json={"mix_trade_no": mixed.order.merged_ref, "fails": ""},
        timeout=30,
        trust_env=False,
    )
    answer.raise_for_status()


def at_rest(page: Page, mixed: Mixed) -> None:
    """Work until it has ended; the product's own worker works on it too, and may hold what comes next."""
    end = time.monotonic() + 60
    while _is_under_way(mixed):
        assert time.monotonic() < end, "it does not end"
        come_to_rest(rounds=1)
        page.wait_for_timeout(200)


def _is_under_way(mixed: Mixed) -> bool:
    refunds = Refund.objects.filter(bill__public_id=mixed.bill)
    is_over = mixed.state in {SettlementState.SETTLED, SettlementState.UNDONE}
    return not is_over or refunds.exclude(state=RefundState.PAID).exists()


def _paid_as(name: str) -> Callable[[OpenPhone], tuple[Page, Mixed]]:
    def opened(phone: OpenPhone) -> tuple[Page, Mixed]:
        one = patient(name)
        page = one.open(phone)
        mixed = allowed(one, page)
        confirmed(page, mixed)
        at_rest(page, mixed)
        return page, mixed

    return opened


def undone_page(phone: OpenPhone) -> Page:
    """The own share failed, and the insurance was given back."""
    page, _mixed = _paid_as(OWN_FAILS)(phone)
    # It comes by itself, and once more with everything at its end.
    expect(page.get_by_role("heading", name="没有付成")).to_be_visible()
    page.reload()
    expect(page.get_by_text("已付的都退回了")).to_be_visible()
    return page


def receipt_page(phone: OpenPhone) -> Page:
    """Both parts are paid."""
    page, _mixed = _paid_as("林知秋")(phone)
    page.wait_for_url("**/receipt/")
    return page


def _take_insurance() -> None:
    """The hospital takes the sandbox's insurance, and WeChat Pay inside WeChat."""
    base = settings.POPULATION_BASE
    with httpx.Client(base_url=f"{base}/console/api", timeout=60, trust_env=False) as console:
        _take_weixin(base, console)
        if InsurerSetup.objects.filter(institution__public_id=place()).exists():
            return
        merchant = bills.mobile_merchant(base, console.get("/insurance").raise_for_status().json())
    page = f"{base}/insurance/permission?state={{state}}&return_url={{return_url}}"
    values = {
        **merchant.values,
        "permission_url": page,
        "weixin_city": "110100",
        "weixin_location": "116.397,39.907",
    }
    setup = services.add_insurer_setup(
        institution=place(),
        insurer="insurance_mobile",
        details=InsurerDetails(merchant.number, base, values, merchant.secrets),
        reason="测试",
        actor=HOSPITAL,
    )
    services.switch_insurer_setup(setup=setup, is_on=True, reason="测试", actor=HOSPITAL)


def _take_weixin(base: str, console: httpx.Client) -> None:
    rows = Channel.objects.filter(institution__public_id=place(), provider="weixinpay", state="on")
    row = rows.first()
    if row is not None and "in_weixin" in row.ways:
        return
    if row is not None:
        services.change_channel(
            channel=row.public_id,
            setup=Setup(row.number, row.base_url, row.values, [*row.ways, "in_weixin"]),
            reason="测试",
            actor=HOSPITAL,
        )
        return
    made = console.get(f"/weixinpay/merchants/{MERCHANT}").raise_for_status().json()
    channel = services.add_channel(
        institution=place(),
        provider="weixinpay",
        setup=Setup(
            MERCHANT, base, made["values"], ["in_weixin", "browser", "scans"], secrets=made["secrets"]
        ),
        reason="测试",
        actor=HOSPITAL,
    )
    services.switch_channel(channel=channel, is_on=True, reason="测试", actor=HOSPITAL)
