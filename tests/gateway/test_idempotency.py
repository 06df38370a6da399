"""A repeated request gets the answer of the first."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from foundation.core import clock
from foundation.gateway import credentials, idempotency, services
from foundation.gateway.errors import RequestInProgress
from foundation.gateway.models import ApiClient, IdempotencyRecord
from foundation.gateway.tasks import purge_idempotency
from foundation.gateway.types import RecordState
from tests.gateway import views
from tests.gateway.conftest import CENTRE
from tests.gateway.signing import Signer

pytestmark = pytest.mark.urls("tests.gateway.views")

PATH = "/api/v1/clients"
KEY = "order-2026-11-20-0001"


@pytest.fixture(autouse=True)
def _no_calls() -> Iterator[None]:
    views.calls.clear()
    yield
    views.calls.clear()


def create(signer: Signer, name: str, key: str = KEY, **headers: str) -> Any:
    body = json.dumps({"name": name}).encode()
    signed = signer.headers("POST", PATH, body, idempotency_key=key)
    return Client(raise_request_exception=False).generic(
        "POST", PATH, body, "application/json", **{**signed, **headers}
    )


def test_a_repeat_gets_the_stored_answer_and_does_nothing(hmac_signer: Signer) -> None:
    first, second = create(hmac_signer, "检验"), create(hmac_signer, "检验")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert views.calls == ["检验"]
    assert ApiClient.objects.filter(name="检验").count() == 1


def test_the_stored_answer_is_not_readable_in_the_database(hmac_signer: Signer) -> None:
    identifier = create(hmac_signer, "检验").json()["id"]
    stored = IdempotencyRecord.objects.get().__dict__["answer"].blob
    assert identifier.encode() not in stored


def test_a_key_belongs_to_one_request(hmac_signer: Signer) -> None:
    create(hmac_signer, "检验")
    answer = create(hmac_signer, "影像")
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    assert views.calls == ["检验"]


def test_two_clients_may_use_the_same_key(hmac_signer: Signer, institution: str) -> None:
    other = services.create_client(
        institution=institution, name="第二", scopes=["card:register"], actor=CENTRE
    )
    key = services.add_key(client=other, algorithm="HMAC-SM3", actor=CENTRE)
    create(hmac_signer, "检验")
    second = create(Signer(client=other, kid=key.kid, secret=key.secret), "影像")
    assert second.status_code == 201


@pytest.mark.parametrize("key", ["", "short", "有" * 16, "x" * 65])
def test_a_call_without_a_usable_key_is_refused(hmac_signer: Signer, key: str) -> None:
    body = b'{"name":"x"}'
    headers = hmac_signer.headers("POST", PATH, body)
    if key:
        headers["HTTP_IDEMPOTENCY_KEY"] = key
    answer = Client().generic("POST", PATH, body, "application/json", **headers)
    assert answer.json()["field"] == "Idempotency-Key"
    assert views.calls == []


def test_a_refusal_is_an_answer_and_is_stored(hmac_signer: Signer) -> None:
    first, second = create(hmac_signer, "missing"), create(hmac_signer, "missing")
    assert (first.status_code, second.status_code) == (404, 404)
    assert second["Idempotent-Replayed"] == "true"
    assert second["Content-Type"] == "application/problem+json"
    assert views.calls == ["missing"]


def test_not_now_is_not_stored(hmac_signer: Signer) -> None:
    first = create(hmac_signer, "later")
    assert first.status_code == 429
    assert first["Retry-After"] == "7"
    create(hmac_signer, "later")
    assert views.calls == ["later", "later"]
    assert not IdempotencyRecord.objects.exists()


def test_a_defect_leaves_neither_change_nor_record(hmac_signer: Signer) -> None:
    assert create(hmac_signer, "broken").status_code == 500
    assert not ApiClient.objects.filter(name="half").exists()
    assert not IdempotencyRecord.objects.exists()


def test_a_twin_of_a_request_at_work_is_told_to_wait(hmac_signer: Signer) -> None:
    create(hmac_signer, "检验")
    IdempotencyRecord.objects.update(state=RecordState.IN_PROGRESS)
    answer = create(hmac_signer, "检验")
    assert answer.status_code == 409
    assert answer.json()["code"] == "request_in_progress"
    assert answer["Retry-After"] == "1"


def test_the_record_of_a_dead_request_is_taken_over(hmac_signer: Signer) -> None:
    create(hmac_signer, "检验")
    ApiClient.objects.filter(name="检验").delete()
    IdempotencyRecord.objects.update(
        state=RecordState.IN_PROGRESS, lease_until=clock.now() - idempotency.LEASE
    )
    assert create(hmac_signer, "检验").status_code == 201
    assert views.calls == ["检验", "检验"]
    assert create(hmac_signer, "检验")["Idempotent-Replayed"] == "true"


def test_whoever_lost_the_lease_changes_nothing(hmac_signer: Signer) -> None:
    caller = idempotency_caller(hmac_signer)

    def slow() -> idempotency.Answer:
        IdempotencyRecord.objects.update(lease_until=clock.now() + 2 * idempotency.LEASE)
        ApiClient.objects.filter(public_id=hmac_signer.client).update(name="changed")
        return idempotency.Answer(200, b"{}", "application/json")

    with pytest.raises(RequestInProgress):
        idempotency.once(caller=caller, key=KEY, digest=b"0" * 32, produce=slow)
    assert not ApiClient.objects.filter(name="changed").exists()


def test_old_records_are_purged(hmac_signer: Signer) -> None:
    create(hmac_signer, "检验")
    assert purge_idempotency() == 0
    with time_machine.travel(clock.now() + idempotency.KEEP, tick=True):
        assert purge_idempotency() == 1


def idempotency_caller(signer: Signer) -> Any:
    credential = credentials.find(signer.kid)
    assert credential is not None
    return credential.caller
