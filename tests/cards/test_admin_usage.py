"""Staff read the record of use."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from cards.models import UsageRecord
from institutions import admin_lists
from institutions.rules import Role
from tests.cards.world import Holder, Hospital, code_of, hospital, scan, static_of
from tests.institutions import people

pytestmark = pytest.mark.django_db

CENTRE = "/admin/cards/usagerecord/"
INSTITUTION = "/institution/cards/usagerecord/"
NOON = datetime(2026, 11, 20, 4, 0, 0, tzinfo=UTC)


@pytest.fixture
def here(db: None) -> Hospital:
    return hospital(short_name="示范医院")


@pytest.fixture
def auditor(client: Client) -> Client:
    return people.at_work(client, people.staff(Role.AUDITOR))


def rows(client: Client, path: str = CENTRE, **query: str) -> list[str]:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return [row.public_id for row in answer.context["cl"].result_list]


def test_a_use_is_shown_in_words_and_its_holder_is_not(
    auditor: Client, here: Hospital, somebody: Holder
) -> None:
    scan(code_of(somebody), here)
    row = UsageRecord.objects.get()
    shown = auditor.get(CENTRE).content.decode() + auditor.get(f"{CENTRE}{row.pk}/change/").content.decode()
    for words in ("示范医院", "当日挂号（0101012）", "动态码", "直接用码", "扫码验证", "W01", row.public_id):
        assert words in shown, words
    for secret in (somebody.number.value, somebody.id_number, "测试甲", row.subject):
        assert secret not in shown


def test_an_institution_reads_its_own_uses(client: Client, here: Hospital, somebody: Holder) -> None:
    own = scan(code_of(somebody), here).usage_id
    scan(code_of(somebody), hospital())
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, here.public_id))
    assert rows(client, INSTITUTION) == [own]
    other = UsageRecord.objects.exclude(public_id=own).get()
    assert client.get(f"{INSTITUTION}{other.pk}/change/").status_code == 404
    for address in ("x", "99999999999999999999999", str(other.pk + 1)):
        assert client.get(f"{INSTITUTION}{address}/change/").status_code == 404


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.WINDOW_CLERK])
def test_reading_uses_is_a_duty(client: Client, here: Hospital, role: Role) -> None:
    at_centre = role is Role.REVIEWER
    people.at_work(client, people.staff(role, "" if at_centre else here.public_id))
    assert client.get(CENTRE if at_centre else INSTITUTION).status_code == 403


def test_uses_are_filtered_by_step_kind_and_day(auditor: Client, here: Hospital, somebody: Holder) -> None:
    with time_machine.travel(NOON - timedelta(days=1), tick=False):
        before = scan(code_of(somebody), here).usage_id
        old_static = scan(static_of(somebody), here, scene="010101").usage_id
    with time_machine.travel(NOON, tick=False):
        static = scan(static_of(somebody), here, scene="010101").usage_id
        paid = scan(code_of(somebody), here, scene="010105").usage_id
        people.at_work(auditor, people.staff(Role.AUDITOR, username="today"))
        assert rows(auditor) == [paid, static]
        assert rows(auditor, period="yesterday") == [old_static, before]
        assert rows(auditor, period="week") == [paid, static, old_static, before]
        assert rows(auditor, code_kind="static") == [static]
        assert rows(auditor, scene="010105", period="month") == [paid]
        assert rows(auditor, period="nonsense") == [paid, static]


def test_the_list_counts_no_further_than_anybody_turns_pages(
    auditor: Client, here: Hospital, somebody: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_lists, "LONGEST", 2)
    for _ in range(4):
        scan(code_of(somebody), here)
    with CaptureQueriesContext(connection) as captured:
        answer = auditor.get(CENTRE)
    assert answer.context["cl"].result_count == 2
    counts = [
        query["sql"] for query in captured if "COUNT(" in query["sql"] and "cards_usage" in query["sql"]
    ]
    assert counts
    assert all("LIMIT 2" in sql for sql in counts)
    assert not any("DISTINCT" in query["sql"] for query in captured)


def test_the_list_takes_as_many_queries_for_ten_uses_as_for_one(
    auditor: Client, here: Hospital, somebody: Holder, settings: Settings
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            auditor.get(CENTRE)
        return len(captured)

    scan(code_of(somebody), here)
    queries()
    for_one = queries()
    for _ in range(9):
        scan(code_of(somebody), here)
    assert queries() == for_one


def test_a_use_has_no_page_of_changes_and_cannot_be_changed(
    auditor: Client, here: Hospital, somebody: Holder
) -> None:
    scan(code_of(somebody), here)
    row = UsageRecord.objects.get()
    assert "变更历史" not in auditor.get(f"{CENTRE}{row.pk}/change/").content.decode()
    assert auditor.get(f"{CENTRE}{row.pk}/history/").status_code == 404
    for path in (f"{CENTRE}add/", f"{CENTRE}{row.pk}/delete/", f"{CENTRE}{row.pk}/do/x/"):
        assert auditor.post(path, {}).status_code in {403, 404}
    assert UsageRecord.objects.count() == 1
