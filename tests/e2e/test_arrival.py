"""What a browser alone can show of the way from the arrival to the call.

Where the phone is comes from the browser's own geolocation; what it would let one feel and hear is
noted by functions in the place of the browser's.
"""

import pytest
from django.db import transaction
from playwright.sync_api import Geolocation, Page, expect

from appointments.models import Ticket
from appointments.rules.queueing import TicketState, screen_line
from appointments.selectors.calling import visible_screens
from appointments.services import calling, screens
from tests.e2e.conftest import OpenPhone, watch_socket
from tests.e2e.people import CENTRE, Colleague, holder, press
from tests.e2e.queueing import POINT, Day, checking_in
from tests.e2e.shown import DESK

pytestmark = [pytest.mark.row("OP-05")]

HERE = Geolocation(latitude=float(POINT[0]), longitude=float(POINT[1]), accuracy=20)
FAR = Geolocation(latitude=float(POINT[0]) + 0.1, longitude=float(POINT[1]), accuracy=20)
BUTTON = "我已到医院，定位签到"
NOTE = """
    window.vibrated = [];
    window.spoken = [];
    Navigator.prototype.vibrate = (pattern) => window.vibrated.push(pattern) > 0;
    SpeechSynthesis.prototype.speak = (words) => { window.spoken.push(words.text + " " + words.lang); };
"""


def test_a_phone_in_the_hospital_checks_in_by_its_place(open_phone: OpenPhone) -> None:
    page = checking_in(by_location=True, geolocation=HERE, permissions=["geolocation"])(open_phone)
    press(page, BUTTON)
    expect(page.get_by_role("heading", name="正在候诊")).to_be_visible()
    ticket = page.url.rstrip("/").rpartition("/")[2]
    assert Ticket.objects.get(public_id=ticket).way == "location"


def test_a_phone_far_away_is_told_so_and_the_code_is_left(open_phone: OpenPhone) -> None:
    page = checking_in(by_location=True, geolocation=FAR, permissions=["geolocation"])(open_phone)
    press(page, BUTTON)
    expect(page.get_by_text("还不在医院").first).to_be_visible()
    expect(page.get_by_label("请输入今天的签到码")).to_be_visible()
    # Whoever has walked on meanwhile presses again.
    page.context.set_geolocation(HERE)
    press(page, BUTTON)
    expect(page.get_by_role("heading", name="正在候诊")).to_be_visible()


def test_whoever_refuses_their_place_is_led_to_the_code_and_may_ask_again(open_phone: OpenPhone) -> None:
    page = checking_in(by_location=True)(open_phone)
    said = page.get_by_text("没有得到位置。")
    expect(said).to_be_hidden()
    press(page, BUTTON)
    expect(said).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_be_enabled()
    page.context.set_geolocation(HERE)
    page.context.grant_permissions(["geolocation"])
    press(page, BUTTON)
    expect(page.get_by_role("heading", name="正在候诊")).to_be_visible()


def test_the_phone_shakes_at_each_call_and_says_it_to_screen_readers(open_phone: OpenPhone) -> None:
    with transaction.atomic():
        who, day = holder(), Day()
        mine = day.comes(1, who)
    page = open_phone(who)
    page.add_init_script(NOTE)
    connected = watch_socket(page)
    page.goto(f"/queue/{mine}/")
    connected()
    day.calls()
    expect(page.get_by_role("heading", name="轮到您了")).to_be_visible()
    heard = page.locator("[data-heard]")
    expect(heard).to_contain_text("轮到您了")
    assert page.evaluate("vibrated") == [[300, 150, 300]]
    calling.recall(ticket=mine, actor=day.nurse)
    expect(page.get_by_text("已再次叫您")).to_be_visible()
    expect(heard).to_contain_text("第 2 次叫您")
    assert len(page.evaluate("vibrated")) == 2


def spoken(page: Page, count: int) -> list[str]:
    """What the screen has said, once it has said so much."""
    page.wait_for_function("count => window.spoken.length >= count", arg=count)
    return list(page.evaluate("spoken"))


def test_the_screen_speaks_each_call_once_after_somebody_has_switched_it_on(open_phone: OpenPhone) -> None:
    with transaction.atomic():
        day = Day()
        tickets = [day.comes(number) for number in (1, 2, 3)]
        day.calls()
        made = screens.open_screen(department=day.department, name="三层东", reason="测试", actor=CENTRE)
    page = open_phone(viewport={"width": 1920, "height": 1080})
    page.add_init_script(NOTE)
    connected = watch_socket(page, screen_line(made))
    page.goto(f"/screen/{visible_screens(CENTRE).get(public_id=made).key}/")
    connected()
    press(page, "开启语音叫号")
    assert spoken(page, 1) == ["语音叫号已开启 zh-Hans"]
    day.calls(tickets[0])
    assert spoken(page, 2)[1] == "请 A 0 0 2 号到 3 诊室 zh-Hans"
    # Somebody who comes in changes the screen, and nobody is called again by it.
    day.comes(4)
    expect(page.locator(".wall-coming")).to_contain_text("A004")
    calling.recall(ticket=tickets[1], actor=day.nurse)
    assert len(spoken(page, 3)) == 3


def test_enter_in_the_reason_checks_in_what_is_chosen(open_phone: OpenPhone) -> None:
    with transaction.atomic():
        who, first, second = holder(), Day(), Day()
        first.books(who)
        meant = second.books(who)
    page = open_phone(Colleague("nurse"), viewport=DESK)
    page.goto("/window/check-in/")
    page.keyboard.type(who.card().face["id_number"])
    page.keyboard.press("Enter")
    page.locator(f"input[value='{meant.public_id}']").check()
    page.get_by_label("类别").select_option(label="优先")
    page.get_by_label("优先的原因").fill("行动不便")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已签到")).to_be_visible()
    assert Ticket.objects.get(person=who.card().person_id).booking_id == meant.pk


def test_the_desk_sees_who_comes_by_its_socket(open_phone: OpenPhone) -> None:
    with transaction.atomic():
        day = Day()
        day.comes(1)
    page = open_phone(Colleague("nurse"), viewport=DESK)
    page.goto(f"/window/queues/{day.queue}/")
    page.get_by_label("您在哪里叫号？").fill("3 诊室")
    page.keyboard.press("Enter")
    # From here on it asks by itself six times less often.
    page.wait_for_function("() => 'live' in document.documentElement.dataset")
    day.comes(2)
    expect(page.get_by_role("cell", name="A002")).to_be_visible()
    press(page, "叫下一位")
    expect(page.get_by_role("button", name="再叫一次")).to_be_visible()
    assert Ticket.objects.filter(queue__public_id=day.queue, state=TicketState.CALLED).count() == 1
