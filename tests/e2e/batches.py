"""Lists of people in a browser: handed in by a clerk, with their pages."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.cards.listing import csv_of, line
from tests.e2e.people import Colleague, fresh_phone

DESK = {"width": 1280, "height": 800}
ROOT = "/institution/cards/batch/"


def batch(act: Callable[[Page], object] | None = None) -> Callable[..., Page]:
    """A list with somebody who gets a card, some unnamed and a repetition, when it is done."""

    def opened(phone: Callable[..., Page]) -> Page:
        page = phone(Colleague("hospital"), viewport=DESK)
        page.goto(f"{ROOT}add/")
        first = line(patient=f"MZ{fresh_phone()}")
        rows = [first, line("无名氏", "", "MZ1002"), line("测试乙", "11010020171225", "MZ1003"), first]
        page.set_input_files(
            "input[name=file]",
            {"name": "patients.csv", "mimeType": "text/csv", "buffer": csv_of(rows)},
        )
        page.locator("textarea[name=reason]").fill("按工单办理")
        page.locator("input[type=submit]").click()
        # The page asks for itself again; nobody presses anything.
        expect(page.locator("#progress label").first).to_have_text("已完成", timeout=60_000)
        if act is not None:
            act(page)
        return page

    return opened


def results(page: Page) -> None:
    page.get_by_role("link", name="逐行结果").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(4)


def printable(page: Page) -> None:
    page.get_by_role("link", name="打印待实名清单").click()
    expect(page.locator("#content table tbody tr")).to_have_count(2)


def completing(page: Page) -> None:
    page.get_by_role("link", name="待实名清单", exact=True).click()
    page.locator("#result_list tbody tr a").first.click()
    page.get_by_role("link", name="核对证件并发卡").click()
    expect(page.locator("input[name=id_number]")).to_be_visible()
