"""A request that asks outside systems does so outside of its transaction."""

import pytest
from django.db import connection

import gmcrypto
from foundation.gateway import credentials, idempotency
from foundation.gateway.caller import Caller
from foundation.gateway.idempotency import Answer
from foundation.gateway.models import IdempotencyRecord
from tests.interop.world import Place

pytestmark = pytest.mark.django_db(transaction=True)
DIGEST = gmcrypto.sm3(b"body")
KEY = "k" * 64


def answer(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode(), "text/plain")


@pytest.fixture
def caller() -> Caller:
    credential = credentials.load(Place().key.kid)
    assert credential is not None
    return credential.caller


def test_it_runs_before_the_transaction_and_once(caller: Caller) -> None:
    seen: list[tuple[str, bool]] = []

    def before() -> None:
        seen.append(("before", connection.in_atomic_block))

    def produce() -> Answer:
        seen.append(("produce", connection.in_atomic_block))
        return answer("done")

    for _ in range(2):
        found = idempotency.once(caller=caller, key=KEY, digest=DIGEST, produce=produce, before=before)
        assert found.body == b"done"
    assert seen == [("before", False), ("produce", True)]


def test_its_refusal_is_kept_like_any_answer(caller: Caller) -> None:
    def produce() -> Answer:
        raise AssertionError("not reached")

    for is_replay in (False, True):
        found = idempotency.once(
            caller=caller, key=KEY, digest=DIGEST, produce=produce, before=lambda: answer("no", 422)
        )
        assert (found.body, found.is_replay) == (b"no", is_replay)


def test_not_now_frees_the_key(caller: Caller) -> None:
    found = idempotency.once(
        caller=caller,
        key=KEY,
        digest=DIGEST,
        produce=lambda: answer("x"),
        before=lambda: answer("later", 503),
    )
    assert found.body == b"later"
    assert not IdempotencyRecord.objects.exists()


def test_a_defect_frees_the_key(caller: Caller) -> None:
    def before() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        idempotency.once(caller=caller, key=KEY, digest=DIGEST, produce=lambda: answer("x"), before=before)
    assert not IdempotencyRecord.objects.exists()
