"""An institution comes to take part: from its application to the first verified scan."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

import sdk
from foundation.core import clock
from tests.e2e.conftest import OpenPhone, shown_code
from tests.e2e.joining import fresh_serial
from tests.e2e.people import Colleague, code_from, fresh_phone, holder, press, shown_by_authenticator
from tests.e2e.product import Product
from tests.e2e.shown import DESK
from tests.onboarding.applying import JPEG, PDF, answers
from tests.sandbox_server import Sandbox

PASSWORD = "a-long-password-for-tests"
REASON = "按流程办理"


def act(page: Page, button: str) -> None:
    """Send the form of an act, with its reason."""
    page.locator("[name=reason]").fill(REASON)
    page.get_by_role("button", name=button, exact=True).click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def once(page: Page) -> list[str]:
    shown = page.locator("code.once")
    expect(shown.first).to_be_visible()
    return shown.all_inner_texts()


def fill_in(page: Page, serial: int) -> None:
    """Answer every question, each on its page."""
    for data in answers(serial).values():
        for name, value in data.items():
            control = page.locator(f"[name={name}]")
            expect(control).to_be_visible()
            if control.evaluate("element => element.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        press(page, "下一步")
    for kind, content in (("盖章的接入申请表", PDF), ("医疗机构执业许可证", JPEG)):
        page.get_by_text(kind).first.click()
        page.locator("input[type=file]").set_input_files(
            {"name": "scan", "mimeType": "application/octet-stream", "buffer": content}
        )
        press(page, "上传")
        row: Locator = page.locator(".list li", has_text=kind)
        expect(row).to_contain_text("已上传")
    press(page, "下一步")


def set_second_factor(page: Page) -> None:
    """Add an authenticator application, as the first sign-in asks for."""
    page.goto("/staff/second-factor/totp/add/")
    secret = page.locator("dd.figures").inner_text()
    page.locator("input[name=code]").fill(shown_by_authenticator(secret))
    press(page, "启用")
    expect(page).not_to_have_url(re.compile("totp/add"))


@pytest.mark.row("CC-07")
@pytest.mark.row("CC-08")
def test_an_institution_comes_from_its_application_to_its_first_verified_scan(
    open_phone: OpenPhone, console: Sandbox, running: Product
) -> None:
    serial = fresh_serial()
    begun = clock.now()
    applicant = open_phone(viewport=DESK)
    applicant.goto("/staff/sign-in/")
    follow(applicant, "医疗机构申请接入")
    press(applicant, "开始申请")
    phone = fresh_phone()
    applicant.locator("input[name=phone]").fill(phone)
    press(applicant, "获取验证码")
    expect(applicant.locator("input[name=code]")).to_be_visible()
    applicant.locator("input[name=code]").fill(code_from(console, phone))
    press(applicant, "下一步")
    fill_in(applicant, serial)
    press(applicant, "提交申请")
    expect(applicant.locator(".error-summary")).to_contain_text("还没有同意接入协议")
    applicant.get_by_label("我代表机构同意").check()
    press(applicant, "提交申请")
    expect(applicant.get_by_text("待审核")).to_be_visible()
    reference = applicant.locator("strong.figures").inner_text()

    press(applicant, "取得联调凭据")
    test_client, test_key, test_secret = (
        applicant.locator(f"[data-once-value={name}]").inner_text() for name in ("client", "key", "secret")
    )
    card = holder()
    resident = open_phone(card)
    resident.goto("/card/")
    trial = sdk.Client(running.url, test_client, test_key, test_secret)
    first = shown_code(resident)
    assert trial.verify(first, scene="0101012", terminal_id="T0001").person.name
    # However late its socket stands, the page learns that its code was used.
    resident.wait_for_function("before => window.shownCode !== before", arg=first)

    centre = open_phone(Colleague("centre"), viewport=DESK)
    centre.goto("/admin/onboarding/joining/")
    follow(centre, reference)
    expect(centre.get_by_text("盖章的接入申请表").first).to_be_visible()
    follow(centre, "审核通过")
    act(centre, "审核通过")
    assert "/invitation/" in once(centre)[0]

    applicant.goto("/join/mine/")
    press(applicant, "设置管理员账号")
    username = f"admin{serial}"
    for name, value in (("username", username), ("password", PASSWORD), ("again", PASSWORD)):
        applicant.locator(f"input[name={name}]").fill(value)
    press(applicant, "设置账号")
    press(applicant, "去登录")
    applicant.locator("input[name=login]").fill(username)
    applicant.locator("input[name=password]").fill(PASSWORD)
    press(applicant, "登录")
    expect(applicant).to_have_url(re.compile("/staff/second-factor/"))
    set_second_factor(applicant)

    own = "/institution"
    applicant.goto(f"{own}/onboarding/clientrequest/add/")
    applicant.locator("[name=institution]").select_option(index=1)
    applicant.locator("[name=name]").fill("门诊信息系统")
    for scope in ("code:verify", "card:read"):
        applicant.locator(f"input[value='{scope}']").check()
    applicant.locator("[name=purpose]").fill("门诊挂号、取药时核验身份")
    act(applicant, "申请接入应用")
    expect(applicant.get_by_text("等待卡管中心审核")).to_be_visible()

    centre.goto("/admin/onboarding/clientrequest/")
    follow(centre, "门诊信息系统")
    follow(centre, "开通")
    act(centre, "开通")

    applicant.goto(f"{own}/gateway/apiclient/")
    follow(applicant, "门诊信息系统")
    client = applicant.url.split("/apiclient/")[1].split("/")[0]
    follow(applicant, "添加密钥")
    act(applicant, "添加密钥")
    key, secret = once(applicant)

    applicant.goto(f"{own}/institutions/terminal/add/")
    applicant.locator("[name=institution]").select_option(index=1)
    applicant.locator("[name=terminal_id]").fill("T0001")
    applicant.locator("[name=name]").fill("门诊 1 号窗口")
    applicant.locator("[name=kind]").select_option("01")
    applicant.locator("[name=filing_number]").fill("BA-2026-001")
    act(applicant, "添加终端")
    follow(applicant, "T0001")
    follow(applicant, "绑定应用")
    applicant.locator("[name=app]").select_option(client)
    act(applicant, "绑定应用")
    follow(applicant, "生成激活码")
    act(applicant, "生成激活码")
    _, activation = once(applicant)

    his = sdk.Client(running.url, client, key, secret)
    session = his.sign_in_terminal("T0001", activation)
    assert his.report_terminal_alive("T0001", session.terminal_token) > begun
    text = shown_code(resident)
    with pytest.raises(sdk.ClientRefused) as refused:
        his.verify(text, scene="0101012", terminal_id="T0001")
    assert refused.value.code == "terminal_not_signed_in"
    seen = his.verify(text, scene="0101012", terminal_id="T0001", terminal_token=session.terminal_token)
    assert seen.masked
    assert seen.person.name.endswith("人")
    expect(resident.locator("[data-used]")).to_contain_text(f"第{serial}专科")
