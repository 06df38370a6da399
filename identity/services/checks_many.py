"""Real-name checks of many people: intents together, calls side by side, outcomes together.

As in ``checks``: the evidence is committed before anybody is asked, and no transaction is open
meanwhile.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.text import normalise_name
from gmcrypto.index import blind_index
from identity import asking, selectors
from identity.models import IdentityCheck
from identity.services.checks import DEADLINE_SECONDS
from identity.types import CheckOutcome, CheckResult
from mpi.rules import canonical_number


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """One pair to ask about; ``request_id`` and ``subject`` as in ``check_real_name``."""

    request_id: str
    subject: tuple[str, str]
    id_type: str
    id_number: str = field(repr=False)
    name: str = field(repr=False)


def check_real_names(
    *, questions: Sequence[NameQuestion], actor: Actor, deadline: float = DEADLINE_SECONDS
) -> dict[str, CheckResult]:
    """Ask about each pair and keep the answers as evidence.

    Not to be called in a transaction, and by one worker at a time for the same request ids: a
    question that was left without an outcome is taken for one of a worker that died, and asked
    again. At most ``REAL_NAME_BATCH_AT_ONCE`` calls are under way together, and no more than
    ``REAL_NAME_BATCH_PER_SECOND`` begin in a second.

    Returns:
        The results by request id. One is missing if the request id came before with other
        content, or if another worker took the question over meanwhile.
    """
    asked = {question.request_id: question for question in questions}
    if not asked:
        return {}
    rows = _intents(asked)
    results = {row.request_id: selectors.result_of(row) for row in rows if row.outcome != CheckOutcome.ASKED}
    waiting = [row for row in rows if row.outcome == CheckOutcome.ASKED]
    answers = _ask([_plain(asked[row.request_id]) for row in waiting], deadline)
    return results | _record(list(zip(waiting, answers, strict=True)), actor)


def attach_persons(*, persons: Mapping[str, int]) -> None:
    """Say of whom checks turned out to be, by the public ids of the checks; as ``attach_person``."""
    if not persons:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE identity_check SET person_id = given.person"
            " FROM unnest(%s::varchar[], %s::bigint[]) AS given (check_id, person)"
            " WHERE public_id = given.check_id AND person_id IS NULL",
            [list(persons), list(persons.values())],
        )


def _plain(question: NameQuestion) -> asking.Question:
    return asking.Question(
        question.request_id,
        question.id_type,
        canonical_number(question.id_type, question.id_number),
        normalise_name(question.name),
    )


def _intents(asked: Mapping[str, NameQuestion]) -> list[IdentityCheck]:
    """The rows of the questions, made where they are missing, those without an outcome taken over."""
    moment = clock.now()
    fresh = [
        IdentityCheck(
            request_id=question.request_id,
            subject_type=question.subject[0],
            subject_id=question.subject[1],
            provider=asking.provider_name(),
            digest=blind_index(asking.DIGEST, _plain(question).content()),
            asked_at=moment,
        )
        for question in asked.values()
    ]
    with transaction.atomic(durable=True):
        IdentityCheck.objects.bulk_create(fresh, ignore_conflicts=True)
        rows = IdentityCheck.objects.filter(request_id__in=list(asked))
        rows.filter(outcome=CheckOutcome.ASKED.value).update(asked_at=moment)
        return [row for row in rows.all() if asking.is_about(row, _plain(asked[row.request_id]))]


def _ask(questions: Sequence[asking.Question], deadline: float) -> list[asking.Answer]:
    if not questions:
        return []
    pause = 1 / settings.REAL_NAME_BATCH_PER_SECOND
    with ThreadPoolExecutor(settings.REAL_NAME_BATCH_AT_ONCE, thread_name_prefix="real-names") as pool:
        begun = time.monotonic()
        futures = []
        for place, question in enumerate(questions):
            time.sleep(max(0.0, begun + place * pause - time.monotonic()))
            futures.append(pool.submit(asking.ask, question, deadline))
        return [future.result() for future in futures]


def _record(answered: Sequence[tuple[IdentityCheck, asking.Answer]], actor: Actor) -> dict[str, CheckResult]:
    """Write the outcomes; a question that somebody took over is left to them."""
    if not answered:
        return {}
    levels = {row.pk: asking.level_of(answer) for row, answer in answered}
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE identity_check AS row SET outcome = given.outcome, level = given.level,"
            " reference = given.reference, duration_ms = given.duration"
            " FROM unnest(%s::bigint[], %s::timestamptz[], %s::varchar[], %s::smallint[], %s::varchar[],"
            " %s::int[]) AS given (id, asked_at, outcome, level, reference, duration)"
            " WHERE row.id = given.id AND row.outcome = 'asked' AND row.asked_at = given.asked_at"
            " RETURNING row.id",
            [
                [row.pk for row, _answer in answered],
                [row.asked_at for row, _answer in answered],
                [answer.outcome.value for _row, answer in answered],
                [levels[row.pk] for row, _answer in answered],
                [answer.reference for _row, answer in answered],
                [answer.duration_ms for _row, answer in answered],
            ],
        )
        ours = {key for (key,) in cursor.fetchall()}
        written = [(row, answer) for row, answer in answered if row.pk in ours]
        audit.record_many(
            audit.Entry(
                Action.IDENTITY_CHECKED,
                actor=actor,
                subject=audit.subject_of(row),
                details={
                    "provider": row.provider,
                    "outcome": answer.outcome.value,
                    "level": levels[row.pk],
                    "reference": answer.reference,
                },
            )
            for row, answer in written
        )
    return {
        row.request_id: CheckResult(row.public_id, answer.outcome, levels[row.pk], answer.reference)
        for row, answer in written
    }
