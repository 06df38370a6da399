"""The pages from the arrival to the call: the resident's, the desk's, and the screen's."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from appointments import errors
from appointments.models import CallScreen, CheckInRule, Queue, Ticket
from appointments.rules.queueing import TicketState
from appointments.selectors import check_in as reading
from appointments.services import calling, check_in
from cards.codes.mint import mint_dynamic
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.clock import BEIJING
from identity import services as identity
from identity.rules import Evidence
from identity.types import FamilyLimits, Relation
from institutions.rules import Role
from tests.accounts.people import signed_in
from tests.appointments.waiting import CENTRE, Clinic, arrived, booked, clinic, resident, session
from tests.cards import families
from tests.cards.holding import CardHolder
from tests.institutions import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-05")]

NOON = datetime(2026, 12, 10, 12, 0, tzinfo=BEIJING)


@pytest.fixture(autouse=True)
def noon() -> object:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def where(noon: object) -> Clinic:
    with transaction.atomic():
        return clinic()


@pytest.fixture
def who(where: Clinic) -> CardHolder:
    with transaction.atomic():
        return resident()


@pytest.fixture
def phone(who: CardHolder) -> Client:
    return signed_in(Client(), who.account)


@pytest.fixture
def desk(where: Clinic) -> Client:
    return people.at_work(Client(), people.staff(Role.NURSE, where.institution, username="nurse-2"))


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_from_the_list_to_the_code_to_the_place(where: Clinic, who: CardHolder, phone: Client) -> None:
    booking = booked(who, session(where))
    page = phone.get("/queue/")
    assert "可以签到" in text(page)
    path = f"/appointments/{booking.public_id}/check-in/"
    assert path in page.content.decode()
    assert "定位" not in text(phone.get(path))
    wrong = phone.post(path, {"code": "000"})
    assert wrong.status_code == 422
    assert "签到码不对" in text(wrong)
    right = reading.day_code(where.institution, NOON.date())
    made = phone.post(path, {"code": right}, follow=True)
    ticket = Ticket.objects.get()
    assert made.redirect_chain[-1][0] == f"/queue/{ticket.public_id}/"
    assert "A001" in text(made)
    assert "下一个就是您" in text(made)
    assert phone.get(path).status_code == 302


def test_the_phone_may_say_where_it_is(where: Clinic, who: CardHolder, phone: Client) -> None:
    CheckInRule.objects.create(institution_id=where.institution_pk, latitude="30.5", longitude="114.3")
    path = f"/appointments/{booked(who, session(where)).public_id}/check-in/"
    assert "只用来看您是不是已经到了医院，不保存" in text(phone.get(path))
    far = phone.post(path, {"latitude": "31.5", "longitude": "114.3", "accuracy": "10"})
    assert far.status_code == 422
    assert "还不在医院" in text(far)
    assert phone.post(path, {"latitude": "x", "longitude": "", "accuracy": "1"}).status_code == 422
    assert phone.post(path, {"latitude": "30.5", "longitude": "114.3", "accuracy": "10"}).status_code == 302
    assert Ticket.objects.get().way == "location"


def test_a_check_in_before_its_time_says_when(where: Clinic, who: CardHolder, phone: Client) -> None:
    booking = booked(who, session(where, starts_in=timedelta(hours=5)))
    page = phone.get(f"/appointments/{booking.public_id}/check-in/")
    assert "12月10日 15:00 起可以签到" in text(page)
    assert 'name="code"' not in page.content.decode()


def test_the_place_is_followed_until_the_call(
    where: Clinic, who: CardHolder, phone: Client, desk: Client
) -> None:
    slot = session(where)
    with transaction.atomic():
        for number in (1, 2):
            arrived(where, slot, number)
    booking = booked(who, slot, number=3)
    phone.post(
        f"/appointments/{booking.public_id}/check-in/",
        {"code": reading.day_code(where.institution, NOON.date())},
    )
    mine = f"/queue/{Ticket.objects.get(booking=booking).public_id}/"
    assert "前面还有 2 人" in text(phone.get(mine))
    queue = f"/window/queues/{Queue.objects.get().public_id}/"
    assert "您在哪里叫号" in text(desk.get(queue))
    desk.post(queue, {"desk": "3 诊室"})
    current = ""
    for _ in range(3):
        desk.post(queue, {"act": "next", "ticket": current})
        current = Ticket.objects.get(state=TicketState.CALLED).public_id
    called = phone.get(mine)
    assert "轮到您了" in text(called)
    assert "请到 三层东 3 诊室" in text(called)
    desk.post(queue, {"act": "pass", "ticket": current})
    assert "已往后退 3 位" in text(phone.get(mine))
    desk.post(queue, {"act": "next", "ticket": ""})
    desk.post(queue, {"act": "pass", "ticket": current})
    assert "已过号" in text(phone.get(mine))
    desk.post(queue, {"act": "back", "ticket": current})
    assert Ticket.objects.get(booking=booking).state == TicketState.WAITING


def test_leaving_is_asked_for_and_done_once(where: Clinic, who: CardHolder, phone: Client) -> None:
    booking = booked(who, session(where))
    code = reading.day_code(where.institution, NOON.date())
    phone.post(f"/appointments/{booking.public_id}/check-in/", {"code": code})
    path = f"/queue/{Ticket.objects.get().public_id}/leave/"
    assert "不能恢复" in text(phone.get(path))
    assert phone.post(path).status_code == 302
    assert Ticket.objects.get().state == TicketState.LEFT
    # A second click is led to the same page, and nobody leaves twice.
    assert phone.post(path).headers["Location"] == "/queue/"
    assert AuditEntry.objects.filter(action="queue.left").count() == 1


def test_strangers_and_strange_desks_see_nothing(where: Clinic, who: CardHolder, phone: Client) -> None:
    with transaction.atomic():
        stranger = resident(2)
        ticket = arrived(where, session(where), 1)
    other = signed_in(Client(), stranger.account)
    assert other.get(f"/queue/{ticket.public_id}/").status_code == 404
    assert "没有预约，也没有在候诊" in text(other.get("/queue/"))
    booking = booked(who, session(where, doctor=False))
    assert other.get(f"/appointments/{booking.public_id}/check-in/").status_code == 404
    with transaction.atomic():
        elsewhere = people.at_work(Client(), people.staff(Role.NURSE, people.hospital(2)))
    assert elsewhere.get(f"/window/queues/{ticket.queue.public_id}/").status_code == 404
    assert "心血管内科" not in text(elsewhere.get("/window/queues/"))
    assert phone.get("/window/queues/").status_code in {302, 403}


def test_the_desk_scans_a_card_and_checks_its_holder_in(where: Clinic, who: CardHolder, desk: Client) -> None:
    booking = booked(who, session(where))
    page = desk.get("/window/check-in/")
    form = re.search(r'name="ticket" value="(\w+)"', page.content.decode())
    assert form is not None
    code = mint_dynamic(who.card.numbers.get(), at=clock.now()).text
    found = desk.post("/window/check-in/", {"text": code, "ticket": form[1]}, follow=True)
    assert "测试甲" in text(found)
    path = found.redirect_chain[-1][0]
    refused = desk.post(path, {"place": booking.public_id, "priority": "2", "reason": ""})
    assert refused.status_code == 422
    assert "请填写优先的原因" in text(refused)
    done = desk.post(path, {"place": booking.public_id, "priority": "2", "reason": "80 岁"}, follow=True)
    assert "已签到，A001 号" in text(done)
    assert "已经在候诊" in text(desk.get(path))


def found_at(desk: Client, who: CardHolder) -> str:
    given = {"text": f"测试甲|{who.id_number}", "ticket": "a" * 26}
    return str(desk.post("/window/check-in/", given)["Location"])


def test_the_form_of_the_desk_has_one_button_so_that_enter_does_what_is_chosen(
    where: Clinic, who: CardHolder, desk: Client
) -> None:
    early, late = session(where), session(where, starts_in=timedelta(minutes=90), doctor=False)
    booked(who, early)
    second = booked(who, late)
    path = found_at(desk, who)
    form = desk.get(path).content.decode().partition('<form class="question')[2].partition("</form>")[0]
    assert form.count("<button") == 1
    assert form.count("checked") == 1
    done = desk.post(path, {"place": second.public_id, "priority": "3", "reason": "轮椅"}, follow=True)
    assert "已签到" in text(done)
    assert Ticket.objects.get().booking_id == second.pk
    assert desk.post(path, {"priority": "3", "reason": ""}).status_code == 422
    both = desk.post(
        path, {"place": second.public_id, "line": f"queue:{Queue.objects.get().public_id}", "priority": "3"}
    )
    assert "请把队列改回" in text(both)


def test_who_has_not_booked_waits_in_a_session_that_nobody_has_come_to_yet(
    where: Clinic, who: CardHolder, desk: Client
) -> None:
    schedule = session(where).schedule
    path = found_at(desk, who)
    assert "心血管内科 测试医生 上午，还没有人" in text(desk.get(path))
    assert "请选择要排的队列" in text(desk.post(path, {"place": "line", "priority": "3"}))
    given = {"place": "line", "line": f"session:{schedule.public_id}", "priority": "3"}
    assert "已签到，A001 号" in text(desk.post(path, given, follow=True))
    assert "心血管内科 测试医生 上午，1 人等候" in text(desk.get(path))
    assert desk.post(path, given).status_code == 422
    with transaction.atomic():
        elsewhere = people.actor(people.staff(Role.NURSE, people.hospital(2)))
    with pytest.raises(errors.QueueNotFound):
        check_in.join_session_at_desk(
            schedule=schedule.public_id,
            person_pk=who.card.person_id,
            priority=3,
            reason="",
            actor=elsewhere,
        )


def test_a_desk_hears_of_its_own_queue_and_of_no_other(where: Clinic, desk: Client, phone: Client) -> None:
    with transaction.atomic():
        ticket = arrived(where, session(where), 1)
        other = people.at_work(Client(), people.staff(Role.NURSE, people.hospital(2), username="nurse-3"))
    live = f"/window/queues/{ticket.queue.public_id}/live/"
    assert set(desk.post(f"{live}ticket").json()) == {"ticket", "url"}
    cursor = desk.get(f"{live}changes").json()["cursor"]
    calling.call_next(queue=ticket.queue.public_id, desk="3 诊室", current="", actor=where.nurse)
    news = desk.get(f"{live}changes", {"since": cursor}).json()
    assert [change["kind"] for change in news["changes"]] == ["queue.changed"]
    for stranger, refused in ((other, 404), (phone, 403), (Client(), 302)):
        assert stranger.post(f"{live}ticket").status_code in {refused, 302}
        assert stranger.get(f"{live}changes").status_code in {refused, 302}
    assert other.get(f"{live}changes").status_code == 404


def test_each_way_out_of_a_queue_has_a_form_of_its_own(where: Clinic, desk: Client) -> None:
    with transaction.atomic():
        ticket = arrived(where, session(where), 1)
        arrived(where, session(where, doctor=False), 2)
    queue = f"/window/queues/{ticket.queue.public_id}/"
    desk.post(queue, {"desk": "3 诊室"})
    page = desk.get(queue).content.decode()
    forms = [form.partition("</form>")[0] for form in page.split("<form")[1:]]
    acts = [re.findall(r'name="act"\s+value="(\w+)"', form) for form in forms if 'name="reason"' in form]
    assert acts == [["dismiss"], ["transfer"]]


def test_a_second_call_is_shown_and_heard_as_one(where: Clinic, who: CardHolder, phone: Client) -> None:
    booking = booked(who, session(where))
    code = reading.day_code(where.institution, NOON.date())
    phone.post(f"/appointments/{booking.public_id}/check-in/", {"code": code})
    ticket = Ticket.objects.get()
    calling.call_next(queue=ticket.queue.public_id, desk="3 诊室", current="", actor=where.nurse)

    def alert() -> str:
        page = phone.get(f"/queue/{ticket.public_id}/").content.decode()
        found = re.search(r'data-alert="([^"]+)"', page)
        assert found is not None
        return found[1]

    first = alert()
    calling.recall(ticket=ticket.public_id, actor=where.nurse)
    assert alert() != first
    assert "已再次叫您" in text(phone.get(f"/queue/{ticket.public_id}/"))


def test_the_desk_finds_people_by_their_document_too(where: Clinic, who: CardHolder, desk: Client) -> None:
    given = {"text": f"测试甲|{who.id_number}", "ticket": "a" * 26}
    assert "今天在本院没有预约" in text(desk.post("/window/check-in/", given, follow=True))
    nobody = desk.post("/window/check-in/", {"text": "110101195003089926", "ticket": "b" * 26})
    assert nobody.status_code == 422
    assert "没有找到这个人" in text(nobody)
    assert desk.get(f"/window/check-in/{'x' * 26}/").status_code == 404


def test_a_stale_console_changes_nothing_and_says_so(where: Clinic, desk: Client) -> None:
    slot = session(where)
    with transaction.atomic():
        tickets = [arrived(where, slot, number) for number in (1, 2)]
    queue = f"/window/queues/{tickets[0].queue.public_id}/"
    desk.post(queue, {"desk": "3 诊室"})
    desk.post(queue, {"act": "next", "ticket": ""})
    again = desk.post(queue, {"act": "next", "ticket": ""}, follow=True)
    assert "这个页面已经过时" in text(again)
    assert Ticket.objects.filter(state=TicketState.CALLED).count() == 1
    shown = text(desk.get(queue))
    assert "测试甲" in shown
    assert shown.count("测试甲") == 1
    desk.post(queue, {"act": "pause"})
    assert "恢复叫号" in text(desk.get(queue))


def test_the_screen_shows_numbers_and_no_names(where: Clinic) -> None:
    slot = session(where)
    with transaction.atomic():
        tickets = [arrived(where, slot, number, name="测试王五") for number in (1, 2)]
    calling.call_next(queue=tickets[0].queue.public_id, desk="3 诊室", current="", actor=where.nurse)
    screen = CallScreen.objects.create(
        institution_id=where.institution_pk, department_id=where.department_pk, name="候诊区"
    )
    anybody = Client()
    page = text(anybody.get(f"/screen/{screen.key}/"))
    assert "A001" in page
    assert "3 诊室" in page
    assert "测**" in page
    assert "王五" not in page
    ticket = anybody.post(f"/screen/{screen.key}/live/ticket")
    assert ticket.status_code == 200
    assert set(ticket.json()) == {"ticket", "url"}
    assert anybody.get(f"/screen/{screen.key}/live/changes").json()["changes"] == []
    assert anybody.get(f"/screen/{screen.public_id}/").status_code == 404
    CallScreen.objects.update(is_open=False)
    assert anybody.get(f"/screen/{screen.key}/").status_code == 404
    assert anybody.post(f"/screen/{screen.key}/live/ticket").status_code == 404


def test_a_screen_hears_of_each_call(where: Clinic) -> None:
    with transaction.atomic():
        ticket = arrived(where, session(where), 1)
    screen = CallScreen.objects.create(
        institution_id=where.institution_pk, department_id=where.department_pk, name="候诊区"
    )
    anybody = Client()
    cursor = anybody.get(f"/screen/{screen.key}/live/changes").json()["cursor"]
    calling.call_next(queue=ticket.queue.public_id, desk="3 诊室", current="", actor=where.nurse)
    news = anybody.get(f"/screen/{screen.key}/live/changes", {"since": cursor}).json()
    assert [change["kind"] for change in news["changes"]] == ["queue.changed"]


def test_the_check_in_of_a_child_says_for_whom(where: Clinic) -> None:
    guardian = families.guardian()
    with transaction.atomic():
        child = resident(7, "测小宝")
        identity.open_dependant_holding(
            account_pk=guardian.account.pk,
            person_pk=child.card.person_id,
            relation=Relation.CHILD,
            evidence=Evidence.GUARDIAN_PROOF,
            limits=FamilyLimits(dependants=5, guardians=5),
            actor=CENTRE,
        )
        booking = booked(child, session(where))
    phone = signed_in(Client(), guardian.account)
    page = f"/appointments/{booking.public_id}/check-in/"
    assert "测小宝 · 心血管内科" in phone.get("/queue/").content.decode()
    assert "测小宝" in phone.get(page).content.decode()
    assert "就诊人" not in signed_in(Client(), child.account).get(page).content.decode()
