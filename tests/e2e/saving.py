"""Residents with balances, and the pages of paying for somebody else."""

from playwright.sync_api import Page, expect

from payments import services
from payments.models import PaymentAttempt
from payments.services.pay_links import make_link
from tests.e2e.paying import HOSPITAL, owe, place, scanning, take_online
from tests.e2e.people import Colleague, Resident, holder, press
from tests.e2e.shown import DESK, Opening, OpenPhone

CASHIER = "window"


def saver(amount_fen: int = 20_000) -> Resident:
    """Somebody who topped up at the hospital's till."""
    take_online()
    who = holder()
    account = services.open_account(person_pk=who.card().person_id, actor=HOSPITAL)
    bill = services.open_top_up(account=account, institution=place(), amount_fen=amount_fen, actor=HOSPITAL)
    services.record_till_payment(
        bill=bill.bill_id, captured_fen=amount_fen, receipt=bill.number, actor=HOSPITAL
    )
    return who


def purse_page(what: str = "", *, amount_fen: int = 20_000) -> Opening:
    """The pages of somebody's balance."""

    def opened(phone: OpenPhone) -> Page:
        page = phone(saver(amount_fen) if amount_fen else holder())
        page.goto("/prepaid/")
        page.goto(page.url + what)
        return page

    return opened


def pay_page(*, amount_fen: int = 20_000) -> Opening:
    """A bill of ¥156.40 that is paid from the balance."""

    def opened(phone: OpenPhone) -> Page:
        who = saver(amount_fen)
        page = phone(who)
        page.goto(f"/bills/{owe(who)}/pay/balance/")
        return page

    return opened


def link_page(phone: OpenPhone) -> Page:
    """Asking somebody else to pay."""
    take_online()
    who = holder()
    page = phone(who)
    page.goto(f"/bills/{owe(who)}/pay/link/")
    return page


def made(page: Page) -> None:
    """The link is there, this once."""
    press(page, "生成代付链接")
    page.locator(".bill-code").wait_for()


def asked_page(phone: OpenPhone) -> Page:
    """What somebody sees who was given the link."""
    take_online()
    who = holder()
    link = make_link(bill=owe(who), account=who.account.public_id, actor=who.actor)
    page = phone(holder("测试代付人"))
    page.goto(f"/pay/for/{link.token}/")
    return page


def paid_page(phone: OpenPhone) -> Page:
    """What they see when they have paid."""
    page = asked_page(phone)
    scanning(page)
    attempt = PaymentAttempt.objects.latest("pk")
    services.confirm_attempt(
        attempt=attempt.public_id,
        captured_fen=attempt.amount_fen,
        channel_ref=attempt.public_id,
        actor=HOSPITAL,
    )
    expect(page.get_by_role("heading", name="已替对方付清")).to_be_visible()
    return page


def desk_purse(what: str = "") -> Opening:
    """A balance at the cashier's window."""

    def opened(phone: OpenPhone) -> Page:
        who = saver()
        account = services.open_account(person_pk=who.card().person_id, actor=HOSPITAL)
        page = phone(Colleague(CASHIER), viewport=DESK)
        page.goto(f"/window/prepaid/{account}/{what}")
        return page

    return opened


def desk_pay(*, amount_fen: int = 5_000) -> Opening:
    """A bill of ¥156.40 that is paid from a balance at the cashier's window, and the rest in cash."""

    def opened(phone: OpenPhone) -> Page:
        who = saver(amount_fen)
        account = services.open_account(person_pk=who.card().person_id, actor=HOSPITAL)
        page = phone(Colleague(CASHIER), viewport=DESK)
        page.goto(f"/window/prepaid/{account}/bills/{owe(who)}/")
        return page

    return opened
