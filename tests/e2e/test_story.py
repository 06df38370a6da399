"""The main job, from the first page to the scan at the window."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

import sdk
from cards import centre
from tests.cards.world import citizen_number
from tests.e2e.conftest import OpenPhone, read_code, readable, shown_code, watch_socket
from tests.e2e.people import CENTRE, agree, answer, choose, fresh_phone, holder, press, sign_in
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.row("ID-13")

Verify = Callable[..., Any]
# Each state that the panel enters from here on.
NOTE_STATES = """() => {
    window.states = [];
    const frame = document.querySelector("[data-frame]");
    const note = () => window.states.push(frame.dataset.state);
    new MutationObserver(note).observe(frame, { attributes: true, attributeFilter: ["data-state"] });
}"""
GROUND = "element => getComputedStyle(element).backgroundColor"


@pytest.fixture
def short_lives() -> Iterator[None]:
    """Codes that live as short as the centre may set, with one window ahead."""
    usual = centre.Rules()
    centre.change_rules(
        actor=CENTRE, reason="测试", lifetime_seconds=15, refresh_seconds=10, prefetch_windows=1
    )
    # Every process sees a change within two seconds.
    time.sleep(centre.CACHE_SECONDS + 0.5)
    yield
    centre.change_rules(
        actor=CENTRE,
        reason="测试",
        lifetime_seconds=usual.lifetime_seconds,
        refresh_seconds=usual.refresh_seconds,
        prefetch_windows=usual.prefetch_windows,
    )
    time.sleep(centre.CACHE_SECONDS + 0.5)


def test_a_resident_applies_shows_the_code_and_sees_the_scan(
    open_phone: OpenPhone, console: Sandbox, terminal: Verify
) -> None:
    page = open_phone()
    number = citizen_number()
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")

    page.goto("/")
    press(page, "登录或注册")
    sign_in(page, fresh_phone(), console)
    press(page, "申领健康卡")
    press(page, "开始申领")
    agree(page)
    press(page, "开始申领")

    choose(page, "居民身份证")
    answer(page, "证件号码是多少？", wrong)
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("最后一位")
    assert page.title().startswith("错误：")
    field = page.get_by_label("证件号码是多少？")
    expect(field).to_have_value(wrong)
    expect(field).to_have_attribute("aria-invalid", "true")
    answer(page, "证件号码是多少？", number)

    expect(page.get_by_label("您的姓名？")).to_be_visible()
    page.go_back()
    page.go_back()
    page.reload()
    expect(page.get_by_label("证件号码是多少？")).to_have_value(number)
    press(page, "下一步")
    answer(page, "您的姓名？", "欧阳·测试")
    press(page, "下一步")
    expect(page.get_by_role("heading", name="请核对您填写的内容")).to_be_visible()
    expect(page.get_by_text(number)).to_be_visible()
    press(page, "提交申请")
    expect(page.get_by_role("heading", name="健康卡已办好")).to_be_visible()
    until_connected = watch_socket(page)
    press(page, "出示健康卡")

    expect(page.locator("[data-image] svg")).to_be_visible()
    expect(page.get_by_text("有效时间还剩")).to_be_visible()
    shown = readable(page)
    until_connected()

    terminal(shown)
    notice = page.locator("[data-used]")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("市人民医院")
    expect(notice).to_contain_text("门诊楼一层收费处")
    expect(notice).to_contain_text("挂号")
    page.wait_for_function("before => window.shownCode !== before", arg=shown)
    assert readable(page) != shown

    with pytest.raises(sdk.CodeUsed) as refused:
        terminal(shown)
    assert refused.value.code == "code_used"
    terminal(shown_code(page))


def test_the_code_is_renewed_in_time_and_survives_a_loss_of_network(
    open_phone: OpenPhone, short_lives: None, terminal: Verify
) -> None:
    allowing, refusing = holder(), holder()
    without = open_phone(refusing)
    without.goto("/card/settings/")
    press(without, "关闭静态码")
    expect(without.get_by_text("静态码已关闭")).to_be_visible()
    page = open_phone(allowing)
    for each in (page, without):
        each.goto("/card/")
    first = shown_code(page)
    left = page.locator("[data-seconds-text]").first
    assert 0 < int(left.inner_text()) <= 15
    # A fresh code stands before the old one ends, so the panel never goes empty or grey.
    page.evaluate(NOTE_STATES)
    page.wait_for_function("before => window.shownCode !== before", arg=first)
    assert page.locator("[data-frame]").get_attribute("data-state") == "live"
    assert page.evaluate("states") == []
    second = readable(page)
    terminal(second)

    page.wait_for_function("before => window.shownCode !== before", arg=second)
    for each in (page, without):
        each.context.set_offline(True)
    before = shown_code(page)
    page.wait_for_function("before => window.shownCode !== before", arg=before)
    coming = shown_code(page)
    assert ":0:" in coming
    terminal(coming)
    expect(page.locator("[data-frame]")).to_have_attribute("data-state", "static")
    assert re.fullmatch(r"[0-9A-F]{64}:1", shown_code(page), re.IGNORECASE)
    assert readable(page)
    expect(page.get_by_text("已换成静态码").first).to_be_visible()
    expect(without.locator("[data-frame]")).to_have_attribute("data-state", "expired")
    expect(without.get_by_text("已过期，点此刷新").first).to_be_visible()

    for each in (page, without):
        each.context.set_offline(False)
        expect(each.locator("[data-frame]")).to_have_attribute("data-state", "live")


def test_the_code_is_enlarged_and_always_black_on_white(open_phone: OpenPhone) -> None:
    page = open_phone(holder(), color_scheme="dark")
    page.goto("/card/")
    panel = page.locator("[data-code]")
    assert panel.evaluate(GROUND) == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    drawing, box = page.locator("[data-image] svg").bounding_box(), panel.bounding_box()
    assert drawing is not None
    assert box is not None
    assert drawing["width"] >= 0.6 * box["width"]
    assert readable(page, page.locator("[data-image]"))

    page.get_by_role("button", name="放大").click()
    large = page.locator("[data-large]")
    expect(large).to_be_visible()
    assert large.evaluate(GROUND) == "rgb(255, 255, 255)"
    assert readable(page)
    bigger = page.locator("[data-large-image] svg").bounding_box()
    assert bigger is not None
    assert bigger["width"] > drawing["width"]
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()


def test_a_frozen_card_shows_no_code_anywhere_and_is_refused_at_the_window(
    open_phone: OpenPhone, terminal: Verify
) -> None:
    resident = holder()
    page, other = open_phone(resident), open_phone(resident)
    until_connected = watch_socket(page)
    page.goto("/card/")
    code = shown_code(page)
    until_connected()

    other.goto("/card/settings/")
    other.get_by_role("link", name="冻结健康卡").click()
    press(other, "冻结")
    expect(other.get_by_text("健康卡已冻结，二维码现在不能使用")).to_be_visible()
    expect(page.locator("[data-image] svg")).to_have_count(0)
    expect(page.get_by_text("已冻结").first).to_be_visible()
    assert read_code(page) == ""
    with pytest.raises(sdk.CardNotInUse) as refused:
        terminal(code)
    assert refused.value.code == "card_frozen"
    other.goto("/card/")
    expect(other.get_by_text("健康卡已停用，二维码不能使用")).to_be_visible()
    expect(other.locator("[data-image]")).to_have_count(0)

    other.goto("/card/settings/unfreeze/")
    press(other, "恢复使用")
    expect(other.get_by_text("健康卡已恢复使用")).to_be_visible()
    other.goto("/card/")
    terminal(shown_code(other))
    page.reload()
    assert readable(page)


@pytest.mark.row("ID-14")
def test_a_lost_card_is_re_issued_and_its_printed_code_is_dead(
    open_phone: OpenPhone, terminal: Verify
) -> None:
    resident = holder()
    printed = f"{resident.card().numbers.get().value}:1"
    terminal(printed)
    page = open_phone(resident)
    page.goto("/card/settings/")
    page.get_by_role("link", name="挂失健康卡").click()
    page.get_by_label("打印的静态码丢了").check()
    press(page, "挂失")
    expect(page.get_by_text("健康卡已挂失，二维码现在不能使用")).to_be_visible()
    with pytest.raises(sdk.CardNotInUse) as lost:
        terminal(printed)
    assert lost.value.code == "card_lost"
    page.get_by_role("link", name="补领健康卡").click()
    page.get_by_label("请填写您的证件号码").fill(resident.card().face["id_number"])
    press(page, "补领")
    expect(page.get_by_text("补领完成，请使用新的二维码")).to_be_visible()
    terminal(shown_code(page))
    with pytest.raises(sdk.EhcError) as dead:
        terminal(printed)
    assert dead.value.code == "card_number_revoked"
    page.goto("/card/history/")
    expect(page.get_by_text("原因：打印的静态码丢了")).to_be_visible()
