"""A parent adds a child and shows the child's code, and no other."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import sdk
from cards import family
from cards.models import CardApplication
from tests.cards.families import approve, number_of, years_ago
from tests.e2e.conftest import OpenPhone, read_code, shown_code, watch_socket
from tests.e2e.people import agreed, answer, choose, family_card, holder, press

pytestmark = pytest.mark.row("ID-10")

Verify = Callable[..., Any]


def code_on(page: Page) -> str:
    """The card ID in the code that a scanner reads from the page."""
    expect(page.locator("[data-image] svg").first).to_be_visible()
    return read_code(page, page.locator("[data-image]").first)[:64]


def test_a_parent_adds_a_child_and_shows_the_childs_code(open_phone: OpenPhone) -> None:
    resident = holder("测试家长")
    family_card(resident, "测大宝")
    page = open_phone(resident)
    page.goto("/")
    page.get_by_role("link", name=re.compile("^家人")).click()
    page.get_by_role("link", name=re.compile("添加孩子")).click()
    press(page, "开始申领")
    choose(page, "居民身份证")
    answer(page, "孩子的证件号码是多少？", number_of(years_ago(30)))
    expect(page.get_by_text("需要本人同意").first).to_be_visible()
    answer(page, "孩子的证件号码是多少？", number_of(years_ago(4)))
    answer(page, "孩子的姓名？", "测小宝")
    press(page, "下一步")
    choose(page, "出生医学证明")
    answer(page, "证明上的编号是多少？", "R110100009")
    press(page, "提交申请")
    expect(page.get_by_role("heading", name="申请已收到，正在人工核对")).to_be_visible()
    approve(CardApplication.objects.filter(account=resident.account, state="in_review").get())

    page.goto("/family/")
    page.locator("a.card").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("测小宝")
    cards = {one.name: one.shown for one in family.dependants(resident.account.pk)}
    young, old = cards["测小宝"], cards["测大宝"]
    assert young is not None
    assert old is not None
    assert code_on(page) == young.card.numbers.get().value
    page.locator(".people a").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("测大宝")
    assert code_on(page) == old.card.numbers.get().value


@pytest.mark.row("ID-14")
def test_a_guardian_reports_the_childs_label_lost_and_has_the_card_re_issued(
    open_phone: OpenPhone, terminal: Verify
) -> None:
    resident = holder("测试家长")
    family_card(resident, "测小宝")
    (child,) = family.dependants(resident.account.pk)
    assert child.shown is not None
    printed = f"{child.shown.card.numbers.get().value}:1"
    page = open_phone(resident)
    page.goto(f"/family/{child.person_id}/")
    page.get_by_role("link", name=re.compile("^卡片设置")).click()
    page.get_by_role("link", name=re.compile("^挂失健康卡")).click()
    expect(page.locator(".whose")).to_contain_text("测小宝")
    page.get_by_label("打印的静态码丢了").check()
    press(page, "挂失")
    expect(page.get_by_text("健康卡已挂失，二维码现在不能使用")).to_be_visible()
    with pytest.raises(sdk.CardNotInUse):
        terminal(printed)
    page.get_by_role("link", name=re.compile("^补领健康卡")).click()
    page.get_by_label("请填写您本人的证件号码").fill(resident.card().face["id_number"])
    press(page, "补领")
    expect(page.get_by_text("补领完成，请使用新的二维码")).to_be_visible()
    terminal(shown_code(page))
    with pytest.raises(sdk.EhcError) as dead:
        terminal(printed)
    assert dead.value.code == "card_number_revoked"
    page.goto(f"/family/{child.person_id}/history/")
    expect(page.get_by_text("您代家人办理").first).to_be_visible()
    expect(page.get_by_text("原因：打印的静态码丢了")).to_be_visible()


def test_an_open_code_page_goes_dark_when_the_elder_ends_the_hold(open_phone: OpenPhone) -> None:
    resident, elder = holder("测试家长"), holder("测老人")
    opened = agreed(resident, elder)
    page = open_phone(resident)
    until_connected = watch_socket(page)
    page.goto(f"/family/{opened.person_id}/")
    shown_code(page)
    until_connected()
    settings = open_phone(resident)
    settings.goto(f"/family/{opened.person_id}/settings/freeze/")

    theirs = open_phone(elder)
    theirs.goto("/family/")
    theirs.get_by_role("link", name=re.compile("点这里可以结束代管")).click()
    theirs.get_by_label("本人不同意继续代管").check()
    press(theirs, "结束代管")
    expect(theirs.get_by_text("代管已结束")).to_be_visible()

    expect(page.locator("[data-image] svg")).to_have_count(0)
    expect(page.get_by_text("代管已经结束").first).to_be_visible()
    press(settings, "冻结")
    expect(settings.get_by_role("heading", name=re.compile("代管已经结束"))).to_be_visible()
    assert elder.card().state == "active"
