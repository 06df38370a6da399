"""Who looked: a code is scanned at a window, and its holder reads by whom, when and for what."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PATIENCE_SECONDS, OpenPhone, shown_code
from tests.e2e.people import family_card, holder, press

pytestmark = pytest.mark.row("ID-16")

Verify = Callable[..., Any]


def until_noted(page: Page) -> None:
    """The entry is written by the relay, a moment after the scan."""
    row = page.locator(".list li", has_text="扫码核验")
    end = time.monotonic() + PATIENCE_SECONDS
    while not row.count():
        assert time.monotonic() < end, "nobody is said to have looked"
        page.wait_for_timeout(500)
        page.reload()


def test_a_holder_reads_who_looked_when_and_for_what(open_phone: OpenPhone, terminal: Verify) -> None:
    page = open_phone(holder())
    page.goto("/me/")
    page.get_by_role("link", name=re.compile("^我的信息")).click()
    page.get_by_role("link", name=re.compile("^谁看过我的信息")).click()
    expect(page.get_by_text("还没有人看过您的信息")).to_be_visible()
    press(page, "看看健康卡")
    terminal(shown_code(page))

    page.goto("/me/data/looks/")
    until_noted(page)
    row = page.locator(".list li").first
    expect(row).to_contain_text("市人民医院")
    expect(row).to_contain_text("挂号")
    expect(row).to_contain_text(re.compile(r"\d+月\d+日 \d\d:\d\d"))


@pytest.mark.row("ID-10")
def test_a_guardian_reads_who_looked_at_the_child_and_nobody_elses(
    open_phone: OpenPhone, terminal: Verify
) -> None:
    resident = holder("测试家长")
    family_card(resident, "测小宝")
    page = open_phone(resident)
    page.goto("/family/")
    page.locator("a.card").first.click()
    terminal(shown_code(page))
    page.get_by_role("link", name=re.compile("^卡片设置")).click()
    page.get_by_role("link", name=re.compile("^谁看过家人的信息")).click()
    expect(page.locator(".whose")).to_contain_text("测小宝")
    until_noted(page)
    expect(page.locator(".list li").first).to_contain_text("市人民医院")
    page.goto("/me/data/looks/")
    expect(page.get_by_text("还没有人看过您的信息")).to_be_visible()
