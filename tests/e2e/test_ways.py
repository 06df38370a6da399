"""Other ways than the straight one: WeChat, staff, hurried fingers, old pages, bare browsers."""

import re

import pytest
from playwright.sync_api import Page, expect

from cards.models import CardApplication
from cards.states import ApplicationState
from tests.e2e.conftest import OpenPhone, read_code, readable, watch_socket
from tests.e2e.people import (
    agree,
    answer,
    answers,
    choose,
    code_from,
    fresh_phone,
    holder,
    newcomer,
    password_of,
    press,
    sign_in,
    totp_of,
)
from tests.e2e.shown import DESK, WEIXIN
from tests.sandbox_server import Sandbox

PASSPORT_NUMBER = "E70000001"


@pytest.fixture
def in_weixin(open_phone: OpenPhone) -> Page:
    return open_phone(user_agent=WEIXIN)


def sign_in_staff(page: Page, username: str) -> None:
    """Sign in with both factors, as somebody of the demo."""
    page.goto("/admin/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(password_of(username))
    press(page, "登录")
    page.locator("input[name=code]").fill(totp_of(username))
    press(page, "登录")


def test_a_reviewer_approves_a_passport_and_the_resident_hears_at_once(open_phone: OpenPhone) -> None:
    resident = newcomer()
    resident.consent()
    page = open_phone(resident)
    page.goto("/card/apply/")
    press(page, "开始申领")
    choose(page, "护照")
    answer(page, "证件号码是多少？", PASSPORT_NUMBER)
    answer(page, "您的姓名？", "SAMPLE TRAVELLER OF TWENTYSIX")
    answer(page, "您的出生日期？", "1990-02-03")
    choose(page, "女")
    press(page, "下一步")
    press(page, "提交申请")
    expect(page.get_by_role("heading", name="申请已收到，正在人工核对")).to_be_visible()
    until_connected = watch_socket(page)
    page.goto("/messages/")
    expect(page.get_by_text("申请转为人工核对")).to_be_visible()
    until_connected()

    desk = open_phone(viewport=DESK)
    sign_in_staff(desk, "reviewer")
    desk.goto("/admin/cards/cardapplication/?state__exact=in_review")
    desk.locator("#result_list tbody tr").last.locator("a").first.click()
    expect(desk.get_by_text(PASSPORT_NUMBER)).to_be_visible()
    expect(desk.get_by_text("证件类型需要人工核对")).to_be_visible()
    desk.get_by_role("link", name="通过", exact=True).click()
    press(desk, "通过")
    expect(desk.locator(".errorlist").first).to_be_visible()
    desk.get_by_label("原因").fill("证件照片与本人一致")
    press(desk, "通过")
    expect(desk.get_by_text("已通过，健康卡已发放")).to_be_visible()

    badge = page.locator("[data-unread]:visible").first
    expect(badge).to_be_visible()
    page.reload()
    page.get_by_role("link", name="健康卡已经办好").click()
    press(page, "查看健康卡")
    assert readable(page)


def test_staff_do_not_get_in_with_a_password_alone(open_phone: OpenPhone) -> None:
    desk = open_phone(viewport=DESK)
    desk.goto("/admin/")
    desk.get_by_label("用户名").fill("auditor")
    desk.get_by_label("密码").fill(password_of("auditor"))
    press(desk, "登录")
    expect(desk.locator("input[name=code]")).to_be_visible()
    desk.goto("/admin/")
    expect(desk).to_have_url(re.compile("/staff/"))
    expect(desk.get_by_text("申领", exact=True)).to_have_count(0)


def test_a_user_of_wechat_signs_in_and_is_the_same_the_next_time(
    in_weixin: Page, open_phone: OpenPhone, console: Sandbox
) -> None:
    page = in_weixin
    console.order("weixin/users", id="e2e-user", nickname="测试用户")
    page.goto("/me/")
    expect(page.get_by_role("link", name="微信登录")).to_be_visible()
    press(page, "微信登录")
    page.get_by_role("link", name="测试用户").click()
    expect(page.get_by_role("heading", name="我的", exact=True)).to_be_visible()
    expect(page.get_by_text("微信").first).to_be_visible()

    again = open_phone(user_agent=WEIXIN)
    again.goto("/me/")
    press(again, "微信登录")
    again.get_by_role("link", name="测试用户").click()
    expect(again.get_by_role("heading", name="我的", exact=True)).to_be_visible()
    expect(again.get_by_text("已登录的设备")).to_be_visible()
    expect(again.get_by_role("button", name="下线")).to_have_count(1)


def test_a_snapshot_user_is_told_to_open_the_page_fully(in_weixin: Page, console: Sandbox) -> None:
    console.order("weixin/users", id="e2e-snapshot", nickname="快照用户", snapshot=True)
    in_weixin.goto("/sign-in/")
    press(in_weixin, "微信登录")
    in_weixin.get_by_role("link", name="快照用户").click()
    expect(in_weixin.get_by_role("heading", name="快照模式")).to_be_visible()
    expect(in_weixin.get_by_text("使用完整服务")).to_be_visible()
    in_weixin.goto("/me/")
    expect(in_weixin).to_have_url(re.compile(r"/sign-in/\?next="))


def test_who_says_no_at_wechat_can_still_sign_in_by_phone(in_weixin: Page) -> None:
    in_weixin.goto("/sign-in/")
    press(in_weixin, "微信登录")
    press(in_weixin, "不同意")
    expect(in_weixin.get_by_text("微信没有完成登录").first).to_be_visible()
    press(in_weixin, "回到首页")
    press(in_weixin, "登录或注册")
    expect(in_weixin.get_by_label("您的手机号是多少？")).to_be_visible()


def test_two_clicks_on_submit_hand_in_one_application_and_give_one_card(open_phone: OpenPhone) -> None:
    resident = newcomer()
    resident.draft(answers())
    page, other = open_phone(resident), open_phone(resident)
    page.goto("/card/apply/check/")
    other.goto("/card/apply/check/")
    button = page.get_by_role("button", name="提交申请")
    button.dblclick()
    other.get_by_role("button", name="提交申请").click()
    for each in (page, other):
        expect(each.get_by_role("heading", name="健康卡已办好")).to_be_visible()
    applications = CardApplication.objects.filter(account=resident.account)
    assert [application.state for application in applications] == [ApplicationState.ISSUED]
    resident.card()


def test_a_stale_tab_does_not_overwrite_what_another_has_saved(open_phone: OpenPhone) -> None:
    resident = newcomer()
    resident.draft(answers("测试甲"))
    page, stale = open_phone(resident), open_phone(resident)
    page.goto("/card/apply/name/")
    stale.goto("/card/apply/name/")
    answer(page, "您的姓名？", "测试乙")
    stale.get_by_label("您的姓名？").fill("测试丙")
    press(stale, "下一步")
    expect(stale.get_by_text("这个页面已经过时").first).to_be_visible()
    page.goto("/card/apply/name/")
    expect(page.get_by_label("您的姓名？")).to_have_value("测试乙")


def test_going_back_after_handing_in_leads_on_and_never_to_a_second_application(
    open_phone: OpenPhone,
) -> None:
    resident = newcomer()
    resident.draft(answers())
    page = open_phone(resident)
    page.goto("/card/apply/")
    page.goto("/card/apply/check/")
    press(page, "提交申请")
    expect(page.get_by_role("heading", name="健康卡已办好")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.locator("h1").first).to_be_visible()
    assert CardApplication.objects.filter(account=resident.account).count() == 1
    page.goto("/card/apply/")
    expect(page).to_have_url(re.compile("[0-9]/card/$"))
    assert readable(page)


def test_the_page_of_somebody_signed_out_asks_to_sign_in_and_leads_back(
    open_phone: OpenPhone, console: Sandbox
) -> None:
    resident = holder()
    page = open_phone(resident)
    page.goto("/me/")
    press(page, "退出登录")
    expect(page.get_by_role("link", name="登录或注册")).to_be_visible()
    page.goto("/card/settings/")
    expect(page.get_by_label("您的手机号是多少？")).to_be_visible()
    page.get_by_label("您的手机号是多少？").fill(resident.phone)
    press(page, "获取验证码")
    page.get_by_label("短信验证码是多少？").fill("000000")
    press(page, "登录")
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_label("短信验证码是多少？").fill(code_from(console, resident.phone))
    press(page, "登录")
    expect(page.get_by_role("heading", name="卡片设置")).to_be_visible()


def test_without_scripts_one_signs_in_applies_and_shows_the_code(
    open_phone: OpenPhone, console: Sandbox
) -> None:
    page = open_phone(java_script_enabled=False)
    sign_in(page, fresh_phone(), console)
    press(page, "申领健康卡")
    press(page, "开始申领")
    agree(page)
    press(page, "开始申领")
    choose(page, "居民身份证")
    given = answers()
    answer(page, "证件号码是多少？", " ".join((given.id_number[:6], given.id_number[6:])))
    answer(page, "您的姓名？", given.name)
    press(page, "下一步")
    press(page, "提交申请")
    # The page that waits asks again by itself.
    expect(page.get_by_role("heading", name="健康卡已办好")).to_be_visible()
    press(page, "出示健康卡")
    expect(page.locator("[data-image] svg")).to_be_visible()
    expect(page.get_by_text("有效时间还剩")).to_be_visible()
    first = read_code(page)
    with page.expect_navigation():
        press(page, "换一个新码")
    expect(page.locator("[data-image] svg")).to_be_visible()
    assert read_code(page) not in ("", first)


def test_care_mode_stays_and_shows_the_code_larger(open_phone: OpenPhone) -> None:
    page = open_phone(holder())
    page.goto("/card/")
    usual = page.evaluate("getComputedStyle(document.body).fontSize")
    press(page, "关怀模式")
    expect(page.locator("html[data-care]")).to_have_count(1)
    assert page.evaluate("getComputedStyle(document.body).fontSize") > usual
    assert readable(page)
    page.goto("/messages/")
    expect(page.get_by_role("button", name="标准模式")).to_be_visible()


def test_english_is_chosen_and_stays(open_phone: OpenPhone) -> None:
    page = open_phone(holder())
    page.goto("/me/")
    press(page, "English")
    expect(page.locator("html[lang=en]")).to_have_count(1)
    for path in ("/", "/card/", "/card/settings/", "/messages/", "/me/"):
        page.goto(path)
        expect(page.locator("html[lang=en]")).to_have_count(1)
        words = page.locator("h1, h2, button:visible, .tabs a").all_inner_texts()
        chinese = [word for word in words if any("\u4e00" <= letter <= "\u9fff" for letter in word)]
        assert set(chinese) <= {"简体中文"}, path


def test_dark_is_chosen_and_stays(open_phone: OpenPhone) -> None:
    page = open_phone(newcomer())
    page.goto("/me/")
    press(page, "深色")
    for path in ("/me/", "/card/"):
        page.goto(path)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 19)"
