"""A button that copies a text, where the browser has a clipboard."""

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import OpenPage


def test_a_text_is_copied_and_said_to_be(open_page: OpenPage) -> None:
    def with_clipboard(page: Page) -> None:
        page.add_init_script(
            "Object.defineProperty(navigator, 'clipboard', {value: {"
            "writeText: async (text) => { window.copied = text; }}})"
        )

    page = open_page("/styleguide/", before=with_clipboard)
    page.locator("[data-copies]").click()
    expect(page.locator("#toasts")).to_contain_text("已复制")
    assert page.evaluate("window.copied") == "https://health.example.com/"


@pytest.mark.parametrize("clipboard", ["undefined", "{writeText: async () => { throw new Error('no'); }}"])
def test_where_nothing_can_be_copied_there_is_no_button(open_page: OpenPage, clipboard: str) -> None:
    def without_clipboard(page: Page) -> None:
        page.add_init_script(f"Object.defineProperty(navigator, 'clipboard', {{value: {clipboard}}})")

    page = open_page("/styleguide/", before=without_clipboard)
    button = page.locator("[data-copies]")
    if clipboard != "undefined":
        button.click()
    expect(button).to_be_hidden()


def test_without_scripts_there_is_no_button_to_copy(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", java_script_enabled=False)
    expect(page.locator("[data-copies]")).to_be_hidden()
