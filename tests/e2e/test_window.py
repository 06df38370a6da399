"""The window in a browser: by the keyboard alone, and what comes out on paper."""

import re

import pytest
from playwright.sync_api import expect

from cards.models import Card
from foundation.core import clock
from tests.cards.families import number_of
from tests.cards.world import citizen_number
from tests.e2e.conftest import OpenPhone, read_code
from tests.e2e.people import Colleague
from tests.e2e.shown import DESK
from tests.e2e.without_papers import twins

pytestmark = pytest.mark.row("ID-05")

MILLIMETRE = 96 / 25.4
POINT = 72 / 25.4


def test_from_the_document_to_the_label_by_the_keyboard_alone(open_phone: OpenPhone) -> None:
    page = open_phone(Colleague("window"), viewport=DESK)
    page.goto("/window/")
    page.keyboard.type(f"测试到院人|{citizen_number()}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="健康卡已发放")).to_be_visible()
    expect(page.get_by_role("button", name="打印静态码")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="打印", exact=True)).to_be_focused()
    assert re.fullmatch(r"[0-9A-F]{64}:1", read_code(page, page.locator(".label-code")))


@pytest.mark.parametrize(("size", "paper"), [("label", (60, 40)), ("a6", (105, 148))])
def test_the_label_fits_its_paper_and_its_code_is_large_enough(
    open_phone: OpenPhone, size: str, paper: tuple[int, int]
) -> None:
    page = open_phone(Colleague("window"), viewport=DESK)
    page.goto("/window/")
    page.keyboard.type(f"测试到院人|{citizen_number()}")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="打印静态码").click()
    expect(page.locator(".label")).to_be_visible()
    page.goto(f"{page.url}?size={size}")
    assert re.fullmatch(r"[0-9A-F]{64}:1", read_code(page, page.locator(".label-code")))
    page.emulate_media(media="print")
    code = page.locator(".label-code svg path").first.bounding_box()
    assert code is not None
    assert min(code["width"], code["height"]) >= 25 * MILLIMETRE
    document = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", document)
    assert [tuple(round(float(side) / POINT) for side in box) for box in boxes] == [paper]


@pytest.mark.row("ID-07")
def test_twins_get_their_labels_and_one_gets_its_own_number_later(open_phone: OpenPhone) -> None:
    page = twins(open_phone)
    page.get_by_role("button", name="打印静态码").click()
    second = read_code(page, page.locator(".label-code"))
    page.go_back()
    page.get_by_role("link", name=re.compile("测试妈妈之子")).click()
    page.get_by_role("button", name="打印静态码").click()
    first = read_code(page, page.locator(".label-code"))
    assert re.fullmatch(r"[0-9A-F]{64}:1", first)
    assert first != second

    page.goto("/window/")
    page.get_by_role("link", name=re.compile("补登记证件")).click()
    expect(page.get_by_role("textbox", name="新生儿标签或临时卡上的二维码")).to_be_focused()
    page.keyboard.type(first)
    page.keyboard.press("Enter")
    expect(page.get_by_text("测试妈妈之子", exact=True)).to_be_visible()
    expect(page.locator("#id_id_number")).to_be_focused()
    own = number_of(clock.beijing(clock.now()).date(), sex=1)
    page.keyboard.type(f"测小宝|{own}")
    page.keyboard.press("Enter")
    expect(page.get_by_text("证件已登记，还是同一张卡")).to_be_visible()
    assert Card.objects.get(public_id=page.url.rstrip("/").rpartition("/")[2]).face["id_number"] == own


@pytest.mark.row("ID-08")
def test_a_patient_without_papers_gets_a_wristband_by_the_keyboard_alone(open_phone: OpenPhone) -> None:
    page = open_phone(Colleague("window"), viewport=DESK)
    page.goto("/window/temporary/")
    page.keyboard.type(f"ER{clock.now():%H%M%S%f}")
    page.keyboard.press("Enter")
    expect(page.get_by_text("临时卡，有效至")).to_be_visible()
    expect(page.get_by_role("button", name="打印静态码")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".label svg")).to_be_visible()
    assert re.fullmatch(r"[0-9A-F]{64}:9", read_code(page, page.locator(".label-code")))
