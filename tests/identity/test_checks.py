"""Real-name checks against the population database of the sandbox."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connections, transaction
from pytest_django import Settings

from foundation.audit.models import AuditEntry
from foundation.core import clock, redis
from foundation.core.breaker import CircuitBreaker
from foundation.core.errors import InvalidInput, NotFound
from gmcrypto import keystore
from gmcrypto.keyring import Purpose
from identity import selectors, services
from identity.errors import CheckInProgress, CheckRequestReused
from identity.models import IdentityCheck
from identity.providers.base import Outcome, RealNameAnswer
from identity.providers.population import PopulationDatabase
from identity.types import CheckOutcome, CheckResult
from mpi import services as mpi
from mpi.types import PersonIdentity
from tests.identity.conftest import CLERK, NUMBER, register
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

APPLICATION = ("cards.CardApplication", "0" * 26)


def check(request_id: str = "request-1", name: str = "林知秋", number: str = NUMBER) -> CheckResult:
    return services.check_real_name(
        request_id=request_id, subject=APPLICATION, id_type="01", id_number=number, name=name, actor=CLERK
    )


def calls(sandbox: Sandbox) -> int:
    return len([one for one in sandbox.show("requests")["requests"] if one["system"] == "population"])


def test_a_match_is_kept_as_evidence_of_level_one(sandbox: Sandbox) -> None:
    result = check()
    row = IdentityCheck.objects.get()
    assert (result.outcome, result.level, result.has_answer) == (CheckOutcome.MATCH, 1, True)
    assert (row.public_id, row.outcome, row.level) == (result.check_id, "match", 1)
    assert (row.subject_type, row.subject_id) == APPLICATION
    assert row.provider == "population.PopulationDatabase"
    assert row.reference.startswith("RK")
    assert row.duration_ms is not None
    assert selectors.check_of(result.check_id) == result
    assert selectors.checks_for(*APPLICATION) == [result]


@pytest.mark.parametrize(
    ("name", "outcome", "has_answer"),
    [
        ("测不符", CheckOutcome.MISMATCH, True),
        ("测无此人", CheckOutcome.NOT_FOUND, True),
        ("测故障", CheckOutcome.UNAVAILABLE, False),
        ("测乱码", CheckOutcome.REFUSED, False),
    ],
)
def test_every_other_outcome_is_kept_and_gives_no_level(
    sandbox: Sandbox, name: str, outcome: CheckOutcome, has_answer: bool
) -> None:
    result = check(name=name)
    assert (result.outcome, result.level, result.has_answer) == (outcome, 0, has_answer)
    assert IdentityCheck.objects.get().outcome == outcome.value


def test_a_database_that_hangs_ends_in_a_timeout_within_the_deadline(sandbox: Sandbox) -> None:
    assert check(name="测超时").outcome is CheckOutcome.TIMEOUT


class Late:
    """A provider that answers when nobody can be waiting any more, or is told to."""

    over = Event()

    def check(self, *, request_id: str, id_type: str, id_number: str, name: str) -> RealNameAnswer:
        self.over.wait(60)
        return RealNameAnswer(outcome=Outcome.MATCH, reference="R1", checked_at=clock.now())


def test_where_somebody_waits_the_deadline_is_shorter(settings: Settings) -> None:
    settings.REAL_NAME_PROVIDER = f"{__name__}.Late"
    result = services.check_real_name(
        request_id="request-1",
        subject=APPLICATION,
        id_type="01",
        id_number=NUMBER,
        name="测超时",
        actor=CLERK,
        deadline=0.3,
    )
    assert result.outcome is CheckOutcome.TIMEOUT
    Late.over.set()


def test_evidence_and_audit_hold_no_values(sandbox: Sandbox) -> None:
    check()
    kept = str(IdentityCheck.objects.values().get()) + str(AuditEntry.objects.values().get())
    assert "林知秋" not in kept
    assert NUMBER not in kept
    entry = AuditEntry.objects.get(action="identity.checked")
    assert (entry.details["outcome"], entry.details["level"]) == ("match", 1)


def test_the_same_request_gets_the_stored_outcome_and_asks_nobody(sandbox: Sandbox) -> None:
    first = check()
    asked = calls(sandbox)
    assert check(number="110100-20171225-006x") == first
    assert calls(sandbox) == asked
    assert AuditEntry.objects.filter(action="identity.checked").count() == 1


def test_a_request_id_is_not_for_two_people(sandbox: Sandbox) -> None:
    check()
    with pytest.raises(CheckRequestReused):
        check(name="李红")


def test_a_repeat_is_recognised_after_the_index_key_was_rotated(sandbox: Sandbox) -> None:
    first = check()
    keystore.prepare(Purpose.INDEX)
    keystore.rotate(Purpose.INDEX)
    assert check() == first


@pytest.mark.parametrize("request_id", ["", "x" * 65])
def test_a_request_id_has_1_to_64_characters(request_id: str) -> None:
    with pytest.raises(InvalidInput):
        check(request_id)


def test_a_failed_check_is_asked_again_under_a_new_request_id(sandbox: Sandbox) -> None:
    sandbox.fault("population", "error")
    assert check("request-1").outcome is CheckOutcome.UNAVAILABLE
    sandbox.repair()
    assert check("request-1").outcome is CheckOutcome.UNAVAILABLE
    assert check("request-2").outcome is CheckOutcome.MATCH


class Dying(PopulationDatabase):
    """A provider whose worker dies in the middle."""

    def check(self, *, request_id: str, id_type: str, id_number: str, name: str) -> object:  # type: ignore[override]
        raise SystemError("power cut")


def test_the_intent_is_committed_before_the_call_and_taken_over_after_a_crash(
    sandbox: Sandbox, settings: Settings
) -> None:
    settings.REAL_NAME_PROVIDER = f"{__name__}.Dying"
    with pytest.raises(SystemError):
        check()
    assert IdentityCheck.objects.get().outcome == "asked"
    settings.REAL_NAME_PROVIDER = "identity.providers.population.PopulationDatabase"
    with pytest.raises(CheckInProgress):
        check()
    IdentityCheck.objects.update(asked_at=clock.now() - timedelta(minutes=2))
    assert check().outcome is CheckOutcome.MATCH
    assert IdentityCheck.objects.count() == 1


def test_a_check_inside_a_transaction_is_a_defect_that_is_noticed(sandbox: Sandbox) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        check()
    assert not IdentityCheck.objects.exists()


def test_of_two_workers_with_one_request_one_asks(sandbox: Sandbox) -> None:
    barrier = Barrier(8)

    def worker(_: int) -> str:
        try:
            connections["default"].ensure_connection()
            barrier.wait(timeout=60)
            return check(name="测缓慢").outcome.value
        except CheckInProgress:
            return "in_progress"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(worker, range(8)))
    assert outcomes.count("match") == 1
    assert outcomes.count("in_progress") == 7
    assert calls(sandbox) == 1


def test_a_check_names_the_person_once_known_and_keeps_naming_them(sandbox: Sandbox) -> None:
    result = check()
    first, second = register(), register("李红", "03", "E1234567")
    services.attach_person(check_id=result.check_id, person_pk=first.person_pk)
    services.attach_person(check_id=result.check_id, person_pk=second.person_pk)
    assert IdentityCheck.objects.get().person_id == first.person_pk
    with pytest.raises(NotFound):
        services.attach_person(check_id="0" * 26, person_pk=first.person_pk)
    with pytest.raises(NotFound):
        selectors.check_of("0" * 26)


# The circuit breaker


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker("test", failures=3, window_seconds=600, open_seconds=200, probe_seconds=300)


def pass_time(seconds: int) -> None:
    """Let what Valkey keeps of the breaker end so much earlier."""
    client = redis.client()
    for key in client.scan_iter(redis.key("breaker", "test", "*")):
        left = int(client.pttl(key))
        if left >= 0:
            client.pexpire(key, left - 1000 * seconds)


def test_the_circuit_opens_after_failures_in_a_row_and_lets_one_caller_try(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    pass_time(250)
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.failed()
    assert not breaker.allows()
    pass_time(250)
    assert breaker.allows()
    breaker.succeeded()
    assert all(breaker.allows() for _ in range(3))


def test_a_success_in_between_ends_the_row(breaker: CircuitBreaker) -> None:
    for _ in range(4):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()


def test_a_caller_who_dies_while_trying_does_not_close_the_door_for_good(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        breaker.failed()
    pass_time(250)
    assert breaker.allows()
    assert not breaker.allows()
    pass_time(350)
    assert breaker.allows()


def test_without_valkey_everybody_asks(settings: Settings) -> None:
    reachable = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    breaker = CircuitBreaker("test")
    for _ in range(10):
        breaker.failed()
    breaker.succeeded()
    allowed = breaker.allows()
    settings.REDIS_URL = reachable
    redis.client.cache_clear()
    assert allowed


def test_a_broken_database_is_left_alone_after_five_failures_and_asked_again_later(sandbox: Sandbox) -> None:
    sandbox.fault("population", "error")
    for number in range(5):
        assert check(f"request-{number}").outcome is CheckOutcome.UNAVAILABLE
    asked = calls(sandbox)
    assert check("request-5").outcome is CheckOutcome.UNAVAILABLE
    assert calls(sandbox) == asked
    sandbox.repair()


def test_a_person_who_does_not_match_does_not_open_the_circuit(sandbox: Sandbox) -> None:
    for number in range(6):
        assert check(f"request-{number}", name="测不符").outcome is CheckOutcome.MISMATCH
    assert check("request-6").outcome is CheckOutcome.MATCH


# Logs


def test_nothing_personal_is_logged(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        for number, name in enumerate(["林知秋", "测不符", "测故障", "测乱码"]):
            check(f"request-{number}", name=name)
        mpi.register_person(
            identity=PersonIdentity(name="林知秋", id_type="01", id_number=NUMBER, phone="13900000001"),
            source="h5",
            actor=CLERK,
        )
    printed = capfd.readouterr()
    # Each record as it was made, before any processor could mask what should not be in it.
    written = "".join(str(vars(record)) for record in caplog.records) + printed.out + printed.err
    assert "real_name_checked" in written
    for text in ("林知秋", "测不符", NUMBER, NUMBER[6:14], "13900000001"):
        assert text not in written
