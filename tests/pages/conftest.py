"""A browser and a server for the pages that need no database."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.pages.clocked import AT_MOST_OLD, PATIENCE_SECONDS
from tools.browser import find as find_chromium

PHONE = {"width": 390, "height": 844}
OpenPage = Callable[..., Page]
Prepare = Callable[[Page], None]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line in the tests' output."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the product, served from this process."""
    application = StaticFilesHandler(WSGIHandler())
    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_SilentHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: the system's if there is one, else Playwright's own."""
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_chromium() or None,
            args=["--no-sandbox"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[OpenPage]:
    """Opens a page of the site at phone size; a fault of script or policy on it fails the test."""
    faults: list[str] = []

    def note(text: str) -> None:
        if "Content Security Policy" in text:
            faults.append(text)

    with ExitStack() as contexts:

        def opened(path: str, *, care: bool = False, before: Prepare | None = None, **options: Any) -> Page:
            usual = {"viewport": PHONE, "locale": "zh-CN", "base_url": site}
            end = time.monotonic() + PATIENCE_SECONDS
            while True:
                begun = time.monotonic()
                context = browser.new_context(**{**usual, **options})
                context.set_default_timeout(PATIENCE_SECONDS * 1000)
                if care:
                    context.add_cookies([{"name": "care", "value": "1", "url": site}])
                page = context.new_page()
                page.on("pageerror", lambda error: faults.append(str(error)))
                page.on("console", lambda message: note(message.text))
                if before:
                    before(page)
                page.goto(path)
                # A clock that was held before is behind the server's by as long as that took.
                if not before or time.monotonic() - begun <= AT_MOST_OLD or time.monotonic() > end:
                    break
                page.unroute_all(behavior="ignoreErrors")
                context.close()
            contexts.callback(context.close)
            # A request that is under way as the page closes is nobody's fault.
            contexts.callback(page.unroute_all, behavior="ignoreErrors")
            return page

        yield opened
    assert not faults
