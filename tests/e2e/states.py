"""Somebody in each state, and the pages that only they can open."""

from dataclasses import replace

from playwright.sync_api import Page, expect

from cards import family
from cards.models import Card
from cards.rules.life import CardMove
from cards.rules.steps import Answers
from cards.services import activation, certificates, channels, life
from cards.services import application as applications
from cards.services.holder import move_card
from cards.states import Channel
from foundation.accounts import enrolment
from foundation.accounts import services as accounts
from foundation.accounts.models import MethodKind
from identity import services as guardians
from notifications import services as notifications
from tests.cards.world import citizen_number
from tests.e2e.people import (
    CENTRE,
    PASSPORT,
    Colleague,
    Resident,
    agreed,
    answers,
    child_application,
    family_card,
    fresh_phone,
    holder,
    newcomer,
    password_of,
    press,
)
from tests.e2e.shown import ALIPAY, DESK, Opening, OpenPhone, Somebody

# --- somebody in each state -------------------------------------------------------------------


def drafting(given: Answers) -> Somebody:
    def made() -> Resident:
        resident = newcomer()
        resident.draft(given)
        return resident

    return made


def frozen() -> Resident:
    resident = holder()
    life.freeze_card(card_pk=resident.card().pk, reason="holder", actor=resident.actor)
    return resident


def lost() -> Resident:
    resident = frozen()
    life.report_loss(card_pk=resident.card().pk, reason="phone_lost", actor=resident.actor)
    return resident


def with_certificates() -> Resident:
    resident = holder()
    person_pk = resident.card().person_id
    certificates.link_certificate(
        person_pk=person_pk,
        kind="vaccination",
        number=fresh_phone(),
        issuer="示范区疾病预防控制中心",
        actor=CENTRE,
    )
    certificates.claim_certificate(
        person_pk=person_pk,
        kind="blood_donor",
        number=fresh_phone(),
        issuer="示范市中心血站",
        actor=resident.actor,
    )
    return resident


def told() -> Resident:
    resident = holder()
    for kind in ("application.approved", "card.active", "code.minted"):
        notifications.send_in_app(
            account_id=resident.account.public_id,
            kind=kind,
            params={"application": "x", "card": "x"},
            dedupe_key=f"{resident.phone}-{kind}",
        )
    return resident


def silent() -> Resident:
    """A holder who comes back after long silence, and still owes the second proof."""
    return replace(holder(), owes_proof=True)


def from_weixin() -> Resident:
    """Somebody who has only ever come through WeChat."""
    proof = (MethodKind.WEIXIN_OFFICIAL, f"openid-{fresh_phone()}")
    return Resident(enrolment.find_or_open([proof]), "")


def staff(username: str) -> Somebody:
    return lambda: Colleague(username)


def beginner() -> Colleague:
    """Somebody of the staff who has no second factor yet."""
    username = f"beginner{fresh_phone()}"
    accounts.create_staff(username=username, password="a-long-password-for-tests", actor=CENTRE)
    return Colleague(username)


# --- pages whose address is known only when somebody is there ---------------------------------


def waiting(phone: OpenPhone) -> Page:
    resident = newcomer()
    application = resident.apply(answers())
    page = phone(resident)
    page.goto(f"/card/apply/{application.public_id}/wait/")
    return page


def result(given: Answers | None = None, *, withdraws: bool = False) -> Opening:
    def opened(phone: OpenPhone) -> Page:
        resident = newcomer()
        application = resident.apply_and_wait(given or answers())
        if withdraws:
            applications.withdraw_application(application=application, actor=resident.actor)
        page = phone(resident)
        page.goto(f"/card/apply/{application.public_id}/result/")
        return page

    return opened


def ask_for_code(page: Page) -> None:
    page.locator("input[name=phone]").fill(fresh_phone())
    press(page, "获取验证码")
    expect(page.locator("input[name=code]")).to_be_visible()


def wrong_code(page: Page) -> None:
    ask_for_code(page)
    page.locator("input[name=code]").fill("000000")
    page.locator("form.question button").click()
    expect(page.locator(".error-summary")).to_be_visible()


def wrong_number(page: Page) -> None:
    number = citizen_number()
    page.locator("input[name=id_number]").fill(number[:-1] + ("1" if number[-1] != "1" else "2"))
    press(page, "下一步")
    expect(page.locator(".error-summary")).to_be_visible()


def first_certificate(page: Page) -> None:
    page.locator(".list a").first.click()
    expect(page.get_by_role("heading", name="解除关联")).to_be_visible()


def first_message(page: Page) -> None:
    page.locator(".list a").first.click()
    expect(page.locator(".lead")).to_be_visible()


def same_hours(page: Page) -> None:
    page.locator("input[name=starts]").fill("22:00")
    page.locator("input[name=ends]").fill("22:00")
    press(page, "保存")
    expect(page.locator(".error-summary")).to_be_visible()


def tested(page: Page) -> None:
    press(page, "发送")
    expect(page.get_by_text("最近一次")).to_be_visible()


def review(word: str = "") -> Opening:
    def opened(phone: OpenPhone) -> Page:
        application = newcomer().apply_and_wait(PASSPORT)
        page = phone(Colleague("reviewer"), viewport=DESK)
        page.goto(f"/admin/cards/cardapplication/{application.public_id}/{word}")
        return page

    return opened


def parent(*names: str, waits: bool = False) -> Somebody:
    """Somebody with children who have cards, or whose application waits."""

    def made() -> Resident:
        resident = holder()
        for name in names:
            family_card(resident, name)
        if waits:
            child_application(resident, "测小四")
        return resident

    return made


def child_page(path: str = "", *, reported_lost: bool = False) -> Opening:
    def opened(phone: OpenPhone) -> Page:
        resident = holder()
        for name in ("测小宝", "测小妹"):
            family_card(resident, name)
        person_id = family.dependants(resident.account.pk)[0].person_id
        if reported_lost:
            move_card(
                account_pk=resident.account.pk,
                person_id=person_id,
                move=CardMove.REPORT_LOSS,
                actor=resident.actor,
            )
        page = phone(resident)
        page.goto(f"/family/{person_id}/{path}")
        return page

    return opened


def elders_page(path: str = "", *, is_over: bool = False) -> Opening:
    """A page about an elder who agreed, and perhaps took it back meanwhile."""

    def opened(phone: OpenPhone) -> Page:
        asking, elder = holder(), holder("测老人")
        opened = agreed(asking, elder)
        if is_over:
            guardians.end_guardianship(
                account_pk=elder.account.pk,
                holding_id=opened.holding_id,
                reason="not_agreed",
                actor=elder.actor,
            )
        page = phone(asking)
        page.goto(f"/family/{opened.person_id}/{path}")
        return page

    return opened


def child_draft(word: str) -> Opening:
    def opened(phone: OpenPhone) -> Page:
        resident = holder()
        child_application(resident, "测小宝", hands_in=False)
        page = phone(resident)
        page.goto(f"/family/child/{word}/")
        return page

    return opened


def invitation(phone: OpenPhone) -> Page:
    resident = holder()
    made = guardians.invite(
        account_pk=resident.account.pk,
        relation="parent",
        id_type="01",
        id_number=citizen_number(),
        name="测老人",
        actor=resident.actor,
    )
    page = phone(resident)
    page.goto(f"/family/invitations/{made.public_id}/")
    return page


def invited(*, accepts: bool = False) -> Opening:
    def opened(phone: OpenPhone) -> Page:
        asking, elder = holder(), holder("测老人")
        made = guardians.invite(
            account_pk=asking.account.pk,
            relation="parent",
            id_type="01",
            id_number=elder.card().face["id_number"],
            name="测老人",
            actor=asking.actor,
        )
        page = phone(elder)
        page.goto(f"/family/accept/{made.public_id}/")
        if accepts:
            press(page, "同意")
            page.get_by_role("link", name="**人").or_(page.locator(".list a").last).first.click()
            expect(page.get_by_role("button", name="结束代管")).to_be_visible()
        return page

    return opened


def password_given(page: Page) -> None:
    page.locator("input[name=login]").fill("auditor")
    page.locator("input[name=password]").fill(password_of("auditor"))
    press(page, "登录")
    expect(page.locator("input[name=code]")).to_be_visible()


def confirm(page: Page, username: str = "auditor") -> None:
    """Give the password again where a page asks for it first."""
    if "/staff/confirm/" in page.url:
        page.locator("input[name=password]").fill(password_of(username))
        page.locator("form.question button").first.click()
        page.wait_for_url(lambda address: "/staff/confirm/" not in address)


def new_recovery_codes(page: Page) -> None:
    confirm(page, "centre")
    page.locator("form.question button").first.click()
    page.wait_for_url("**/staff/second-factor/recovery-codes/")


def wrong_document(page: Page) -> None:
    page.keyboard.type("11010020171225006Y")
    page.keyboard.press("Enter")
    expect(page.locator(".field-wrong").first).to_be_visible()


def at_window(*, again: bool = False, prints: bool = False) -> Opening:
    """A clerk at a desk, after the reader has typed a document."""

    def opened(phone: OpenPhone) -> Page:
        line = f"测试到院人|{citizen_number()}"
        page = phone(Colleague("window"), viewport=DESK)
        for _ in range(2 if again else 1):
            page.goto("/window/")
            page.keyboard.type(line)
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name="窗口发卡")).to_be_hidden()
        if prints:
            press(page, "打印静态码")
            expect(page.locator(".label svg")).to_be_visible()
        return page

    return opened


def not_printable(phone: OpenPhone) -> Page:
    page = at_window()(phone)
    card = Card.objects.get(public_id=page.url.rstrip("/").rpartition("/")[2])
    life.freeze_card(card_pk=card.pk, reason="测试", actor=CENTRE)
    page.reload()
    return page


def activating(phone: OpenPhone) -> Page:
    """Somebody who named a physical card, and is asked for the code."""
    resident = newcomer()
    resident.consent()
    public_id = activation.begin(
        account_pk=resident.account.pk,
        number="A110099",
        id_type="01",
        id_number=citizen_number(),
        name="测试持卡人",
        actor=resident.actor,
    )
    page = phone(resident)
    page.goto(f"/card/activate/{public_id}/")
    return page


def wrong_claim(page: Page) -> None:
    page.locator("input[name=number]").fill("A1")
    press(page, "下一步")
    page.get_by_role("radio", name="居民身份证").check()
    press(page, "下一步")
    page.locator("input[name=id_number]").fill(citizen_number())
    press(page, "下一步")
    page.locator("input[name=name]").fill("测试持卡人")
    press(page, "下一步")
    expect(page.locator(".error-summary")).to_be_visible()


def in_stopped_channel(phone: OpenPhone) -> Page:
    """Somebody inside an application whose channel the centre has stopped; the others go on."""
    channels.switch_channel(channel=Channel.ALIPAY, is_open=False, reason="测试", actor=CENTRE)
    page = phone(newcomer(), user_agent=ALIPAY)
    page.goto("/card/apply/")
    return page
