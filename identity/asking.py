"""Asking the provider of real-name checks: what is asked, what comes back, and of whom evidence is."""

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as DeadlinePassed
from dataclasses import dataclass, field
from functools import cache

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

import gmcrypto
from foundation.core.breaker import CircuitBreaker
from gmcrypto.index import blind_index_versions
from identity import rules
from identity.models import IdentityCheck
from identity.providers.base import (
    Outcome,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnavailable,
    RealNameProvider,
)
from identity.types import CheckOutcome

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 8

DIGEST = "identity-check"
_OUTCOMES = {
    Outcome.MATCH: CheckOutcome.MATCH,
    Outcome.MISMATCH: CheckOutcome.MISMATCH,
    Outcome.NOT_FOUND: CheckOutcome.NOT_FOUND,
}


@dataclass(frozen=True, slots=True)
class Question:
    """One pair, normalised."""

    request_id: str
    id_type: str
    id_number: str = field(repr=False)
    name: str = field(repr=False)

    def content(self) -> str:
        """What is digested to recognise a repeat."""
        return f"{self.id_type}|{self.id_number}|{self.name}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking."""

    outcome: CheckOutcome
    reference: str = ""
    duration_ms: int = 0


def ask(question: Question, deadline: float) -> Answer:
    """Ask the provider, unless its circuit is open; no row is read or written."""
    breaker = CircuitBreaker(f"real-name:{provider_name()}")
    if not breaker.allows():
        return Answer(CheckOutcome.UNAVAILABLE)
    started = time.monotonic()
    answer = _call(question, deadline)
    if answer.outcome in {CheckOutcome.TIMEOUT, CheckOutcome.UNAVAILABLE}:
        breaker.failed()
    else:
        breaker.succeeded()
    duration = round((time.monotonic() - started) * 1000)
    log.info("real_name_checked", request=question.request_id, outcome=answer.outcome.value, ms=duration)
    return Answer(answer.outcome, answer.reference, duration)


def _call(question: Question, deadline: float) -> Answer:
    provider: RealNameProvider = import_string(settings.REAL_NAME_PROVIDER)()
    future = _pool().submit(
        provider.check,
        request_id=question.request_id,
        id_type=question.id_type,
        id_number=question.id_number,
        name=question.name,
    )
    try:
        # The client's own time-out is per read; this one is for the whole call.
        answer = future.result(timeout=deadline)
    except (ProviderTimeout, DeadlinePassed):
        future.cancel()
        return Answer(CheckOutcome.TIMEOUT)
    except ProviderUnavailable:
        return Answer(CheckOutcome.UNAVAILABLE)
    except ProviderProtocolError as exc:
        log.error("real_name_refused", request=question.request_id, code=exc.code)
        return Answer(CheckOutcome.REFUSED)
    return Answer(_OUTCOMES[answer.outcome], answer.reference)


def is_about(check: IdentityCheck, question: Question) -> bool:
    """Whether a row of evidence is of this pair; its digest may be older than the index key of today."""
    digests = blind_index_versions(DIGEST, question.content())
    return any(gmcrypto.same(bytes(check.digest), digest) for digest in digests)


def level_of(answer: Answer) -> int:
    """The assurance level that an answer gives."""
    return int(rules.LEVEL_OF[rules.Evidence.REAL_NAME]) if answer.outcome is CheckOutcome.MATCH else 0


def provider_name() -> str:
    """``population.PopulationDatabase`` of ``identity.providers.population.PopulationDatabase``."""
    return ".".join(str(settings.REAL_NAME_PROVIDER).split(".")[-2:])


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="real-name")
