"""Lists over the native API: handed in signed, followed, read line by line."""

from typing import Any

import pytest
from django.test import Client

from cards.api import batch as api
from cards.models import Batch, Card
from foundation.audit.models import AuditEntry
from tests.cards.listing import worked_off
from tests.cards.test_api_institution import call, new_key
from tests.cards.world import Hospital, citizen_number, hospital
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.row("ID-09"), pytest.mark.django_db(transaction=True)]

PATH = "/api/v1/batches"


def people(count: int) -> list[dict[str, Any]]:
    return [
        {"name": "测试甲", "id_number": citizen_number(), "patient_id": f"P{place}"} for place in range(count)
    ]


def handed_in(where: Hospital, rows: list[dict[str, Any]], key: str = "") -> Any:
    return call(where, PATH, {"kind": "patients", "rows": rows}, key=key or new_key())


def read(where: Hospital, path: str, query: str = "") -> Any:
    headers = where.signer.headers("GET", path, query=query)
    return Client().get(path, QUERY_STRING=query, **headers)


def test_a_list_is_handed_in_followed_and_read(here: Hospital, sandbox: Sandbox) -> None:
    rows = [*people(2), {"name": "无名氏", "patient_id": "P9"}, {"id_type": "护照", "name": "测试乙"}]
    key = new_key()
    made = handed_in(here, rows, key)
    assert made.status_code == 201, made.content
    batch = made.json()
    assert (batch["state"], batch["total"], batch["counts"]["unnamed"]) == ("queued", 4, 2)
    assert handed_in(here, rows, key).json() == batch
    assert Batch.objects.count() == 1

    worked_off(Batch.objects.get())
    progress = read(here, f"{PATH}/{batch['batch_id']}").json()
    assert (progress["state"], progress["counts"]["issued"]) == ("done", 2)
    found = read(here, f"{PATH}/{batch['batch_id']}/rows").json()
    assert found["next_after"] is None
    assert [row["line"] for row in found["rows"]] == [1, 2, 3, 4]
    assert [row["state"] for row in found["rows"]] == ["issued", "issued", "unnamed", "unnamed"]
    assert found["rows"][2]["reason"] == "name_placeholder"
    assert found["rows"][2]["reason_text"]
    card = read(here, f"/api/v1/cards/{found['rows'][0]['health_card_id']}")
    assert card.status_code == 200
    assert AuditEntry.objects.filter(action="batch.exported").count() == 1


def test_lines_come_by_the_page_and_by_state(
    here: Hospital, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PAGE", 2)
    batch = handed_in(here, [*people(3), {"name": "测试丙"}]).json()["batch_id"]
    first = read(here, f"{PATH}/{batch}/rows").json()
    assert ([row["line"] for row in first["rows"]], first["next_after"]) == ([1, 2], 2)
    second = read(here, f"{PATH}/{batch}/rows", "after=2").json()
    assert ([row["line"] for row in second["rows"]], second["next_after"]) == ([3, 4], None)
    unnamed = read(here, f"{PATH}/{batch}/rows", "state=unnamed").json()
    assert [row["line"] for row in unnamed["rows"]] == [4]
    for query in ("after=-1", "after=x", "state=nothing"):
        assert read(here, f"{PATH}/{batch}/rows", query).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "patients", "rows": []},
        {"kind": "nobody", "rows": [{"name": "测试甲"}]},
        {"kind": "patients", "rows": [{"name": "测" * 81}]},
        {"kind": "patients", "rows": [{"name": "测试甲"}] * 501},
        {"kind": "patients", "rows": ["测试甲"]},
    ],
)
def test_what_is_no_list_is_refused(here: Hospital, body: dict[str, Any]) -> None:
    assert call(here, PATH, body, key=new_key()).status_code == 400
    assert not Batch.objects.exists()


def test_the_same_list_under_another_key_is_told(here: Hospital, sandbox: Sandbox) -> None:
    rows = people(1)
    handed_in(here, rows)
    again = handed_in(here, rows)
    assert (again.status_code, again.json()["code"]) == (409, "batch_repeated")


def test_nobody_else_reads_a_list_and_nobody_hands_one_in_without_the_scope(
    here: Hospital, sandbox: Sandbox
) -> None:
    batch = handed_in(here, people(1)).json()["batch_id"]
    stranger = hospital()
    for path in (f"{PATH}/{batch}", f"{PATH}/{batch}/rows"):
        assert read(stranger, path).status_code == 404
    reader = hospital(scopes=("card:register",))
    assert handed_in(reader, people(1)).status_code == 403
    assert read(reader, f"{PATH}/{batch}").status_code == 403
    assert not Card.objects.exists()
