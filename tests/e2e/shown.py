"""How a page is brought into one of its states."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from cards.rules.steps import Answers
from tests.e2e.people import (
    Colleague,
    Resident,
    press,
)

OpenPhone = Callable[..., Page]
Opening = Callable[[OpenPhone], Page]
Somebody = Callable[[], Resident | Colleague]
WEIXIN = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile MicroMessenger/8.0.47"
ALIPAY = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile AlipayClient/10.6"
DESK = {"width": 1280, "height": 800}
# The sandbox's population database knows this number by another name.
MISMATCH = Answers(id_type="01", id_number="110100199001019910", name="测试甲", nation="01")
FOREIGNER = Answers(id_type="03", id_number="E90000001", name="SAMPLE TRAVELLER")


@dataclass(frozen=True)
class Shown:
    """A page in one of its states.

    Attributes:
        name: What its picture is called.
        route: Its name in the URL conf.
        open: Brings a phone to it.
        is_desk: Made for a desk: looked at there, without care mode.
    """

    name: str
    route: str
    open: Opening
    is_desk: bool = False


def at(path: str, who: Somebody | None = None, **options: Any) -> Opening:
    """Somebody, or nobody, opens an address."""

    def opened(phone: OpenPhone) -> Page:
        page = phone(who() if who else None, **options)
        page.goto(path)
        return page

    return opened


def then(opening: Opening, act: Callable[[Page], object]) -> Opening:
    """What comes after something was done on a page."""

    def opened(phone: OpenPhone) -> Page:
        page = opening(phone)
        act(page)
        return page

    return opened


def sent(button: str, heading: str) -> Callable[[Page], None]:
    """Send the form as it stands."""

    def act(page: Page) -> None:
        press(page, button)
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()

    return act
