"""A browser whose clock the tests hold."""

import time
from collections.abc import Callable

from playwright.sync_api import Page

SHOWN = """window.shown = [];
document.addEventListener('code:shown', (event) => window.shown.push(event.detail.text));"""
# Only a test that fails waits as long as this, however much else the machine does.
PATIENCE_SECONDS = 60
# A page whose clock is held takes itself for as many seconds old as its clock went on before.
AT_MOST_OLD = 2


def hold_clock(page: Page, *, ahead: float = 0) -> None:
    """The page's clock moves only as the test says, from the present on; perhaps it goes wrong."""
    page.clock.install(time=time.time() + ahead)
    # Installed it goes on by itself; a moment that has passed meanwhile is none to stand at.
    page.clock.pause_at(time.time() + ahead + AT_MOST_OLD)
    page.add_init_script(SHOWN)


def until(page: Page, expression: str) -> None:
    """Wait for something to be true (Playwright's own way to wait needs eval, which the policy refuses)."""
    once(page, lambda: page.evaluate(expression), expression)


def once(page: Page, holds: Callable[[], object], what: str = "") -> None:
    """Wait for what comes without the clock."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"never came true: {what}"
        page.wait_for_timeout(25)


def pass_time(page: Page, *, seconds: float, times: int) -> None:
    """Move the clock in steps, between which what was asked for comes back."""
    for _ in range(times):
        page.clock.run_for(round(seconds * 1000))
        page.wait_for_timeout(50)


def pass_time_until(page: Page, holds: Callable[[], object], *, seconds: float) -> None:
    """Move the clock in such steps for as long as it takes."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came, however much time passed"
        pass_time(page, seconds=seconds, times=1)
