"""Consent to read records, over the pages and the calls of patient, doctor and hospital (OP-07)."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from institutions.rules import Role
from records.models import RecordAccess
from records.selectors.access import records_of
from records.selectors.readings import accesses_of
from records.services import viewing
from records.services.access import (
    ask_with_code,
    revoke_access,
)
from records.services.viewing import open_record
from tests.cards.holding import CardHolder
from tests.cards.test_api_institution import call, new_key
from tests.cards.test_api_resident import Phone
from tests.cards.world import Hospital
from tests.institutions import people as staff
from tests.records import world
from tests.records.consenting import ALL, agree, asked, everything

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-07")]


def test_the_mini_program_reads_answers_and_takes_back(
    here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    phone = Phone(patient.account)
    shown = ask_with_code(purpose="outpatient", kinds=ALL, actor=staff.actor(doctor))
    told = phone.post(f"access/codes/{shown.text.rstrip('/').rpartition('/')[2]}").json()
    assert (told["reader_name"], told["is_waiting"]) == ("示范医生甲 主任医师", True)
    path = f"access/requests/{told['request_id']}"
    question = phone.get(f"{path}?scoped=1&kinds=lab&sources={here.public_id}").json()
    assert (len(question["opens"]), len(question["stays_shut"])) == (1, 2)
    answer = {"agrees": True, "kinds": ["lab"], "sources": [here.public_id], "seen": question["seen"]}
    stale = phone.post(path, answer | {"seen": "x"})
    assert (stale.status_code, stale.json()["code"]) == (409, "access_changed")
    granted = phone.post(path, answer).json()
    assert granted["state"] == "granted"
    grant = f"access/grants/{granted['grant_id']}"
    assert phone.get(grant).json()["receipt"]["statement"]["opens"] == 1
    open_record(grant_id=granted["grant_id"], actor=staff.actor(doctor))
    assert phone.get("access/readings").json()["accesses"][0]["place"] == "东区医院"
    assert phone.delete(grant).status_code == 204
    assert not phone.get("access").json()["grants"][0]["is_live"]
    stranger = Phone(world.proved("13900001002", "测试乙").account)
    assert stranger.get(grant).status_code == 404
    assert stranger.get(path).status_code == 404


def test_a_hospitals_own_system_reads_by_consent(
    here: Hospital, there: Hospital, patient: CardHolder, doctor: Account
) -> None:
    world.patient_of(here, patient)
    ask = {"patient_id": "P001", "doctor_code": "1001", "purpose": "outpatient", "kinds": ["lab"]}
    wrong = call(here, "/api/v1/access-requests", ask | {"doctor_code": "9"}, key=new_key())
    assert wrong.status_code == 400
    told = call(here, "/api/v1/access-requests", ask, key=new_key()).json()
    assert (told["state"], told["reader_name"]) == ("waiting", "示范医生甲 主任医师")
    grant = agree(patient, told["request_id"], everything(patient, kinds=frozenset({"lab"})))
    path = f"/api/v1/access-requests/{told['request_id']}"
    assert call(here, path, method="GET").json()["grant_id"] == grant.public_id
    record = call(here, f"/api/v1/access/{grant.public_id}/records", method="GET").json()
    assert [one["title"] for one in record["reports"]] == ["血常规"]
    [lab] = record["reports"]
    one = f"/api/v1/access/{grant.public_id}/reports/{lab['report_id']}"
    assert call(here, one, method="GET").json()["results"][0]["value"] == "12.5"
    image = next(item for item in records_of(patient.card.person_id) if item.part == "imaging")
    shut = call(here, f"/api/v1/access/{grant.public_id}/reports/{image.item_id}", method="GET")
    assert (shut.status_code, shut.json()["code"]) == (403, "record_not_covered")
    assert call(there, one, method="GET").status_code == 404
    assert RecordAccess.objects.count() == 2
    revoke_access(grant_id=grant.public_id, account_pk=patient.account.pk, actor=patient.actor)
    ended = call(here, one, method="GET")
    assert (ended.status_code, ended.json()["code"]) == (410, "access_ended")


# Pages


def test_the_whole_way_on_the_pages(
    client: Client, here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    work, phone = staff.at_work(Client(), doctor), Client()
    phone.force_login(patient.account, backend="foundation.accounts.backends.StaffPasswordBackend")
    form = {"purpose": "outpatient", "kinds": ALL, "ticket": "a" * 26, "way": "show", "code": ""}
    waiting = work.post("/doctor/", form)["Location"]
    page = work.get(waiting).content.decode()
    assert "<svg" in page
    token = next(iter(work.session["access_codes"].values())).rstrip("/").rpartition("/")[2]
    question = phone.get(f"/open/access/{token}/")["Location"]
    shown = phone.get(question).content.decode()
    assert "示范医生甲" in shown
    assert "同意后会打开 3 份" in shown
    narrowed = phone.get(question, {"scoped": "1", "kinds": ["lab"], "sources": [here.public_id]})
    text = narrowed.content.decode()
    assert "同意后会打开 1 份" in text
    assert "不会打开的 2 份" in text
    seen = narrowed.context["preview"].digest
    answer = {
        "scoped": "1",
        "kinds": ["lab"],
        "sources": [here.public_id],
        "duration": "week",
        "seen": seen,
        "answer": "agree",
    }
    granted = phone.post(question, answer)["Location"]
    assert work.get(f"{waiting}state").json()["done"]
    record = work.get(waiting)["Location"]
    assert "血常规" in work.get(record).content.decode()
    report = RecordAccess.objects.get().grant.public_id  # type: ignore[union-attr]
    own = records_of(patient.card.person_id)
    lab = next(item for item in own if item.part == "lab")
    assert "白细胞计数" in work.get(f"/doctor/grants/{report}/reports/{lab.item_id}/").content.decode()
    read = phone.get("/records/access/read/").content.decode()
    assert "示范医生甲" in read
    assert "看了东区医院 检验" in read
    assert phone.post(granted).status_code == 302
    assert "已撤回" in phone.get(granted).content.decode()
    refused = work.get(record)
    assert refused.status_code == 410
    assert "授权已撤回或到期" in refused.content.decode()


def test_a_stale_list_is_shown_again_with_what_is_new(
    here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    phone = Client()
    phone.force_login(patient.account, backend="foundation.accounts.backends.StaffPasswordBackend")
    question = f"/records/access/requests/{asked(doctor, patient)}/"
    first = phone.get(question)
    world.report(here, patient, title="刚出的报告")
    items = records_of(patient.card.person_id)
    answer = {
        "scoped": "1",
        "kinds": ALL,
        "sources": sorted({item.institution for item in items}),
        "reach": "all",
        "seen": first.context["preview"].digest,
        "answer": "agree",
    }
    again = phone.post(question, answer)
    assert again.status_code == 409
    assert "清单刚刚有变化" in again.content.decode()
    assert phone.post(question, answer | {"seen": again.context["preview"].digest}).status_code == 302


def test_strangers_find_no_request_no_grant_and_no_reading(
    client: Client, here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    grant = agree(patient, asked(doctor, patient))
    open_record(grant_id=grant.public_id, actor=staff.actor(doctor))
    stranger = world.proved("13900001002", "测试乙")
    client.force_login(stranger.account, backend="foundation.accounts.backends.StaffPasswordBackend")
    for path in (
        f"/records/access/grants/{grant.public_id}/",
        f"/records/access/requests/{grant.request.public_id}/",
        f"/records/access/?person={patient.card.subject}",
    ):
        assert client.get(path).status_code == 404
    assert client.post(f"/records/access/grants/{grant.public_id}/").status_code == 404
    assert "示范医生甲" not in client.get("/records/access/read/").content.decode()
    other = staff.at_work(Client(), staff.staff(Role.DOCTOR, here.public_id, username="doctor2"))
    assert other.get(f"/doctor/grants/{grant.public_id}/").status_code == 404
    assert AuditEntry.objects.filter(action="record.opened").count() == 1
    assert len(accesses_of(patient.card.person_id).rows) == 1


def test_a_doctors_list_pages_and_every_page_is_a_reading(
    here: Hospital, patient: CardHolder, doctor: Account
) -> None:
    for day in range(viewing.PAGE):
        reported_at = world.SIGNED - timedelta(days=day + 1)
        world.report(here, patient, title=f"第{day:02d}次血常规", reported_at=reported_at)
    grant = agree(patient, asked(doctor, patient))
    work, address = staff.at_work(Client(), doctor), f"/doctor/grants/{grant.public_id}/"
    pages = [work.get(address + page).content.decode() for page in ("", "?page=2", "?page=3", "?page=x")]
    # Two reports and a visit of before are the latest.
    titles = [set(re.findall(r"第\d\d次血常规", page)) for page in pages]
    assert [len(found) for found in titles] == [viewing.PAGE - 3, 3, 0, viewing.PAGE - 3]
    assert not titles[0] & titles[1]
    assert ["更早的记录" in page for page in pages] == [True, False, False, True]
    assert 'href="?page=2"' in pages[0]
    assert RecordAccess.objects.count() == 4
    # A hospital's system gets everything at once.
    assert len(open_record(grant_id=grant.public_id, actor=staff.actor(doctor)).reports) == viewing.PAGE + 2
