"""A browser of phone size in front of the running product."""

import base64
import secrets
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from typing import Any

import httpx
import pytest
import zxingcpp
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import connection
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect, sync_playwright
from pytest_django import DjangoDbBlocker

import sdk
from foundation.accounts.models import Account
from foundation.events import live
from institutions import demo as hospitals
from tests.e2e.joining import Applicant
from tests.e2e.people import Colleague, Resident
from tests.e2e.product import Product, product
from tests.sandbox_server import Sandbox
from tools.browser import find as find_chromium

# Only a test that fails waits as long as this, however much else the machine does.
PATIENCE_SECONDS = 60
PHONE = {"width": 390, "height": 844}
OpenPhone = Callable[..., Page]

# The text of the shown code is told by an event; the pages keep it in memory only.
_NOTE_CODES = (
    """addEventListener("code:shown", (event) => { window.shownCode = event.detail.text; }, true);"""
)
_GREY = """async ([png]) => {
    const drawing = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
    const canvas = new OffscreenCanvas(drawing.width, drawing.height).getContext("2d");
    canvas.drawImage(drawing, 0, 0);
    const points = canvas.getImageData(0, 0, drawing.width, drawing.height).data;
    let grey = "";
    for (let at = 0; at < points.length; at += 4)
        grey += String.fromCharCode((points[at] + points[at + 1] + points[at + 2]) / 3);
    return [drawing.width, drawing.height, btoa(grey)];
}"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--pictures=DIR`` keeps a picture of every page in every mode."""
    parser.addoption("--pictures", metavar="DIR", help="write a picture of every page into this folder")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the processes wrote belongs to the report of a test that failed."""
    report = yield
    running = getattr(item, "funcargs", {}).get("running")
    if report.failed and isinstance(running, Product):
        report.sections.append(("what the product's processes wrote", running.said()))
    return report


@pytest.fixture(scope="package")
def running(
    sandbox_url: str, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """The product with all its processes, and its demo data."""
    with ExitStack() as undo:
        undo.enter_context(django_db_blocker.unblock())
        patch = undo.enter_context(pytest.MonkeyPatch.context())
        # Playwright's loop runs in this thread, though nothing here is called from inside it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield undo.enter_context(product(sandbox_url, tmp_path_factory.mktemp("product")))


@pytest.fixture(autouse=True)
def _quiet_log(running: Product) -> None:
    """What was written before this test is not this test's."""
    running.said()


@pytest.fixture(scope="package")
def browser(running: Product) -> Iterator[Browser]:
    """Chromium: the system's if there is one, else Playwright's own."""
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(
                executable_path=find_chromium() or None, args=["--no-sandbox"]
            )
        except Exception as exc:
            pytest.fail(f"There is no Chromium that starts; as root: apt-get install chromium\n{exc}")
        yield chromium
        chromium.close()
        # Beside Playwright's loop Django keeps a connection of its own, which nobody else closes.
        connection.close()


@pytest.fixture
def console(sandbox_url: str) -> Iterator[Sandbox]:
    """The console of the outside systems; unlike ``sandbox`` it leaves their state alone."""
    with httpx.Client(base_url=sandbox_url, timeout=60, trust_env=False) as client:
        yield Sandbox(sandbox_url, client)


@pytest.fixture
def open_phone(browser: Browser, running: Product) -> Iterator[OpenPhone]:
    """Opens a phone, signed in if a resident is given; a script's or policy's fault fails the test."""
    faults: list[str] = []

    def note(text: str) -> None:
        if "Content Security Policy" in text:
            faults.append(text)

    with ExitStack() as contexts:

        def opened(
            who: Resident | Colleague | Applicant | None = None, *, care: bool = False, **options: Any
        ) -> Page:
            usual = {
                "viewport": PHONE,
                "locale": "zh-CN",
                "base_url": running.url,
                "reduced_motion": "reduce",
            }
            context = browser.new_context(**{**usual, **options})
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE_SECONDS * 1000)
            context.add_init_script(_NOTE_CODES)
            cookies = {"care": "1"} if care else {}
            if who is not None:
                cookies["sessionid"] = who.session()
            for name, value in cookies.items():
                context.add_cookies([{"name": name, "value": value, "url": running.url}])
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda message: note(message.text))
            return page

        yield opened
    assert not faults


@pytest.fixture(scope="package")
def terminal(running: Product) -> Callable[[str], Any]:
    """Verifies a code as the window of the demo hospital, with the SDK."""
    keys = hospitals.credentials()["native"]
    client = sdk.Client(running.url, client_id=keys["clientId"], key_id=keys["keyId"], secret=keys["secret"])
    return partial(client.verify, scene="010101", terminal_id="T0001")


def shown_code(page: Page) -> str:
    """The text of the code that the page shows now."""
    page.wait_for_function("() => window.shownCode")
    return str(page.evaluate("window.shownCode"))


def read_code(page: Page, part: Locator | None = None) -> str:
    """What a scanner reads from the screen; empty if there is nothing to read."""
    png = (part or page).screenshot()
    browser = page.context.browser
    assert browser is not None
    blank = browser.new_page()
    try:
        width, height, grey = blank.evaluate(_GREY, [base64.b64encode(png).decode()])
    finally:
        blank.close()
    picture = memoryview(base64.b64decode(grey)).cast("B", shape=[height, width])
    found = zxingcpp.read_barcodes(picture)
    return found[0].text if found else ""


def readable(page: Page, part: Locator | None = None) -> str:
    """Waits until a scanner reads from the screen what the page shows as its code, and gives its text."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        shown = shown_code(page)
        if read_code(page, part) == shown:
            return shown
        assert time.monotonic() < end, "a scanner does not read the code that the page shows"


def watch_socket(page: Page, line: str = "") -> Callable[[], None]:
    """Call it before the page is opened; what it returns waits until news reach the page by its socket.

    Args:
        line: Whose news they are; of the account that is signed in unless told otherwise.
    """
    heard: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: heard.append(str(frame)))

    page.on("websocket", listen)

    def until_connected() -> None:
        mark = secrets.token_hex(8)
        end = time.monotonic() + PATIENCE_SECONDS
        while not any(mark in frame for frame in heard):
            assert time.monotonic() < end, "no news reach the page by its socket"
            live.send_many([(line or _account_on(page), "tests.heard", {"mark": mark})])
            page.wait_for_timeout(200)

    return until_connected


def _account_on(page: Page) -> str:
    """Public id of the account that is signed in on a phone."""
    (key,) = (
        each["value"] for each in page.context.cookies() if each["name"] == settings.SESSION_COOKIE_NAME
    )
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return Account.objects.get(pk=session[SESSION_KEY]).public_id
