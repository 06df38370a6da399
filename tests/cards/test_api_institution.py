"""The native institution API over HTTP, signed."""

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from cards.models import CardBinding, UsageRecord
from cards.services import handover, life, scanning
from foundation.audit.models import AuditEntry
from foundation.core import clock
from identity.models import IdentityCheck
from identity.providers.base import Outcome, RealNameAnswer
from mpi.selectors import local_id_of
from tests.cards.holding import card_holder
from tests.cards.world import (
    CENTRE,
    NAME,
    Holder,
    Hospital,
    citizen_number,
    code_of,
    hospital,
    static_of,
)
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-01")]

VERIFY = "/api/v1/codes/verify"


def call(
    where: Hospital, path: str, body: Any = None, *, method: str = "POST", key: str = "", raw: bytes = b""
) -> Any:
    """Send a signed call and give back the answer."""
    content = raw or (orjson.dumps(body) if body is not None else b"")
    headers = where.signer.headers(method, path, content, idempotency_key=key)
    return Client().generic(method, path, content, content_type="application/json", **headers)


def asked(text: str, **changes: Any) -> dict[str, Any]:
    return {"code": text, "scene": "0101012", "terminal_id": "W01", **changes}


def new_key() -> str:
    return secrets.token_urlsafe(16)


# Verification


def test_a_terminal_verifies_a_code(here: Hospital, somebody: Holder) -> None:
    response = call(here, VERIFY, asked(code_of(somebody), department="内科", channel="0100"))
    assert response.status_code == 200
    told = response.json()
    assert told["person"]["id_number"] == somebody.id_number
    assert told["health_card_id"] == somebody.number.value
    assert response["Cache-Control"] == "no-store"
    assert response["X-Request-Id"]
    row = UsageRecord.objects.get(public_id=told["usage_id"])
    assert (row.department, row.channel, row.institution) == ("内科", "0100", here.public_id)


@pytest.mark.parametrize("offset", ["+23:59", "-23:59", "+08:00:30", "Z"])
def test_the_callers_clock_may_stand_in_any_zone(here: Hospital, somebody: Holder, offset: str) -> None:
    text = f"2026-11-20T12:00:00{offset}"
    assert call(here, VERIFY, asked(code_of(somebody), occurred_at=text)).status_code == 200
    assert UsageRecord.objects.get().caller_time == datetime.fromisoformat(text)


def test_the_second_verification_is_a_problem_that_says_what_to_do(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    call(here, VERIFY, asked(text))
    response = call(here, VERIFY, asked(text))
    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == "code_used"
    assert "刷新" in problem["next_step"]
    assert problem["trace_id"]


@pytest.mark.parametrize("way", ["header", "body"])
def test_a_repetition_by_key_or_request_id_gets_the_same_answer(
    here: Hospital, somebody: Holder, way: str
) -> None:
    body = asked(code_of(somebody), **({"request_id": "reg-1"} if way == "body" else {}))
    key = new_key() if way == "header" else ""
    first, again = (call(here, VERIFY, body, key=key) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert again.json() == {**first.json(), "replayed": True}


def test_a_client_without_the_full_scope_reads_a_masked_person(somebody: Holder) -> None:
    where = hospital(scopes=("code:verify",))
    response = call(where, VERIFY, asked(code_of(somebody)))
    assert response.json()["masked"]
    assert somebody.id_number not in response.content.decode()
    assert NAME not in response.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": None}, "code"),
        ({"code": ""}, "code"),
        ({"code": 5}, "code"),
        ({"code": ["x"]}, "code"),
        ({"scene": 10101}, "scene"),
        ({"scene": "x"}, "scene"),
        ({"terminal_id": ""}, "terminal_id"),
        ({"terminal_id": True}, "terminal_id"),
        ({"department": 3}, "department"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-11-20T12:00:00"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+08:00"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-08:00"}, "occurred_at"),
        ({"occurred_at": "1999-12-31T23:59:59Z"}, "occurred_at"),
        ({"occurred_at": "2100-01-01T07:59:59-08:00"}, "occurred_at"),
        ({"request_id": {}}, "request_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_types_and_values_are_named(
    here: Hospital, somebody: Holder, changes: dict[str, Any], field: str
) -> None:
    response = call(here, VERIFY, asked(code_of(somebody), **changes))
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_input"
    assert response.json()["field"] == field
    assert not UsageRecord.objects.exists()


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b" ", 400, "not_json"),
        (b"[]", 400, "not_json"),
        (b'{"code": "a", "code": "b"}', 400, "not_json"),
        (b"\xff\xfe", 400, "not_json"),
        (b'{"code": "' + b"A" * 5_000 + b'"}', 413, "body_too_large"),
        (b'{"code": "' + b"A" * 200 + b'", "scene": "010101", "terminal_id": "W01"}', 400, "code_too_long"),
    ],
)
def test_bodies_that_are_no_request_are_refused(here: Hospital, raw: bytes, status: int, code: str) -> None:
    headers = here.signer.headers("POST", VERIFY, raw)
    response = Client().generic("POST", VERIFY, raw, content_type="application/json", **headers)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_an_unsigned_call_and_one_without_the_scope_are_refused(somebody: Holder) -> None:
    response = Client().post(VERIFY, asked(code_of(somebody)), content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (401, "missing_signature")
    response = call(hospital(scopes=("card:read",)), VERIFY, asked(code_of(somebody)))
    assert (response.status_code, response.json()["code"]) == (403, "scope_missing")
    assert Client().get(VERIFY).status_code == 405


def test_an_expired_code_is_gone(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):  # noqa: TID251
        response = call(here, VERIFY, asked(text))
    assert (response.status_code, response.json()["code"]) == (410, "code_expired")


# Registration and cards


def person(**changes: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "id_type": "01",
        "id_number": citizen_number(),
        "phone": "13900000000",
        "patient_id": "P1",
        **changes,
    }


def test_an_institution_registers_a_person_scans_them_and_gets_codes_for_them(
    here: Hospital, sandbox: Sandbox
) -> None:
    asked_for = person()
    first = call(here, "/api/v1/cards", asked_for, key=new_key())
    assert first.status_code == 201, first.content
    told = first.json()
    assert told["created"]
    assert told["person"]["id_number"] == asked_for["id_number"]
    assert told["static_code"] == f"{told['health_card_id']}:1"
    again = call(here, "/api/v1/cards", asked_for, key=new_key())
    assert again.status_code == 200
    assert again.json() == {**told, "created": False}
    scanned = call(here, VERIFY, asked(told["static_code"]))
    assert scanned.json()["document_required"]
    minted = call(here, f"/api/v1/cards/{told['health_card_id']}/codes", {}, key=new_key())
    assert call(here, VERIFY, asked(minted.json()["code"])).status_code == 200


class Late:
    """A provider that answers later than a window waits, or when it is told to."""

    over = threading.Event()

    def check(self, *, request_id: str, id_type: str, id_number: str, name: str) -> RealNameAnswer:
        self.over.wait(7)
        return RealNameAnswer(outcome=Outcome.MATCH, reference="R1", checked_at=clock.now())


def test_a_window_does_not_wait_long_for_a_population_database_that_hangs(
    here: Hospital, settings: Settings
) -> None:
    # What answers after seven seconds is waited for where nobody stands at a window.
    settings.REAL_NAME_PROVIDER = f"{__name__}.Late"
    assert call(here, "/api/v1/cards", person(), key=new_key()).status_code == 201
    assert IdentityCheck.objects.get().outcome == "timeout"
    Late.over.set()


def test_a_repeated_registration_gets_the_stored_answer(here: Hospital, sandbox: Sandbox) -> None:
    body, key = person(), new_key()
    first, again = (call(here, "/api/v1/cards", body, key=key) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert call(here, "/api/v1/cards", person(), key=key).json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id_number": "110199195001019000"}, "id_number"),
        ({"id_type": "77"}, "id_type"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"birth_date": "1900-01-01"}, "birth_date"),
        ({"gender": "3"}, "gender"),
    ],
)
def test_a_person_who_cannot_be_right_is_not_registered(
    here: Hospital, sandbox: Sandbox, changes: dict[str, Any], field: str
) -> None:
    response = call(here, "/api/v1/cards", person(**changes), key=new_key())
    assert 400 <= response.status_code < 500
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["field"] == field


def test_an_institution_reads_a_card_by_its_number(here: Hospital, somebody: Holder) -> None:
    path = f"/api/v1/cards/{somebody.number.value}"
    response = call(here, path, method="GET")
    assert response.status_code == 200
    told = response.json()
    assert told["person"]["name"] == NAME
    assert told["static_code"] == static_of(somebody)
    assert told["state"] == "active"
    assert AuditEntry.objects.filter(action="card.read", subject_id=somebody.card.public_id).count() == 1
    masked = call(hospital(scopes=("card:read",)), path, method="GET")
    assert masked.json()["main_index"] is None
    assert NAME not in masked.content.decode()


def test_of_a_frozen_card_only_the_state_is_told(here: Hospital, somebody: Holder) -> None:
    life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    told = call(here, f"/api/v1/cards/{somebody.number.value}", method="GET").json()
    assert told["state"] == "frozen"
    assert (told["person"], told["static_code"], told["main_index"]) == (None, None, None)


def test_a_number_of_nobody_is_not_found(here: Hospital) -> None:
    response = call(here, f"/api/v1/cards/{'0' * 64}", method="GET")
    assert (response.status_code, response.json()["code"]) == (404, "card_unknown")


# Codes


def test_an_institution_gets_a_code_for_its_patient_once_per_key(here: Hospital, somebody: Holder) -> None:
    path = f"/api/v1/cards/{somebody.number.value}/codes"
    assert call(here, path, {}, key=new_key()).json()["code"] == "person_not_bound"
    CardBinding.objects.create(
        card=somebody.card, institution=here.public_id, bound_by="tests", at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    key = new_key()
    first, again = (call(here, path, {}, key=key) for _ in range(2))
    assert first.status_code == 201
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert first.json()["image"].startswith("<svg")
    assert call(here, VERIFY, asked(first.json()["code"])).status_code == 200


def test_a_call_that_changes_something_needs_a_key(here: Hospital, somebody: Holder) -> None:
    response = call(here, f"/api/v1/cards/{somebody.number.value}/codes", {})
    assert (response.status_code, response.json()["code"]) == (400, "missing_idempotency_key")


# Usage


def test_a_further_use_and_one_without_a_scan_are_reported(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    call(here, VERIFY, asked(text))
    direct = call(
        here, "/api/v1/usage", {"code": text, "scene": "010103", "terminal_id": "W01"}, key=new_key()
    )
    assert direct.status_code == 201
    assert direct.json()["kind"] == "direct"
    indirect = call(
        here, "/api/v1/usage", {"health_card_id": somebody.number.value, "scene": "0101082"}, key=new_key()
    )
    assert indirect.json()["kind"] == "indirect"
    assert UsageRecord.objects.filter(is_report=True).count() == 2


def test_a_report_of_no_time_that_a_clock_shows_is_refused(here: Hospital, somebody: Holder) -> None:
    report = {"health_card_id": somebody.number.value, "scene": "010103"}
    for text in ("0001-01-02T00:00:00Z", "1999-12-31T23:59:59Z", "9999-12-31T00:00:00Z"):
        answer = call(here, "/api/v1/usage", {**report, "occurred_at": text}, key=new_key())
        assert (answer.status_code, answer.json()["field"]) == (400, "occurred_at")
    assert not UsageRecord.objects.exists()


@pytest.mark.parametrize(
    "body",
    [{"scene": "010103"}, {"scene": "010103", "code": "x", "health_card_id": "y"}, {"code": "x"}],
)
def test_a_report_names_the_card_in_one_way(here: Hospital, body: dict[str, Any]) -> None:
    response = call(here, "/api/v1/usage", body, key=new_key())
    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")


def test_a_report_without_a_scan_session_is_refused(here: Hospital, somebody: Holder) -> None:
    response = call(here, "/api/v1/usage", {"code": code_of(somebody), "scene": "010103"}, key=new_key())
    assert (response.status_code, response.json()["code"]) == (409, "no_scan_session")


# Time


def test_the_server_tells_its_time(here: Hospital) -> None:
    told = call(here, "/api/v1/time", method="GET").json()
    assert abs(told["server_time"] - time.time()) < 60
    assert told["beijing_time"].endswith("+08:00")


@pytest.mark.row("ID-18")
def test_a_claim_code_is_redeemed_once_and_links_the_hospitals_number(here: Hospital) -> None:
    who = card_holder()
    code = handover.make_claim_code(
        account_pk=who.account.pk,
        card_id=who.card.public_id,
        institution=here.public_id,
        client=here.caller.public_id,
        actor=who.actor,
    )
    answer = call(here, "/api/v1/cards/claim", {"code": code, "patient_id": "P0042"}, key=new_key())
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert found["is_self"] is True
    assert found["health_card_id"] == who.card.numbers.get().value
    assert local_id_of(who.card.person_id, here.public_id) == "P0042"
    again = call(here, "/api/v1/cards/claim", {"code": code}, key=new_key())
    assert (again.status_code, again.json()["code"]) == (410, "claim_code_invalid")


@pytest.mark.row("ID-18")
def test_claiming_has_a_scope_of_its_own() -> None:
    answer = call(hospital(scopes=("card:read",)), "/api/v1/cards/claim", {"code": "x"}, key=new_key())
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.row("CC-02")
def test_a_scan_is_started_and_polled(here: Hospital) -> None:
    asked_for = {"terminal_id": "W01", "scene": "010103", "reference": "R1"}
    answer = call(here, "/api/v1/scans", asked_for, key=new_key())
    assert answer.status_code == 201, answer.content
    scan = answer.json()
    assert scan["image"].startswith("<svg")
    who = card_holder()
    token = scan["text"].rstrip("/").rpartition("/")[2]
    path = f"/api/v1/scans/{scan['scan_id']}"
    assert call(here, path, method="GET").json()["state"] == "waiting"
    scanning.open_scan(token=token, actor=who.actor)
    scanning.agree_to_scan(
        token=token, account_pk=who.account.pk, card_id=who.card.public_id, actor=who.actor
    )
    found = call(here, path, method="GET").json()
    assert (found["state"], found["health_card_id"]) == ("agreed", who.card.numbers.get().value)
    assert call(hospital(), path, method="GET").status_code == 404


@pytest.mark.row("CC-02")
def test_a_scan_needs_a_terminal_of_the_hospital(here: Hospital) -> None:
    answer = call(here, "/api/v1/scans", {"terminal_id": "W99", "scene": "010103"}, key=new_key())
    assert (answer.status_code, answer.json()["code"]) == (403, "terminal_unknown")
