"""What the card centre sees of persons, and that every opening is recorded."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor
from gmcrypto import keystore
from identity import selectors, services
from identity.models import PrivacyNotice
from identity.rules import Evidence
from institutions import services as institutions
from institutions.rules import Role
from mpi import services as mpi
from mpi.types import PersonIdentity, PersonRef
from tests.accounts import people
from tests.identity.conftest import CLERK, NUMBER, register

pytestmark = pytest.mark.django_db

PERSONS = "/admin/mpi/person/"


def staff(client: Client, role: Role) -> Client:
    account = people.with_totp(people.staff())
    institutions.grant_membership(account=account.public_id, role=role, actor=Actor.system("tests"))
    return people.signed_in_staff(client, account)


@pytest.fixture
def reviewer(client: Client) -> Client:
    return staff(client, Role.REVIEWER)


@pytest.fixture
def centre_admin(client: Client) -> Client:
    return staff(client, Role.CENTRE_ADMIN)


@pytest.fixture
def person(db: None) -> PersonRef:
    return mpi.register_person(
        identity=PersonIdentity(name="张晓明", id_type="01", id_number=NUMBER, phone="13900000009"),
        source="h5",
        actor=CLERK,
    )


def text(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_lists_and_rows_show_masked_values(reviewer: Client, person: PersonRef) -> None:
    shown = text(reviewer, PERSONS) + text(reviewer, f"{PERSONS}{person.person_id}/change/")
    assert "**明" in shown
    assert "139****0009" in shown
    for value in ("张晓明", NUMBER, "13900000009", "20171225", "2017-12-25"):
        assert value not in shown


def find(client: Client, term: str) -> str:
    path = f"{PERSONS}find/"
    ticket = client.get(path).context["form"]["ticket"].value()
    answer = client.post(path, {"term": term, "reason": "核对申领材料", "ticket": ticket}, follow=True)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


def test_a_person_is_found_by_the_whole_name_or_number_and_by_no_part(
    reviewer: Client, person: PersonRef
) -> None:
    assert f'href="{PERSONS}find/"' in text(reviewer, PERSONS)
    for term in ("张晓明", NUMBER.lower(), person.person_id):
        page = find(reviewer, term)
        assert f'href="{PERSONS}{person.person_id}/change/"' in page
        assert "**明 110***********" in page
        assert "张晓明" not in page
        assert NUMBER not in page
    register("李红", "03", "E0000001")
    for term in ("晓明", NUMBER[:10], "张"):
        assert "没有找到符合的人员" in find(reviewer, term)


def test_a_search_is_recorded_without_what_was_looked_for(reviewer: Client, person: PersonRef) -> None:
    for term in ("张晓明", " 张 晓明 ", NUMBER):
        find(reviewer, term)
    entries = list(AuditEntry.objects.filter(action="person.searched").order_by("pk"))
    assert [entry.details["count"] for entry in entries] == [1, 1, 1]
    assert entries[0].subject_id == entries[1].subject_id != entries[2].subject_id
    stored = str([vars(entry) for entry in entries])
    assert "张晓明" not in stored
    assert NUMBER not in stored


def test_a_name_in_the_address_of_the_list_finds_nobody(reviewer: Client, person: PersonRef) -> None:
    register("李红", "03", "E0000001")
    everybody = text(reviewer, PERSONS).count("/change/")
    assert text(reviewer, PERSONS, q="张晓明").count("/change/") == everybody
    assert 'name="q"' not in text(reviewer, PERSONS)


def test_finding_is_for_those_who_read_persons(client: Client, person: PersonRef) -> None:
    auditor = staff(client, Role.AUDITOR)
    assert auditor.get(f"{PERSONS}find/").status_code == 403
    assert auditor.post(f"{PERSONS}find/", {"term": "张晓明"}).status_code == 403


def test_opening_the_particulars_needs_a_reason_and_is_recorded(reviewer: Client, person: PersonRef) -> None:
    path = f"{PERSONS}{person.person_id}/do/open/"
    form = reviewer.get(path).context["form"]
    ticket = form["ticket"].value()
    refused = reviewer.post(path, {"reason": "", "ticket": ticket}).content.decode()
    assert "张晓明" not in refused
    assert not AuditEntry.objects.filter(action="person.read").exists()
    answer = reviewer.post(path, {"reason": "核对申领材料", "ticket": ticket})
    assert "张晓明" in answer.content.decode()
    assert NUMBER in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(action="person.read")
    assert (entry.subject_id, entry.reason) == (person.person_id, "核对申领材料")
    assert entry.details["fields"] == ["name", "id_number", "phone", "address"]


def test_an_erased_person_is_shown_as_erased(reviewer: Client, person: PersonRef) -> None:
    mpi.destroy_person_key(person_pk=person.person_pk, actor=CLERK, reason="注销")
    assert "已删除" in text(reviewer, PERSONS)
    assert "已删除" in text(reviewer, f"{PERSONS}{person.person_id}/change/")


def test_the_list_takes_as_many_queries_for_twenty_persons_as_for_one(reviewer: Client) -> None:
    def queries() -> int:
        keystore.forget()
        with CaptureQueriesContext(connection) as captured:
            text(reviewer, PERSONS)
        return len(captured)

    register("李红", "03", "E0000000")
    text(reviewer, PERSONS)
    for_one = queries()
    for number in range(1, 20):
        register("李红", "03", f"E{number:07d}")
    assert queries() == for_one


def test_residents_and_staff_without_a_task_see_no_persons(client: Client, person: PersonRef) -> None:
    people.signed_in(client, people.citizen())
    assert client.get(PERSONS).status_code != 200
    client.logout()
    people.signed_in_staff(client, people.with_totp(people.staff("auditor")))
    assert client.get(PERSONS).status_code != 200


def test_an_auditor_of_the_centre_does_not_read_persons(client: Client, person: PersonRef) -> None:
    auditor = staff(client, Role.AUDITOR)
    assert auditor.get(PERSONS).status_code == 403
    assert auditor.get(f"{PERSONS}{person.person_id}/do/open/").status_code in {403, 404}


def test_a_holding_is_ended_with_a_reason(centre_admin: Client, person: PersonRef, citizen: Account) -> None:
    opened = services.open_self_holding(
        account_pk=citizen.pk, person_pk=person.person_pk, evidence=Evidence.REAL_NAME, actor=CLERK
    )
    path = f"/admin/identity/holding/{opened.holding_id}/do/end/"
    ticket = centre_admin.get(path).context["form"]["ticket"].value()
    assert centre_admin.post(path, {"reason": "号码已换主人", "ticket": ticket}).status_code == 302
    assert selectors.self_person(citizen.pk) is None
    assert AuditEntry.objects.get(action="holding.ended").reason == "号码已换主人"


def test_a_look_at_the_window_is_recorded_with_the_document(
    centre_admin: Client, person: PersonRef, citizen: Account
) -> None:
    opened = services.open_self_holding(
        account_pk=citizen.pk, person_pk=person.person_pk, evidence=Evidence.REAL_NAME, actor=CLERK
    )
    path = f"/admin/identity/holding/{opened.holding_id}/do/seen/"
    ticket = centre_admin.get(path).context["form"]["ticket"].value()
    said = {"reason": "本人到中心核实", "ticket": ticket, "document": "03"}
    assert centre_admin.post(path, said).status_code == 200
    assert centre_admin.post(path, {**said, "compared": "on"}).status_code == 302
    assert AuditEntry.objects.get(action="holding.raised").reason == "本人到中心核实"
    assert AuditEntry.objects.get(action="identity.checked").details["kind"] == "03"


def test_a_notice_is_published_and_not_edited(centre_admin: Client) -> None:
    path = "/admin/identity/privacynotice/add/"
    ticket = centre_admin.get(path).context["form"]["ticket"].value()
    answer = centre_admin.post(
        path,
        {
            "version": "2026-09",
            "text_zh": "隐私政策",
            "text_en": "Privacy notice",
            "in_force_from": "2026-09-01 08:00",
            "reason": "首次发布",
            "ticket": ticket,
        },
    )
    assert answer.status_code == 302
    published = PrivacyNotice.objects.get(version="2026-09")
    page = text(centre_admin, f"/admin/identity/privacynotice/{published.public_id}/change/")
    assert "<textarea" not in page


@pytest.mark.parametrize("model", ["holding", "identitycheck", "consentrecord", "privacynotice"])
def test_every_list_opens(centre_admin: Client, model: str) -> None:
    assert centre_admin.get(f"/admin/identity/{model}/").status_code == 200
