"""The window's pages for people without a certificate."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from foundation.core import clock
from tests.cards.families import number_of, years_ago
from tests.e2e.people import Colleague, press
from tests.e2e.shown import DESK

OpenPhone = Callable[..., Page]
Opening = Callable[[OpenPhone], Page]


def at(path: str) -> Opening:
    """A clerk opens a page."""

    def opened(phone: OpenPhone) -> Page:
        page = phone(Colleague("window"), viewport=DESK)
        page.goto(path)
        return page

    return opened


def mother_read(phone: OpenPhone) -> Page:
    """The reader has typed the mother's document."""
    page = at("/window/newborn/")(phone)
    page.keyboard.type(f"测试妈妈|{number_of(years_ago(30), sex=2)}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="新生儿发卡：孩子的信息")).to_be_visible()
    return page


def describe(page: Page, *, record: str = "B20260001", sex: str = "1") -> None:
    """Type a birth of today."""
    page.locator("[name=record]").fill(record)
    page.locator("[name=birth_date]").fill(clock.beijing(clock.now()).date().isoformat())
    page.locator("[name=sex]").select_option(sex)


def twin_next(phone: OpenPhone) -> Page:
    """The first of twins has a card, and the second is asked for."""
    page = mother_read(phone)
    describe(page)
    press(page, "发卡，再登记同胎的下一个")
    expect(page.get_by_text("上一个孩子的健康卡已发放")).to_be_visible()
    return page


def twins(phone: OpenPhone) -> Page:
    """Both have cards."""
    page = twin_next(phone)
    page.locator("[name=sex]").select_option("2")
    press(page, "发卡")
    expect(page.get_by_role("heading", name="健康卡已发放")).to_be_visible()
    return page


def incomplete(phone: OpenPhone) -> Page:
    """A birth without its record."""
    page = mother_read(phone)
    press(page, "发卡")
    expect(page.locator(".field-wrong").first).to_be_visible()
    return page


def given_temporary(phone: OpenPhone) -> Page:
    """A patient without papers has a card."""
    page = at("/window/temporary/")(phone)
    page.locator("[name=patient_id]").fill(f"ER{clock.now():%H%M%S%f}")
    press(page, "发临时卡")
    expect(page.get_by_text("临时卡，有效至")).to_be_visible()
    return page


def named(phone: OpenPhone) -> Page:
    """The certificate is asked for."""
    page = twins(phone)
    press(page, "有了证件？登记到这张卡")
    expect(page.get_by_role("heading", name="把证件登记到这张卡")).to_be_visible()
    return page


PAGES: tuple[tuple[str, str, Opening], ...] = (
    ("window-mother", "window-mother", at("/window/newborn/")),
    ("window-newborn", "window-newborn", mother_read),
    ("window-newborn-wrong", "window-newborn", incomplete),
    ("window-newborn-twin", "window-newborn", twin_next),
    ("window-twins", "window-card", twins),
    ("window-temporary", "window-temporary", at("/window/temporary/")),
    ("window-temporary-issued", "window-card", given_temporary),
    ("window-by-label", "window-by-label", at("/window/label/")),
    ("window-name", "window-name", named),
)
