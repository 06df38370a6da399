"""One's records in the copy that one takes along, and who read them in the one list of looks."""

from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from foundation.accounts.models import Account
from institutions.rules import Role
from records.services.emergency import keep_emergency_info, open_by_document
from records.services.reports import withdraw_report
from records.services.viewing import open_in_emergency, open_record, read_report_by_grant
from records.types import Contact, EmergencyDetails
from tests.accounts import people
from tests.cards.holding import CardHolder, card_holder
from tests.cards.test_api_resident import Phone
from tests.cards.world import Hospital
from tests.institutions import people as staff
from tests.payments.owing import owed
from tests.records import world
from tests.records.consenting import agree, asked

pytestmark = pytest.mark.django_db


def read_by_consent(who: CardHolder, doctor: Account) -> None:
    """The doctor opens the list, and one report."""
    grant = agree(who, asked(doctor, who)).public_id
    opened = open_record(grant_id=grant, actor=staff.actor(doctor))
    report_id = opened.reports[0].report_id
    read_report_by_grant(grant_id=grant, report_id=report_id, actor=staff.actor(doctor))


def read_in_emergency(who: CardHolder, where: Hospital) -> None:
    nurse = staff.actor(staff.staff(Role.NURSE, where.public_id))
    opening = open_by_document(id_type="01", number=who.id_number, reason="车祸昏迷", actor=nurse)
    open_in_emergency(opening_id=opening, actor=nurse)


def copied(client: Client) -> dict[str, Any]:
    answer = client.post("/me/data/copy/file/")
    assert answer.status_code == 200
    [person] = orjson.loads(answer.content)["persons"]
    return dict(person)


# The copy


@pytest.mark.row("OP-08")
def test_a_copy_holds_every_record_after_a_fresh_proof(
    client: Client, there: Hospital, patient: CardHolder, doctor: Account
) -> None:
    people.signed_in(client, patient.account)
    first = world.details(number="R-1")
    world.report(there, patient, number="R-1", reported_at=first.reported_at)
    world.report(
        there, patient, number="R-1", conclusion="更正后的结论", reported_at=first.reported_at.replace(hour=5)
    )
    keep_emergency_info(
        account_pk=patient.account.pk,
        person_id=patient.card.subject,
        details=EmergencyDetails(blood="A", contacts=(Contact("测试丙", "女儿", "13900009999"),)),
        actor=patient.actor,
    )
    read_by_consent(patient, doctor)
    page = client.get("/me/data/copy/").content.decode()
    assert "/records/unlock/?next=/me/data/copy/" in page
    assert "不含病历内容" in page

    world.open_contents(client)
    assert "不含病历内容" not in client.get("/me/data/copy/").content.decode()
    person = copied(client)
    records = person["records"]
    assert records["left_out"] == ""
    amended = next(one for one in records["reports"] if one["number"] == "R-1")
    assert [version["says"]["conclusion"] for version in amended["versions"]] == ["", "更正后的结论"]
    assert records["visits"][0]["says"]["diagnoses"] == ["急性支气管炎"]
    assert person["emergency_info"]["contacts"][0]["name"] == "测试丙"
    [consent] = person["record_consents"]
    assert consent["receipt"]["statement"]["reader_name"] == "示范医生甲 主任医师"
    assert {(look["by"], look["purpose"]) for look in person["looks"]} == {
        ("示范医生甲 主任医师", "门诊诊疗")
    }


@pytest.mark.row("OP-08")
def test_a_phone_that_lies_open_copies_no_contents(client: Client, patient: CardHolder) -> None:
    people.signed_in(client, patient.account)
    person = copied(client)
    assert person["records"]["left_out"] == "records_locked"
    assert len(person["records"]["reports"]) == 2
    for word in ("血常规", "白细胞", "支气管炎", "咳嗽"):
        assert word not in str(person)


@pytest.mark.row("OP-08")
def test_whoever_only_knew_name_and_number_copies_no_record(client: Client, there: Hospital) -> None:
    barely = card_holder("13900001019")
    world.report(there, barely)
    people.signed_in(client, barely.account)
    assert "确认是我" not in client.get("/me/data/copy/").content.decode()
    person = copied(client)
    assert person["left_out"] == "level_too_low"
    assert "records" not in person


def test_the_mini_program_is_told_whether_a_copy_would_be_whole(patient: CardHolder) -> None:
    phone = Phone(patient.account)
    assert phone.get("copy").json()["records_open"] is False
    assert phone.post("copy").json()["persons"][0]["records"]["left_out"] == "records_locked"


def test_what_was_withdrawn_is_in_the_copy_without_what_it_said(
    client: Client, here: Hospital, patient: CardHolder
) -> None:
    world.report(here, patient, number="R-2", title="发错的报告")
    withdraw_report(institution=here.public_id, number="R-2", reason="发错人", actor=world.HOSPITAL)
    people.signed_in(client, patient.account)
    world.open_contents(client)
    person = copied(client)
    taken_back = next(one for one in person["records"]["reports"] if one["number"] == "R-2")
    assert (taken_back["state"], taken_back["versions"]) == ("withdrawn", [])
    assert "发错的报告" not in str(person)


# Who looked


@pytest.mark.row("OP-07", "ER-01")
def test_one_list_says_who_read_where_when_and_what_for(
    client: Client, here: Hospital, there: Hospital, patient: CardHolder, doctor: Account
) -> None:
    read_by_consent(patient, doctor)
    read_in_emergency(patient, there)
    cashier = staff.at_work(Client(), staff.staff(Role.WINDOW_CLERK, here.public_id, username="cashier"))
    bill = owed(here.public_id, person_pk=patient.card.person_id)
    assert cashier.get(f"/window/bills/{bill.bill_id}/").status_code == 200
    people.signed_in(client, patient.account)
    looks = client.get("/me/data/looks/").context["looks"]
    assert [(look.title, look.what, look.purpose) for look in looks] == [
        ("东区医院", "查看账单", ""),
        ("西区医院", "查看病历", "急救"),
        ("西区医院", "急救中打开病历", "急救"),
        ("东区医院 示范医生甲 主任医师", "查看病历", "门诊诊疗"),
        ("东区医院 示范医生甲 主任医师", "查看病历", "门诊诊疗"),
    ]
    page = client.get("/me/data/looks/").content.decode()
    assert "示范医生甲 主任医师" in page
    assert "/records/access/read/" in page
    told = Phone(patient.account).get("looks").json()
    assert told["is_whole"] is True
    assert told["looks"][3]["by"] == "示范医生甲 主任医师"


def test_whoever_is_not_surely_the_person_learns_of_no_reading(client: Client, there: Hospital) -> None:
    barely = card_holder("13900001019")
    world.report(there, barely)
    read_in_emergency(barely, there)
    people.signed_in(client, barely.account)
    answer = client.get("/me/data/looks/")
    assert answer.context["looks"] == []
    assert "核实过身份才列出来" in answer.content.decode()


def test_nobody_else_finds_these_readings(client: Client, patient: CardHolder, doctor: Account) -> None:
    read_by_consent(patient, doctor)
    other = world.proved("13900001002", "测试乙")
    people.signed_in(client, other.account)
    assert client.get("/me/data/looks/").context["looks"] == []


def test_many_readings_cost_no_more_queries_than_one(
    client: Client, patient: CardHolder, doctor: Account
) -> None:
    read_by_consent(patient, doctor)
    people.signed_in(client, patient.account)
    client.get("/me/data/looks/")
    with CaptureQueriesContext(connection) as for_two:
        client.get("/me/data/looks/")
    for _number in range(4):
        read_by_consent(patient, doctor)
    with CaptureQueriesContext(connection) as for_ten:
        assert len(client.get("/me/data/looks/").context["looks"]) == 10
    # What is remembered for seconds may be asked for anew in between; eight readings more cost no eight.
    assert len(for_ten) <= len(for_two) + 2


def test_a_report_that_was_withdrawn_is_still_named_among_what_was_read(
    client: Client, here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    world.report(here, patient, number="R-3", kind="pathology")
    grant = agree(patient, asked(doctor, patient)).public_id
    opened = open_record(grant_id=grant, actor=staff.actor(doctor))
    read = next(row.report_id for row in opened.reports if row.kind == "pathology")
    read_report_by_grant(grant_id=grant, report_id=read, actor=staff.actor(doctor))
    withdraw_report(institution=here.public_id, number="R-3", reason="发错人", actor=world.HOSPITAL)
    people.signed_in(client, patient.account)
    assert "看了东区医院 病理" in client.get("/records/access/read/").content.decode()
