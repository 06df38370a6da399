"""What every page is checked for: accessible, and fit for a narrow phone and large type."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.shown import OpenPhone, Shown

AXE = Path(__file__).parent / "vendor" / "axe.min.js"


def check(shown: Shown, open_phone: OpenPhone, request: pytest.FixtureRequest) -> None:
    """Look at the page in every mode, with a picture of each if pictures were asked for."""
    page = shown.open(lambda *who, **options: open_phone(*who, bypass_csp=True, **options))
    page.wait_for_load_state()
    folder = request.config.getoption("--pictures")
    findings = []
    for mode in ("light", "dark") if shown.is_desk else ("light", "dark", "care"):
        switch_to(mode, page)
        if shown.is_desk:
            # The admin's colours fade over; a page that is opened in the dark does not.
            page.reload()
        findings += [f"{mode}: {finding}" for finding in axe(page)]
        if folder:
            picture(page, Path(folder) / f"{shown.name}-{mode}.png")
    assert not findings, "\n".join(findings)
    if not shown.is_desk:
        assert too_wide(page) == []


def picture(page: Page, file: Path) -> None:
    """The whole page, as on a phone that is as high as it."""
    size = page.viewport_size
    assert size is not None
    height = max(size["height"], page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": size["width"], "height": height})
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file)
    page.set_viewport_size(size)


def switch_to(mode: str, page: Page) -> None:
    page.emulate_media(color_scheme="dark" if mode == "dark" else "light")
    page.evaluate("care => document.documentElement.toggleAttribute('data-care', care)", mode == "care")


def axe(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((found) => found.violations)")
    return [f"{each['id']} {[node['html'] for node in each['nodes']]}" for each in found]


def too_wide(page: Page) -> list[str]:
    """Where the page is broader than a narrow phone, and with text of twice the size."""
    wide = []
    page.set_viewport_size({"width": 320, "height": 640})
    for size in ("100%", "200%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
        for care in (False, True):
            switch_to("care" if care else "light", page)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 320:
                wide.append(f"{width} px at {size}{' in care mode' if care else ''}")
    return wide
