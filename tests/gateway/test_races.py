"""Twenty callers at once: one does the work, the others are told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection

from foundation.core.ids import new_public_id
from foundation.gateway import credentials, idempotency, services
from foundation.gateway.authenticate import admit
from foundation.gateway.errors import NonceReplayed, RequestInProgress
from foundation.gateway.models import ApiClient
from tests.gateway.conftest import CENTRE
from tests.gateway.signing import Signer

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 20
T = TypeVar("T")


def at_once(work: Callable[[], T]) -> list[T]:
    """What the work gave to each of twenty threads that started together."""
    barrier = Barrier(CALLERS)

    def run(_: int) -> T:
        barrier.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(run, range(CALLERS)))


def count_up(client_id: str) -> idempotency.Answer:
    """An operation that must not be done twice, written as carelessly as can be."""
    client = ApiClient.objects.get(public_id=client_id)
    services.create_client(
        institution=client.institution, name=f"copy of {new_public_id()}", scopes=[], actor=CENTRE
    )
    return idempotency.Answer(201, b"{}", "application/json")


def test_without_the_key_every_caller_does_the_work(client_id: str) -> None:
    at_once(lambda: count_up(client_id))
    assert ApiClient.objects.filter(name__startswith="copy").count() == CALLERS


def test_with_the_key_one_caller_does_the_work(hmac_signer: Signer) -> None:
    credential = credentials.find(hmac_signer.kid)
    assert credential is not None

    def once() -> int:
        try:
            answer = idempotency.once(
                caller=credential.caller,
                key="order-2026-11-20-0001",
                digest=bytes(32),
                produce=lambda: count_up(hmac_signer.client),
            )
        except RequestInProgress as exc:
            return exc.status
        return answer.status

    outcomes = at_once(once)
    assert ApiClient.objects.filter(name__startswith="copy").count() == 1
    assert set(outcomes) <= {201, 409}
    assert 201 in outcomes


def test_one_of_twenty_takes_a_nonce(hmac_signer: Signer) -> None:
    credential = credentials.find(hmac_signer.kid)
    assert credential is not None

    def enter() -> bool:
        try:
            admit(credential, "the-same-nonce-01")
        except NonceReplayed:
            return False
        return True

    assert sum(at_once(enter)) == 1
