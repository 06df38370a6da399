"""What the scripts of the pages do, in a browser whose clock and network the tests hold."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.pages.clocked import hold_clock, once, pass_time, pass_time_until, until
from tests.pages.conftest import OpenPage

CARD = "/styleguide/card/"


def codes_shown(page: Page) -> list[str]:
    shown: list[str] = page.evaluate("window.shown")
    return shown


def answer(page: Page, change: Callable[[dict[str, Any]], None]) -> None:
    """Let the network change what the endpoint of the codes says."""

    def changed(route: Route) -> None:
        payload = route.fetch().json()
        change(payload)
        route.fulfill(json=payload)

    page.route("**/styleguide/codes*", changed)


def test_the_code_is_renewed_ahead_of_its_end(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    assert len(codes_shown(page)) == 1
    page.clock.run_for(20_000)
    assert len(codes_shown(page)) == 1
    with page.expect_response("**/styleguide/codes"):
        page.clock.run_for(8_000)
    until(page, "window.shown.length >= 2")
    assert page.locator("[data-frame]").get_attribute("data-state") == "live"


def test_the_ring_and_the_seconds_run_down(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    page.clock.run_for(10_000)
    left = int(page.locator("[data-seconds-text]").inner_text())
    assert 14 <= left <= 20
    assert float(page.locator("[data-ring]").get_attribute("stroke-dashoffset") or 0) == pytest.approx(
        40, abs=13
    )


def test_the_servers_clock_counts_and_not_the_phones(open_page: OpenPage) -> None:
    page = open_page(CARD + "?slow-phone", before=lambda page: hold_clock(page, ahead=300))
    # The page's own times of loading are the phone's too, so the code counts as fresh.
    page.locator("[data-refresh].button").click()
    page.clock.run_for(2_000)
    assert page.locator("[data-frame]").get_attribute("data-state") == "live"
    assert int(page.locator("[data-seconds-text]").inner_text()) >= 20


def test_short_loss_of_network_is_bridged_and_then_said(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    page.context.set_offline(True)
    pass_time(page, seconds=5, times=8)
    assert len(codes_shown(page)) == 2
    assert page.locator("[data-frame]").get_attribute("data-state") == "live"
    expect(page.locator("[data-note]")).to_have_text("网络不稳，仍可出示")
    pass_time(page, seconds=5, times=6)
    assert len(codes_shown(page)) == 3
    pass_time(page, seconds=5, times=6)
    assert page.locator("[data-frame]").get_attribute("data-state") == "static"
    expect(page.locator("[data-note]")).to_contain_text("已换成静态码")
    page.context.set_offline(False)
    state = page.locator("[data-frame]")
    pass_time_until(page, lambda: state.get_attribute("data-state") == "live", seconds=1)
    expect(page.locator("[data-note]")).to_have_text("")


def test_without_a_static_code_the_last_one_is_greyed_and_never_blank(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    answer(page, lambda payload: payload.update(static=None))
    page.locator("[data-refresh].button").click()
    until(page, "window.shown.length >= 2")
    page.unroute("**/styleguide/codes*")
    page.route("**/styleguide/codes*", lambda route: route.abort())
    pass_time(page, seconds=5, times=24)
    assert page.locator("[data-frame]").get_attribute("data-state") == "expired"
    assert page.locator("[data-image] svg").count() == 1
    again = page.locator(".code-expired")
    expect(again).to_contain_text("已过期，点此刷新")
    page.unroute("**/styleguide/codes*")
    again.click()
    until(page, "document.querySelector('[data-frame]').dataset.state === 'live'")


def test_a_scan_replaces_the_code_at_once_and_says_who_scanned(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    page.evaluate(
        """() => document.dispatchEvent(new CustomEvent('live:code.used', {detail:
        {institution: '示范市第一人民医院', place: '门诊收费 3 号窗口', purpose: '挂号'}}))"""
    )
    until(page, "window.shown.length >= 2")
    expect(page.locator("[data-used]")).to_be_visible()
    expect(page.locator("[data-used-text]")).to_have_text(
        "刚刚被扫码：示范市第一人民医院 · 门诊收费 3 号窗口 · 挂号"
    )
    expect(page.locator("[data-announce]")).not_to_be_empty()
    first, second = codes_shown(page)
    assert first != second


def test_a_used_code_is_not_shown_again_though_the_answer_was_late(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    (used,) = codes_shown(page)

    def late(payload: dict[str, Any]) -> None:
        payload["codes"][0]["text"] = used

    answer(page, late)
    page.evaluate("document.dispatchEvent(new CustomEvent('live:code.used', {detail: {}}))")
    until(page, "document.querySelector('[data-frame]').dataset.state !== 'live'")
    assert codes_shown(page) == [used] or codes_shown(page)[-1] != used


def test_a_card_that_may_not_be_shown_any_more_says_why(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    problem = {"title": "这张卡已冻结", "next_step": "解冻后就能出示"}
    page.route(
        "**/styleguide/codes",
        lambda route: route.fulfill(
            status=409, content_type="application/problem+json", body=json.dumps(problem)
        ),
    )
    page.locator("[data-refresh].button").click()
    expect(page.locator(".code-expired")).to_contain_text("这张卡已冻结")
    expect(page.locator("[data-note]")).to_have_text("解冻后就能出示")
    assert page.locator("[data-image] svg").count() == 0


def test_a_faulty_server_is_asked_again_ever_more_seldom(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503)

    page.route("**/styleguide/codes", refuse)
    for _ in range(60):
        page.clock.run_for(2_000)
    assert 3 <= len(asked) <= 10


def test_a_slow_answer_is_waited_for_and_not_asked_for_again(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/styleguide/codes", hold)
    # To 33 s: asked for at 27 s, and given up at 35 s.
    pass_time(page, seconds=11, times=3)
    once(page, lambda: held)
    assert len(held) == 1
    assert page.locator("[data-frame]").get_attribute("data-state") == "live"


def test_nothing_is_asked_while_the_page_is_hidden_and_at_once_on_return(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.clock.run_for(120_000)
    assert asked == []
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(page, "window.shown.length >= 2")
    assert len(asked) == 1


def test_readers_hear_of_a_new_code_and_not_of_every_second(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock)
    page.evaluate(
        """() => {
        const voice = document.querySelector('[data-announce]');
        window.said = [];
        new MutationObserver(() => window.said.push(voice.textContent)).observe(voice, {childList: true});
        }"""
    )
    page.clock.run_for(20_000)
    assert page.evaluate("window.said") == []
    page.clock.run_for(6_000)
    until(page, "window.shown.length >= 2")
    assert page.evaluate("window.said") == ["已换新码"]


def test_the_code_is_enlarged_on_white_and_follows_the_renewal(open_page: OpenPage) -> None:
    page = open_page(CARD, before=hold_clock, color_scheme="dark")
    page.get_by_role("button", name="放大").click()
    large = page.locator("[data-large]")
    expect(large).to_be_visible()
    assert large.evaluate("element => getComputedStyle(element).backgroundColor") == "rgb(255, 255, 255)"
    expect(large.get_by_text("请调高屏幕亮度")).to_be_visible()
    before = page.locator("[data-large-image]").inner_html()
    page.clock.run_for(28_000)
    until(page, "window.shown.length >= 2")
    assert page.locator("[data-large-image]").inner_html() != before
    page.get_by_role("button", name="缩小").click()
    expect(large).to_be_hidden()


def test_a_double_click_sends_the_form_once(open_page: OpenPage) -> None:
    page = open_page("/styleguide/question/")
    sent: list[str] = []

    def slow(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.url)
            route.fulfill(status=204)  # leaves the person on the page, pressing
        else:
            route.continue_()

    page.route("**/styleguide/question/", slow)
    button = page.locator("form.question button[type=submit]")
    button.evaluate("button => { button.click(); button.click(); button.click(); }")
    once(page, lambda: sent)
    page.wait_for_timeout(300)
    assert len(sent) == 1
    expect(button).to_have_text("请稍候")


def test_spaces_hyphens_and_wide_figures_do_no_harm(open_page: OpenPage) -> None:
    page = open_page("/styleguide/question/")
    field = page.locator("#id_number")
    field.fill(" 110100-2017 1225　００６Ｘ ")
    field.blur()
    assert field.input_value() == "11010020171225006X"


def test_without_a_network_the_form_stays_with_what_was_typed(open_page: OpenPage) -> None:
    page = open_page("/styleguide/question/")
    page.locator("#id_number").fill("110100")
    page.context.set_offline(True)
    page.locator("form.question button[type=submit]").click()
    expect(page.locator(".toast")).to_contain_text("填写的内容还在")
    assert page.locator("#id_number").input_value() == "110100"


def test_a_sheet_opens_and_closes_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/styleguide/")
    opener = page.get_by_role("button", name="切换家人")
    opener.press("Enter")
    expect(page.locator("#family")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#family")).to_be_hidden()
    assert opener.evaluate("element => element === document.activeElement")


def test_a_button_waits_its_seconds(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", before=lambda page: page.clock.install(time=time.time()))
    button = page.locator("[data-wait-seconds]")
    expect(button).to_be_disabled()
    page.clock.run_for(46_000)
    expect(page.get_by_role("button", name="重新获取验证码")).to_be_enabled()


def test_a_waiting_page_asks_again_and_goes_on_when_there_is_an_answer(open_page: OpenPage) -> None:
    page = open_page("/styleguide/waiting/", before=hold_clock)
    pass_time_until(page, page.locator("[data-slow]").is_visible, seconds=4)
    page.route(
        "**/styleguide/codes", lambda route: route.fulfill(json={"done": True, "url": "/styleguide/done/"})
    )
    pass_time_until(page, lambda: page.url.endswith("/styleguide/done/"), seconds=6)
