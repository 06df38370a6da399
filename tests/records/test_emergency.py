"""What helps in an emergency: left by residents, opened with a reason, told and reviewed (ER-01)."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from foundation.accounts.models import Account
from foundation.core import clock
from foundation.core.errors import InvalidInput, PermissionRefused, TooManyRequests
from foundation.events.models import OutboxMessage
from identity.errors import LevelTooLow
from institutions.rules import Role
from institutions.sites import institution_site
from records.errors import (
    AccessEnded,
    AccessUnknown,
    EmergencyCodeRefused,
    OwnReview,
    PatientNotFound,
    RecordNotCovered,
)
from records.models import EmergencyInfo, EmergencyOpening, RecordAccess
from records.selectors.emergency import info_of, patient_of
from records.services import viewing
from records.services.emergency import (
    OPENED_PER_DAY,
    keep_emergency_info,
    open_by_code,
    open_by_document,
    review_opening,
)
from records.services.viewing import open_in_emergency, read_report_in_emergency
from records.types import Contact, EmergencyDetails
from tests.architecture.test_admin_scope import address
from tests.cards import world as cards
from tests.cards.holding import CardHolder, card_holder
from tests.cards.test_api_resident import Phone
from tests.cards.world import Holder, Hospital, code_of, static_of
from tests.institutions import people as staff
from tests.records import world

pytestmark = [pytest.mark.django_db, pytest.mark.row("ER-01")]

WHY = "车祸昏迷，需要了解过敏史"
DETAILS = EmergencyDetails(
    blood="O",
    rhesus="-",
    allergies="青霉素过敏",
    conditions="高血压",
    contacts=(Contact("测试丙", "女儿", "13900009999"),),
)


@pytest.fixture
def patient(there: Hospital) -> CardHolder:
    who = world.proved()
    world.report(there, who)
    return who


@pytest.fixture
def nurse(here: Hospital) -> Account:
    return staff.staff(Role.NURSE, here.public_id)


def holder_of(who: CardHolder) -> Holder:
    return Holder(who.card, who.card.numbers.get(), who.id_number)


def keep(who: CardHolder, details: EmergencyDetails = DETAILS) -> None:
    keep_emergency_info(
        account_pk=who.account.pk, person_id=who.card.subject, details=details, actor=who.actor
    )


def open_document(nurse: Account, who: CardHolder, **changes: Any) -> str:
    given: dict[str, Any] = {"id_type": "01", "number": who.id_number, "reason": WHY}
    return open_by_document(**given | changes, actor=staff.actor(nurse))


def test_what_a_resident_left_is_seen_first(patient: CardHolder, nurse: Account) -> None:
    keep(patient)
    opening = open_document(nurse, patient)
    seen = patient_of(opening, staff.actor(nurse))
    assert seen.info is not None
    assert (seen.name, seen.info.blood_words) == ("测试甲", "O 型 Rh 阴性")
    assert seen.info.details.contacts[0].phone == "13900009999"
    reports = open_in_emergency(opening_id=opening, actor=staff.actor(nurse)).reports
    shown = read_report_in_emergency(
        opening_id=opening, report_id=reports[0].report_id, actor=staff.actor(nurse)
    )
    assert shown.title == "血常规"
    assert RecordAccess.objects.filter(emergency__public_id=opening).count() == 2
    [message] = OutboxMessage.objects.filter(topic="emergency.opened.v1")
    assert message.payload["person_id"] == patient.card.subject


def test_a_long_record_pages_and_every_page_is_a_reading(
    here: Hospital, patient: CardHolder, nurse: Account
) -> None:
    for day in range(viewing.PAGE):
        reported_at = world.SIGNED - timedelta(days=day + 1)
        world.report(here, patient, title=f"第{day:02d}次血常规", reported_at=reported_at)
    opening = open_document(nurse, patient)
    work, address = staff.at_work(Client(), nurse), f"/emergency/{opening}/"
    pages = [work.get(address + page).content.decode() for page in ("", "?page=2", "?page=3")]
    titles = [set(re.findall(r"第\d\d次血常规", page)) for page in pages]
    assert len(titles[0] | titles[1]) == viewing.PAGE
    assert titles[1]
    assert not titles[2]
    assert not titles[0] & titles[1]
    assert ["更早的记录" in page for page in pages] == [True, False, False]
    assert RecordAccess.objects.filter(emergency__public_id=opening).count() == 3


@pytest.mark.parametrize("code", [code_of, static_of], ids=["dynamic", "static"])
def test_a_code_on_phone_or_paper_says_who_it_is(code: Any, patient: CardHolder, nurse: Account) -> None:
    opening = open_by_code(
        text=code(holder_of(patient)), reason=WHY, ticket="t" * 26, actor=staff.actor(nurse)
    )
    assert patient_of(opening, staff.actor(nurse)).name == "测试甲"


def test_a_code_that_has_expired_says_to_look_for_a_document_and_the_same_page_takes_it(
    patient: CardHolder, nurse: Account
) -> None:
    work = staff.at_work(Client(), nurse)
    form = {"id_type": "01", "reason": WHY, "ticket": "a" * 26}
    text = code_of(holder_of(patient))
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=False):
        answer = work.post("/emergency/", form | {"who": text})
    page = answer.content.decode()
    assert answer.status_code == 422
    for word in ("二维码已过期，用这个码找不到患者", "请改用患者的证件", WHY):
        assert word in page
    # What was scanned is gone from the field, so that a document can be read into it at once.
    assert text not in page
    assert "a" * 26 not in page
    assert not EmergencyOpening.objects.exists()
    assert work.post("/emergency/", form | {"who": patient.id_number}).status_code == 302
    assert EmergencyOpening.objects.get().way == "document"


def test_a_code_that_was_used_before_says_the_same(patient: CardHolder, nurse: Account) -> None:
    text = code_of(holder_of(patient))
    open_by_code(text=text, reason=WHY, ticket="t" * 26, actor=staff.actor(nurse))
    with pytest.raises(EmergencyCodeRefused) as refused:
        open_by_code(text=text, reason=WHY, ticket="u" * 26, actor=staff.actor(nurse))
    assert "已经使用过" in refused.value.text()


def test_nobody_learns_by_trying_who_is_registered(patient: CardHolder, nurse: Account) -> None:
    for _number in range(OPENED_PER_DAY):
        with pytest.raises(PatientNotFound):
            open_document(nurse, patient, number=cards.citizen_number())
    with pytest.raises(TooManyRequests):
        open_document(nurse, patient)


def test_without_a_reason_a_duty_or_a_person_nothing_opens(patient: CardHolder, here: Hospital) -> None:
    nurse = staff.staff(Role.NURSE, here.public_id)
    clerk = staff.staff(Role.WINDOW_CLERK, here.public_id)
    with pytest.raises(InvalidInput):
        open_document(nurse, patient, reason=" 急 ")
    with pytest.raises(PermissionRefused):
        open_document(clerk, patient)
    with pytest.raises(PatientNotFound):
        open_document(nurse, patient, number=cards.citizen_number())
    assert not EmergencyOpening.objects.exists()


def test_it_is_for_who_opened_it_and_for_two_hours(
    patient: CardHolder, here: Hospital, nurse: Account
) -> None:
    opening = open_document(nurse, patient)
    other = staff.staff(Role.DOCTOR, here.public_id)
    with pytest.raises(AccessUnknown):
        open_in_emergency(opening_id=opening, actor=staff.actor(other))
    stranger = world.report(here, world.proved("13900001002", "测试乙"))
    with pytest.raises(RecordNotCovered):
        read_report_in_emergency(opening_id=opening, report_id=stranger.report_id, actor=staff.actor(nurse))
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        with pytest.raises(AccessEnded):
            open_in_emergency(opening_id=opening, actor=staff.actor(nurse))


def test_a_reviewer_of_the_hospital_decides_once_and_never_about_themselves(
    patient: CardHolder, here: Hospital, there: Hospital, nurse: Account
) -> None:
    opening = open_document(nurse, patient)
    reviewer = staff.staff(Role.INSTITUTION_ADMIN, here.public_id)
    elsewhere = staff.staff(Role.INSTITUTION_ADMIN, there.public_id)
    review: dict[str, Any] = {"opening": opening, "is_justified": False, "finding": "病人清醒，可以问"}
    with pytest.raises(AccessUnknown):
        review_opening(**review, actor=staff.actor(elsewhere))
    with pytest.raises(PermissionRefused):
        review_opening(**review, actor=staff.actor(nurse))
    EmergencyOpening.objects.update(reader=reviewer.public_id)
    with pytest.raises(OwnReview):
        review_opening(**review, actor=staff.actor(reviewer))
    EmergencyOpening.objects.update(reader=nurse.public_id)
    review_opening(**review, actor=staff.actor(reviewer))
    row = EmergencyOpening.objects.get()
    assert (row.state, row.finding, row.reviewer) == ("unjustified", "病人清醒，可以问", reviewer.public_id)
    with pytest.raises(AccessUnknown):
        review_opening(**review, actor=staff.actor(reviewer))


def test_only_a_sure_holder_or_a_childs_guardian_leaves_anything(patient: CardHolder) -> None:
    keep(patient)
    keep(patient, EmergencyDetails(blood="A"))
    info = info_of(patient.card.person_id)
    assert info is not None
    assert (info.details.blood, EmergencyInfo.objects.count()) == ("A", 1)
    with pytest.raises(InvalidInput):
        keep(patient, EmergencyDetails(blood="Z"))
    with pytest.raises(InvalidInput):
        keep(patient, EmergencyDetails(contacts=(Contact("测试丙", "女儿", ""),)))
    barely = card_holder("13900001009")
    with pytest.raises(LevelTooLow):
        keep(barely)


# Pages


def test_the_pages_of_rescuer_resident_and_reviewer(
    patient: CardHolder, here: Hospital, nurse: Account
) -> None:
    phone = Client()
    phone.force_login(patient.account, backend="foundation.accounts.backends.StaffPasswordBackend")
    form = {"blood": "O", "rhesus": "-", "allergies": "青霉素过敏", "contact0_name": "测试丙"}
    half = phone.post("/records/emergency/", form)
    assert half.status_code == 422
    assert "请填写紧急联系人的电话" in half.content.decode()
    assert phone.post("/records/emergency/", form | {"contact0_phone": "13900009999"}).status_code == 302
    assert "青霉素过敏" in phone.get("/records/emergency/").content.decode()

    work = staff.at_work(Client(), nurse)
    ask = {"who": f"测试甲|{patient.id_number}", "id_type": "01", "reason": "", "ticket": "a" * 26}
    assert work.post("/emergency/", ask).status_code == 422
    opened = work.post("/emergency/", ask | {"reason": WHY})["Location"]
    page = work.get(opened).content.decode()
    for word in ("测试甲", "O 型 Rh 阴性", "青霉素过敏", "13900009999", "血常规"):
        assert word in page
    report = world.records_of(patient)[0].item_id
    assert "白细胞计数" in work.get(f"{opened}reports/{report}/").content.decode()
    read = phone.get("/records/access/read/").content.decode()
    assert "急救" in read
    assert "东区医院" in read

    reviewer = staff.at_work(Client(), staff.staff(Role.INSTITUTION_ADMIN, here.public_id))
    row = EmergencyOpening.objects.get()
    shown = reviewer.get(address(institution_site, EmergencyOpening, "change", row.public_id))
    assert WHY in shown.content.decode()
    act = address(institution_site, EmergencyOpening, "do", row.public_id, "review")
    answer = {"outcome": "justified", "reason": "情况属实", "ticket": "b" * 26}
    assert reviewer.post(act, answer).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.finding) == ("justified", "情况属实")
    other = staff.at_work(Client(), staff.staff(Role.DOCTOR, here.public_id))
    assert other.get(opened).status_code == 404


def test_the_page_keeps_every_contact_that_was_left(patient: CardHolder) -> None:
    several = tuple(Contact(f"测试{name}", "", f"1390000999{place}") for place, name in enumerate("丙丁戊"))
    keep(patient, EmergencyDetails(blood="A", contacts=several))
    phone = Client()
    phone.force_login(patient.account, backend="foundation.accounts.backends.StaffPasswordBackend")
    form = phone.get("/records/emergency/").context["form"]
    shown = {bound.html_name: bound.value() or "" for bound in form.visible_fields()}
    assert phone.post("/records/emergency/", shown | {"contact1_name": "", "contact1_phone": ""})
    info = info_of(patient.card.person_id)
    assert info is not None
    assert [contact.name for contact in info.details.contacts] == ["测试丙", "测试戊"]
    assert info.details.blood == "A"


def test_the_mini_program_keeps_what_rescuers_are_to_know(patient: CardHolder) -> None:
    phone = Phone(patient.account)
    assert phone.get("emergency-info").json()["blood"] == ""
    body = {"blood": "AB", "contacts": [{"name": "测试丙", "phone": "13900009999"}]}
    assert phone.put("emergency-info", body).status_code == 204
    told = phone.get("emergency-info").json()
    assert (told["blood"], told["contacts"][0]["name"]) == ("AB", "测试丙")
    assert phone.put("emergency-info", {"blood": "Z"}).status_code == 400


def test_one_form_opens_once(patient: CardHolder, nurse: Account) -> None:
    work = staff.at_work(Client(), nurse)
    form = {"id_type": "01", "reason": WHY, "ticket": "a" * 26}
    for who in (patient.id_number, code_of(holder_of(patient))):
        told = [work.post("/emergency/", form | {"who": who})["Location"] for _click in range(2)]
        assert told == [f"/emergency/{EmergencyOpening.objects.get().public_id}/"] * 2
    assert OutboxMessage.objects.filter(topic="emergency.opened.v1").count() == 1
    # Another form, another reader and another patient are another opening.
    other = world.proved("13900001002", "测试乙")
    work.post("/emergency/", form | {"who": patient.id_number, "ticket": "b" * 26})
    work.post("/emergency/", form | {"who": other.id_number})
    doctor = staff.staff(Role.DOCTOR, EmergencyOpening.objects.earliest("pk").institution.public_id)
    staff.at_work(Client(), doctor).post("/emergency/", form | {"who": patient.id_number})
    assert EmergencyOpening.objects.count() == 4
