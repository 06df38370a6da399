"""The pages as a browser shows them: accessibility, sizes, and work without scripts."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.styleguide import PAGES
from tests.pages.conftest import OpenPage

AXE = Path(__file__).parent.parent / "e2e" / "vendor" / "axe.min.js"
MODES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "care": {"color_scheme": "light", "care": True},
}
# Everything to tap that is smaller than 44 px; links inside a sentence may be as high as its line.
TOO_SMALL = """() => [...document.querySelectorAll('a, button, summary, input, select, textarea, .choice')]
    .filter((item) => item.checkVisibility())
    .filter((item) => !item.matches('.skip, .choice input, p a, li:not(.row) > a'))
    .map((item) => [item.outerHTML.slice(0, 80), item.getBoundingClientRect()])
    .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
    .map(([html, box]) => html + ' ' + box.width + 'x' + box.height)"""
PATHS = ["/styleguide/", *[f"/styleguide/{page}/" for page in PAGES]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing(open_page: OpenPage, path: str, mode: str) -> None:
    # The policy of the page would refuse the checker itself.
    page = open_page(path, bypass_csp=True, reduced_motion="reduce", **MODES[mode])
    page.add_script_tag(path=AXE)
    findings = page.evaluate("axe.run().then((found) => found.violations)")
    assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in findings] == []


@pytest.mark.parametrize("path", PATHS)
def test_it_fits_a_narrow_phone_with_large_text_and_a_thumb(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    assert page.evaluate(TOO_SMALL) == []
    page.evaluate("document.documentElement.dataset.care = ''")
    assert page.evaluate(TOO_SMALL) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_code_takes_most_of_the_width_and_is_white_in_the_dark(open_page: OpenPage) -> None:
    page = open_page("/styleguide/card/", color_scheme="dark")
    box = page.locator("[data-image] svg path").first.bounding_box()
    panel = page.locator("[data-code]").bounding_box()
    assert box is not None
    assert panel is not None
    assert box["width"] >= 0.6 * panel["width"]
    ground = "element => getComputedStyle(element).backgroundColor"
    assert page.locator("[data-code]").evaluate(ground) == "rgb(255, 255, 255)"
    # Four modules on each side; the drawing of this code has 37 modules and its own quiet zone.
    assert box["x"] - panel["x"] >= 4 * box["width"] / 37


def test_the_whole_code_is_in_view_when_the_page_opens(open_page: OpenPage) -> None:
    for care in (False, True):
        page = open_page("/styleguide/card/", care=care)
        code = page.locator("[data-image]").bounding_box()
        tabs = page.locator(".tabs").bounding_box()
        assert code is not None
        assert tabs is not None
        assert code["y"] + code["height"] <= tabs["y"]


def test_a_page_loads_few_files(open_page: OpenPage) -> None:
    asked: list[str] = []
    open_page(
        "/styleguide/card/", before=lambda page: page.on("request", lambda request: asked.append(request.url))
    ).wait_for_load_state("networkidle")
    files = [address for address in asked if not address.startswith("data:")]
    assert len(files) <= 10, files


def test_without_scripts_the_code_is_there_and_can_be_renewed(open_page: OpenPage) -> None:
    page = open_page("/styleguide/card/", java_script_enabled=False)
    assert page.locator("[data-image] svg").is_visible()
    assert page.get_by_text("有效时间还剩").is_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="换一个新码").click()
    expect(page.locator("[data-image] svg")).to_be_visible()
    expect(page.get_by_role("button", name="放大")).to_be_hidden()


def test_without_scripts_care_mode_is_switched_and_kept(open_page: OpenPage) -> None:
    page = open_page("/styleguide/question/", java_script_enabled=False)
    page.get_by_role("button", name="关怀模式").click()
    # The answer leads back to the same address: only what the page shows tells that it has come.
    expect(page.locator("html[data-care]")).to_have_count(1)
    assert page.url.endswith("/styleguide/question/")
    page.goto("/styleguide/done/")
    expect(page.get_by_role("button", name="标准模式")).to_be_visible()


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(open_page: OpenPage) -> None:
    page = open_page("/styleguide/question-wrong/")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    assert page.title().startswith("错误：")
    page.locator(".error-summary a").click()
    assert page.evaluate("document.activeElement.id") == "id_number"
    assert page.locator("#id_number").input_value() == "11010020171225006Y"


def test_the_focus_is_seen_and_not_hidden_by_the_tab_bar(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")
    hidden = []
    for _ in range(60):
        page.keyboard.press("Tab")
        hidden += page.evaluate(
            """() => {
            const item = document.activeElement;
            const tabs = document.querySelector('.tabs');
            if (item.closest('.tabs, .skip') || item === document.body) return [];
            const box = item.getBoundingClientRect();
            const outlined = getComputedStyle(item.closest('.choice') || item).outlineStyle !== 'none';
            const covered = box.bottom > tabs.getBoundingClientRect().top + 1 && box.height < 300;
            return outlined && !covered ? [] : [item.outerHTML.slice(0, 120)];
            }"""
        )
    assert hidden == []


def test_dark_by_choice_wins_over_the_phone(open_page: OpenPage, site: str) -> None:
    page = open_page("/styleguide/done/", color_scheme="light")
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": site}])
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 19)"


def test_the_description_of_the_interfaces_is_readable(open_page: OpenPage) -> None:
    page = open_page("/api/docs/")
    page.locator(".opblock").first.wait_for()
    # Of a long description only what is in sight is drawn.
    for _ in range(200):
        if "/api/v1/codes/verify" in page.inner_text("#swagger-ui").replace("\u200b", ""):
            return
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(50)
    pytest.fail("the call that verifies codes is not described")
