"""The pages of accounts and messages as a phone shows them."""

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from foundation.accounts.models import SmsDispatch
from foundation.accounts.sessions import NEEDS_PROOF
from notifications import services as notifications
from tests.accounts import people
from tests.pages.conftest import OpenPage, browser, open_page
from tests.pages.test_browser import AXE, TOO_SMALL

__all__ = ["browser", "open_page"]

pytestmark = pytest.mark.django_db(transaction=True)

Enter = Callable[[Client], object]


@pytest.fixture(scope="module", autouse=True)
def _database_beside_the_browser() -> Iterator[None]:
    """The browser's driver runs a loop in this thread, which Django takes for asynchronous code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def site(live_server: LiveServer) -> str:
    """The address of the product with a database behind it."""
    return str(live_server.url)


def nobody(client: Client) -> None:
    client.get("/sign-in/")


def with_code(client: Client) -> None:
    client.post("/sign-in/", {"phone": people.CITIZEN_PHONE})


def resident(client: Client) -> None:
    account = people.citizen()
    for number, kind in enumerate(("application.approved", "card.frozen", "code.minted")):
        notifications.send_in_app(
            account_id=account.public_id, kind=kind, params={"application": "a"}, dedupe_key=str(number)
        )
    other = people.signed_in(Client(headers={"user-agent": "(iPhone) MicroMessenger/8.0"}), account)
    other.get("/me/")
    people.signed_in(client, account)


def without_messages(client: Client) -> None:
    people.signed_in(client, people.citizen())


def before_second_proof(client: Client) -> None:
    without_messages(client)
    session = client.session
    session[NEEDS_PROOF] = True
    session.save()


def new_staff(client: Client) -> None:
    people.staff()
    client.post("/staff/sign-in/", {"login": "clerk", "password": people.PASSWORD})


def staff_at_the_second_step(client: Client) -> None:
    people.with_totp(people.staff())
    client.post("/staff/sign-in/", {"login": "clerk", "password": people.PASSWORD})


def staff(client: Client) -> None:
    people.signed_in_staff(client, people.with_totp(people.staff()))


def confirmed_staff(client: Client) -> None:
    staff(client)
    client.post("/staff/confirm/", {"password": people.PASSWORD})


PAGES: list[tuple[str, Enter]] = [
    ("/sign-in/", nobody),
    ("/sign-in/code/", with_code),
    ("/sign-in/proof/", before_second_proof),
    ("/me/", resident),
    ("/me/phone/", without_messages),
    ("/messages/", resident),
    ("/messages/", without_messages),
    ("/staff/sign-in/", nobody),
    ("/staff/closed/", nobody),
    ("/staff/second-factor/", new_staff),
    ("/staff/second-factor/totp/add/", new_staff),
    ("/staff/second-factor/passkeys/add/", new_staff),
    ("/staff/second-factor/check/", staff_at_the_second_step),
    ("/staff/second-factor/", staff),
    ("/staff/second-factor/confirm/", staff),
    ("/staff/second-factor/passkeys/", staff),
    ("/staff/second-factor/recovery-codes/", confirmed_staff),
    ("/staff/second-factor/recovery-codes/new/", confirmed_staff),
    ("/staff/second-factor/totp/remove/", confirmed_staff),
    ("/staff/password/", staff),
    ("/staff/confirm/", staff),
    ("/staff/sign-out/", staff),
]


def opened(open_page: OpenPage, site: str, client: Client, path: str, enter: Enter) -> Page:
    enter(client)
    name = settings.SESSION_COOKIE_NAME
    key = client.cookies[name].value if name in client.cookies else ""

    def prepare(page: Page) -> None:
        if key:
            page.context.add_cookies([{"name": name, "value": key, "url": site}])

    page = open_page(path, before=prepare, bypass_csp=True, reduced_motion="reduce")
    assert page.url == site + path
    assert not page.locator("text=系统出了点问题").count()
    return page


@pytest.mark.parametrize(("path", "enter"), PAGES)
def test_axe_finds_nothing_and_it_fits_a_narrow_phone_and_a_thumb(
    open_page: OpenPage, site: str, client: Client, path: str, enter: Enter
) -> None:
    page = opened(open_page, site, client, path, enter)
    page.add_script_tag(path=AXE)
    for change in (
        "",
        "document.documentElement.dataset.theme = 'dark'",
        "document.documentElement.dataset.care = ''",
    ):
        page.evaluate(change)
        findings = page.evaluate("axe.run().then((found) => found.violations)")
        assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in findings] == []
        assert page.evaluate(TOO_SMALL) == []
        picture(page, f"{path}{enter.__name__}{change[-4:-1]}")
    page.evaluate("delete document.documentElement.dataset.care")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name.strip('/').replace('/', '-')}.png", full_page=True)


def test_a_resident_signs_in_and_out_by_thumb(open_page: OpenPage, site: str) -> None:
    page = open_page("/me/")
    page.get_by_label("您的手机号是多少？").fill("139 0000 0001")
    page.get_by_role("button", name="获取验证码").click()
    page.wait_for_url("**/sign-in/code/")
    page.get_by_label("短信验证码是多少？").fill("000000")
    page.get_by_role("button", name="登录").click()
    page.wait_for_selector(".error-summary")
    page.get_by_label("短信验证码是多少？").fill(SmsDispatch.objects.get().code or "")
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/me/")
    page.get_by_text("139****0001").wait_for()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{site}/")


def test_a_resident_signs_in_without_scripts(open_page: OpenPage, site: str) -> None:
    page = open_page("/me/", java_script_enabled=False)
    page.get_by_label("您的手机号是多少？").fill("13900000001")
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("短信验证码是多少？").fill(SmsDispatch.objects.get().code or "")
    page.get_by_role("button", name="登录").click()
    page.get_by_text("139****0001").wait_for()


def test_wechat_stands_first_inside_wechat(open_page: OpenPage) -> None:
    page = open_page(
        "/sign-in/?next=/card/%3Fa=1%26b=2", user_agent="Mozilla/5.0 (iPhone) MicroMessenger/8.0.50"
    )
    link = page.get_by_role("link", name="微信登录")
    assert link.get_attribute("href") == "/sign-in/weixin/?next=%2Fcard%2F%3Fa%3D1%26b%3D2"
    box, field = link.bounding_box(), page.get_by_label("手机号").bounding_box()
    assert box is not None
    assert field is not None
    assert box["y"] < field["y"]
