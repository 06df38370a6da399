"""Many uses uploaded at once by an institution."""

from typing import Any

import orjson
import pytest
from django.test import Client

from cards.models import UsageRecord
from tests.cards.world import Holder, Hospital, code_of, holder, hospital, scan

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-12")]
PATH = "/api/v1/usage/batch"


@pytest.fixture
def here() -> Hospital:
    return hospital()


@pytest.fixture
def who() -> Holder:
    return holder()


def upload(here: Hospital, uses: Any) -> tuple[int, dict[str, Any]]:
    body = orjson.dumps({"uses": uses})
    answer = Client().generic(
        "POST", PATH, body, "application/json", **here.signer.headers("POST", PATH, body)
    )
    return answer.status_code, orjson.loads(answer.content)


def use(who: Holder, number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"u-{number}",
        "health_card_id": who.number.value,
        "scene": "010103",
        "terminal_id": "W01",
    } | changes


def test_each_use_has_a_result_of_its_own(here: Hospital, who: Holder) -> None:
    scanned = code_of(who)
    scan(scanned, here)
    status, found = upload(
        here,
        [
            use(who, 1, department="0300", channel="0100"),
            use(who, 2, health_card_id="A" * 64),
            use(who, 3, scene="?"),
            use(who, 4, terminal_id="W99"),
            {"id": "u-5", "code": scanned, "scene": "010103"},
            {"id": "u-6", "code": code_of(who), "scene": "010103"},
            {"id": "u-7", "scene": "010103"},
        ],
    )
    assert status == 200, found
    assert (found["recorded"], found["repeated"], found["refused"]) == (2, 0, 5)
    results = found["results"]
    assert [each["id"] for each in results] == [f"u-{number}" for number in range(1, 8)]
    assert [each.get("code") for each in results] == [
        None,
        "card_unknown",
        "invalid_input",
        "terminal_unknown",
        None,
        "no_scan_session",
        "invalid_input",
    ]
    assert [results[0]["kind"], results[4]["kind"]] == ["indirect", "direct"]
    assert results[2]["field"] == "scene"
    assert all(each["next_step"] for each in results if each["result"] == "refused")
    row = UsageRecord.objects.get(public_id=results[0]["usage_id"])
    assert (row.operation, row.is_report, row.department, row.channel) == ("upload", True, "0300", "0100")


def test_nothing_is_recorded_twice_however_the_batches_are_cut(here: Hospital, who: Holder) -> None:
    first = upload(here, [use(who, number) for number in range(3)])[1]["results"]
    status, found = upload(here, [use(who, number) for number in (2, 1, 5)])
    assert (status, found["recorded"], found["repeated"]) == (200, 1, 2)
    assert found["results"][1]["usage_id"] == first[1]["usage_id"]
    status, found = upload(here, [use(who, 1, department="0500"), use(who, 9), use(who, 9)])
    # Which of two twins in one call is the first is nobody's business; one of them is.
    assert sorted(each.get("code", each["result"]) for each in found["results"]) == [
        "recorded",
        "repeated",
        "request_id_reused",
    ]
    assert UsageRecord.objects.count() == 5


def test_five_hundred_go_in_one_call_and_no_more(here: Hospital, who: Holder) -> None:
    status, found = upload(here, [use(who, number) for number in range(500)])
    assert (status, found["recorded"]) == (200, 500)
    status, found = upload(here, [use(who, number) for number in range(501)])
    assert (status, found["field"]) == (400, "uses")


@pytest.mark.parametrize("uses", [None, [], "x", [1]])
def test_what_is_no_list_of_uses_is_refused(here: Hospital, uses: Any) -> None:
    status, found = upload(here, uses)
    assert (status, found["code"], found["field"]) == (400, "invalid_input", "uses")


def test_a_client_without_the_scope_uploads_nothing(who: Holder) -> None:
    status, found = upload(hospital(scopes=("code:verify",)), [use(who, 1)])
    assert (status, found["code"]) == (403, "scope_missing")
    assert not UsageRecord.objects.exists()
