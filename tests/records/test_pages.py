"""Pages and the resident API of one's own reports: strong check, versions, PDF, trend."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from foundation.audit.models import AuditEntry
from foundation.core import clock
from identity import services as identity
from identity.rules import Evidence
from identity.types import FamilyLimits, Relation
from records.pdf import render_report
from records.selectors.reports import read_report
from records.services.documents import keep_document
from records.services.reports import withdraw_report
from tests.accounts import people
from tests.accounts.people import last_code
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.test_api_resident import Phone
from tests.cards.world import Hospital
from tests.records import world
from tests.records.world import HOSPITAL, SIGNED, WHITE

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-08"), pytest.mark.row("OP-12")]


@pytest.fixture
def patient(here: Hospital) -> CardHolder:
    return world.proved()


@pytest.fixture
def phone(client: Client, patient: CardHolder) -> Client:
    return people.signed_in(client, patient.account)


def test_the_list_tells_that_there_are_reports_and_not_what_they_say(
    here: Hospital, patient: CardHolder, phone: Client
) -> None:
    world.report(here, patient)
    world.encounter(here, patient)
    shut = phone.get("/records/").content.decode()
    assert "东区医院" in shut
    assert "检验" in shut
    assert "血常规" not in shut
    assert "急性支气管炎" not in phone.get("/records/visits/").content.decode()
    world.open_contents(phone)
    opened = phone.get("/records/").content.decode()
    assert "血常规" in opened
    assert "1 项提示" in opened
    assert "急性支气管炎" in phone.get("/records/visits/").content.decode()
    phone.post("/records/lock/")
    assert "血常规" not in phone.get("/records/").content.decode()


def test_a_report_opens_for_a_quarter_of_an_hour(here: Hospital, patient: CardHolder, phone: Client) -> None:
    page = f"/records/reports/{world.report(here, patient).report_id}/"
    shut = phone.get(page)
    assert shut["Location"].startswith("/records/unlock/?next=")
    for path in (f"{page}pdf", f"{page}trend/1/"):
        assert phone.get(path).status_code == 302
    moment = clock.now()
    with time_machine.travel(moment, tick=False):
        world.open_contents(phone)
        shown = phone.get(page).content.decode()
        assert "白细胞计数" in shown
        assert "偏高" in shown
    with time_machine.travel(moment + timedelta(minutes=14, seconds=59), tick=False):
        assert phone.get(page).status_code == 200
    with time_machine.travel(moment + timedelta(minutes=15), tick=False):
        assert phone.get(page).status_code == 302
    assert AuditEntry.objects.filter(action="records.unlocked").count() == 1
    assert AuditEntry.objects.filter(action="report.read").count() == 2


def test_a_wrong_code_opens_nothing(here: Hospital, patient: CardHolder, phone: Client) -> None:
    page = f"/records/reports/{world.report(here, patient).report_id}/"
    sent = phone.post("/records/unlock/", {"next": page})
    wrong = "000000" if last_code() != "000000" else "111111"
    answer = phone.post(sent["Location"], {"code": wrong})
    assert answer.status_code == 200
    assert "验证码" in answer.content.decode()
    assert phone.get(page).status_code == 302


def test_level_1_opens_nothing_however_fresh(client: Client, here: Hospital) -> None:
    who = card_holder("13900001009")
    report = world.report(here, who)
    people.signed_in(client, who.account)
    for path in ("/records/", "/records/visits/", f"/records/reports/{report.report_id}/"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "更强的身份核实" in answer.content.decode()
    assert client.post("/records/unlock/").status_code == 403


def test_a_stranger_learns_nothing_of_a_report(client: Client, here: Hospital, patient: CardHolder) -> None:
    report = world.report(here, patient)
    stranger = world.proved("13900001002", "测试乙")
    people.signed_in(client, stranger.account)
    world.open_contents(client)
    page = f"/records/reports/{report.report_id}/"
    for path in (page, f"{page}pdf", f"{page}trend/1/"):
        assert client.get(path).status_code == 404
    assert client.get(f"/records/?person={patient.card.subject}").status_code == 404


def test_a_guardian_reads_a_childs_report_and_no_grown_ups(
    client: Client, here: Hospital, patient: CardHolder
) -> None:
    child, adult = card_holder("13900001003", "测小宝"), card_holder("13900001004", "测老人")
    for who, relation, evidence in (
        (child, Relation.CHILD, Evidence.GUARDIAN_PROOF),
        (adult, Relation.PARENT, Evidence.HOLDER_CONSENT),
    ):
        identity.open_dependant_holding(
            account_pk=patient.account.pk,
            person_pk=who.card.person_id,
            relation=relation,
            evidence=evidence,
            limits=FamilyLimits(dependants=5, guardians=5),
            actor=CENTRE,
        )
    people.signed_in(client, patient.account)
    world.open_contents(client)
    own = world.report(here, child)
    page = client.get(f"/records/reports/{own.report_id}/").content.decode()
    assert "测小宝" in page
    assert "测老人" not in client.get("/records/").content.decode()
    other = world.report(here, adult)
    assert client.get(f"/records/reports/{other.report_id}/").status_code == 403
    entry = AuditEntry.objects.filter(action="report.read").latest("pk")
    assert entry.on_behalf_of == child.card.subject


def test_a_withdrawn_report_says_so_without_content(
    here: Hospital, patient: CardHolder, phone: Client
) -> None:
    details = world.details()
    kept = world.report(here, patient, number=details.number)
    withdraw_report(institution=here.public_id, number=details.number, reason="", actor=HOSPITAL)
    page = phone.get(f"/records/reports/{kept.report_id}/").content.decode()
    assert "已撤回" in page
    assert "血常规" not in page


def test_the_pdf_is_the_hospitals_own_or_ours(here: Hospital, patient: CardHolder, phone: Client) -> None:
    kept = world.report(here, patient)
    world.open_contents(phone)
    page = f"/records/reports/{kept.report_id}/pdf"
    ours = phone.get(page)
    assert ours["Content-Type"] == "application/pdf"
    assert ours.content.startswith(b"%PDF-")
    assert "no-store" in ours["Cache-Control"]
    own = b"%PDF-1.4 of the hospital"
    keep_document(report=kept.report_id, version=1, content=own, actor=HOSPITAL)
    assert phone.get(page).content == own


def test_the_trend_is_a_table_with_a_chart(here: Hospital, patient: CardHolder, phone: Client) -> None:
    world.report(here, patient, reported_at=SIGNED - timedelta(days=9), indicators=(WHITE,))
    kept = world.report(here, patient)
    world.open_contents(phone)
    page = phone.get(f"/records/reports/{kept.report_id}/trend/1/").content.decode()
    assert page.count('class="trend-dot') == 2
    assert page.count('scope="row"') == 2
    assert phone.get(f"/records/reports/{kept.report_id}/trend/7/").status_code == 404


def test_the_list_costs_the_same_for_one_and_for_many(
    here: Hospital, patient: CardHolder, phone: Client
) -> None:
    world.report(here, patient)
    world.open_contents(phone)
    phone.get("/records/")
    with CaptureQueriesContext(connection) as few:
        phone.get("/records/")
    for _ in range(8):
        world.report(here, patient)
    with CaptureQueriesContext(connection) as many:
        phone.get("/records/")
    assert len(few) == len(many)


def test_visits_page_by_when_they_were_and_not_by_when_they_were_told(
    here: Hospital, patient: CardHolder, phone: Client
) -> None:
    for day in (*range(20, 0, -1), 30):
        world.encounter(here, patient, started_at=SIGNED - timedelta(days=day))
    first = phone.get("/records/visits/")
    assert [visit.started_at for visit in first.context["visits"]] == [
        SIGNED - timedelta(days=day) for day in range(1, 21)
    ]
    second = phone.get("/records/visits/" + first.context["older"])
    assert [visit.started_at for visit in second.context["visits"]] == [SIGNED - timedelta(days=30)]
    assert second.context["older"] == ""
    assert phone.get("/records/visits/?cursor=x").status_code == 400
    told = Phone(patient.account).get("visits").json()
    assert len(Phone(patient.account).get(f"visits?cursor={told['next_cursor']}").json()["visits"]) == 1


@pytest.mark.parametrize("version", ["7", "9" * 5_000])
def test_a_version_that_there_is_not_is_not_found(
    here: Hospital, patient: CardHolder, phone: Client, version: str
) -> None:
    kept = world.report(here, patient)
    world.open_contents(phone)
    for path in ("", "pdf"):
        assert phone.get(f"/records/reports/{kept.report_id}/{path}?version={version}").status_code == 404


def test_a_long_report_says_on_each_page_whose_it_is(patient: CardHolder, here: Hospital) -> None:
    line = world.WHITE
    kept = world.report(here, patient, indicators=[line] * 120, findings="未见异常。" * 500)
    content = render_report(
        read_report(patient.card.person_id, kept.report_id), name="测试甲", institution="示范市第一人民医院"
    )
    assert content.count(b"/Type /Page\n") >= 4


def test_the_mini_program_does_the_same(here: Hospital, patient: CardHolder) -> None:
    kept = world.report(here, patient)
    world.encounter(here, patient)
    phone = Phone(patient.account)
    shut = phone.get("reports").json()
    assert (shut["reports"][0]["title"], shut["open_until"]) == ("", None)
    refused = phone.get(f"reports/{kept.report_id}")
    assert (refused.status_code, refused.json()["code"]) == (403, "records_locked")
    assert "****" in phone.post("records/unlock/code").json()["phone"]
    assert phone.post("records/unlock", {"code": last_code()}).status_code == 200
    told = phone.get(f"reports/{kept.report_id}").json()
    assert (told["title"], told["results"][0]["mark_words"]) == ("血常规", "偏高")
    assert phone.get(f"reports/{kept.report_id}/trends/1").json()["points"][0]["number"] == 12.5
    assert phone.get(f"reports/{kept.report_id}/document").content.startswith(b"%PDF-")
    assert phone.get("visits").json()["visits"][0]["diagnoses"] == ["急性支气管炎"]
    assert phone.delete("records/unlock").status_code == 204
    assert phone.get(f"reports/{kept.report_id}/trends/1").status_code == 403
