"""The consent page as a browser shows it."""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from identity import selectors
from tests.accounts import people
from tests.pages.conftest import OpenPage, Prepare, browser, open_page
from tests.pages.test_browser import AXE, MODES, TOO_SMALL

__all__ = ["browser", "open_page"]

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/consent/?next=/consent/"


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


@pytest.fixture
def as_citizen(client: Client, notice: str, site: str) -> Prepare:
    """What gives a browser the citizen's session before its first page."""
    people.signed_in(client, people.citizen())
    key = client.cookies[settings.SESSION_COOKIE_NAME].value

    def prepare(page: Page) -> None:
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": site}])

    return prepare


@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing(open_page: OpenPage, as_citizen: Prepare, mode: str) -> None:
    page = open_page(PATH, before=as_citizen, bypass_csp=True, reduced_motion="reduce", **MODES[mode])
    page.get_by_role("button", name="同意并继续").click()
    page.wait_for_selector(".error-summary")
    page.add_script_tag(path=AXE)
    findings = page.evaluate("axe.run().then((found) => found.violations)")
    assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in findings] == []


def test_it_fits_a_narrow_phone_with_large_text_and_a_thumb(open_page: OpenPage, as_citizen: Prepare) -> None:
    page = open_page(PATH, before=as_citizen)
    assert page.evaluate(TOO_SMALL) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_both_boxes_are_ticked_by_hand_and_lead_on(open_page: OpenPage, as_citizen: Prepare) -> None:
    page = open_page(PATH, before=as_citizen)
    page.get_by_label("我已阅读并同意《隐私政策》").check()
    page.get_by_label("敏感个人信息").check()
    with page.expect_navigation():
        page.get_by_role("button", name="同意并继续").click()
    account = people.citizen()
    assert selectors.has_consented(account.pk)
