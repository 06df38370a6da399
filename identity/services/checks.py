"""Real-name checks: intent first, then the call, then the outcome.

The row of evidence is committed before the other side is called, so that a worker that dies in
the middle leaves a trace; no transaction is open during the call.
"""

from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from foundation.core.text import normalise_name
from gmcrypto.index import blind_index
from identity import selectors
from identity.asking import DIGEST, Answer, Question, ask, is_about, level_of, provider_name
from identity.errors import CheckInProgress, CheckRequestReused
from identity.models import IdentityCheck
from identity.types import CheckOutcome, CheckResult
from mpi.rules import canonical_number

log = structlog.get_logger(__name__)

DEADLINE_SECONDS = 8.0
# For calls whose caller waits for the answer.
SYNCHRONOUS_SECONDS = 3.0
# A check that is still "asked" after this long was left by a worker that died.
LEASE = timedelta(seconds=60)
LONGEST_REQUEST_ID = 64


def check_real_name(
    *,
    request_id: str,
    subject: tuple[str, str],
    id_type: str,
    id_number: str,
    name: str,
    actor: Actor,
    account_pk: int | None = None,
    person_pk: int | None = None,
    deadline: float = DEADLINE_SECONDS,
) -> CheckResult:
    """Ask the provider whether the name belongs to the number, and keep the answer as evidence.

    Not to be called in a transaction. The same request id with the same content gets the
    stored outcome, whatever it was: to ask again is a new request id.

    Args:
        request_id: At most 64 characters, one for each attempt.
        subject: What the check is for: ``("cards.CardApplication", public id)``.
        deadline: Seconds for the whole call; ``SYNCHRONOUS_SECONDS`` where somebody waits.

    Raises:
        InvalidInput: If the request id is empty or too long.
        CheckRequestReused: If the request id came before with other content.
        CheckInProgress: If another worker is asking at this moment.
    """
    question = Question(request_id, id_type, canonical_number(id_type, id_number), normalise_name(name))
    if not 0 < len(request_id) <= LONGEST_REQUEST_ID:
        raise InvalidInput(field="request_id")
    check = IdentityCheck(
        request_id=request_id,
        subject_type=subject[0],
        subject_id=subject[1],
        account_id=account_pk,
        person_id=person_pk,
        provider=provider_name(),
        digest=blind_index(DIGEST, question.content()),
        asked_at=clock.now(),
    )
    try:
        with transaction.atomic(durable=True):
            check.save()
    except IntegrityError:
        check = _earlier(question)
        if check.outcome != CheckOutcome.ASKED:
            return selectors.result_of(check)
    return _record(check, ask(question, deadline), actor)


def attach_person(*, check_id: str, person_pk: int) -> None:
    """Say of whom a check turned out to be; evidence that names somebody keeps naming them.

    Raises:
        NotFound: If there is no such check.
    """
    rows = IdentityCheck.objects.filter(public_id=check_id)
    if not rows.filter(person=None).update(person_id=person_pk) and not rows.exists():
        raise NotFound


def _earlier(question: Question) -> IdentityCheck:
    """The row of a repeated request: answered, or taken over from a worker that died."""
    check = IdentityCheck.objects.get(request_id=question.request_id)
    if not is_about(check, question):
        raise CheckRequestReused
    if check.outcome != CheckOutcome.ASKED:
        return check
    moment = clock.now()
    waiting = IdentityCheck.objects.filter(
        pk=check.pk, outcome=CheckOutcome.ASKED.value, asked_at=check.asked_at
    )
    if check.asked_at > moment - LEASE or not waiting.update(asked_at=moment):
        raise CheckInProgress
    check.asked_at = moment
    return check


def _record(check: IdentityCheck, answer: Answer, actor: Actor) -> CheckResult:
    level = level_of(answer)
    with transaction.atomic(durable=True):
        recorded = IdentityCheck.objects.filter(
            pk=check.pk, outcome=CheckOutcome.ASKED.value, asked_at=check.asked_at
        ).update(
            outcome=answer.outcome.value,
            level=level,
            reference=answer.reference,
            duration_ms=answer.duration_ms,
        )
        if not recorded:
            # Somebody took the check over, thinking that this worker had died.
            raise CheckInProgress
        audit.record(
            Action.IDENTITY_CHECKED,
            actor=actor,
            subject=check,
            details={
                "provider": check.provider,
                "outcome": answer.outcome.value,
                "level": level,
                "reference": answer.reference,
            },
        )
    return CheckResult(check.public_id, answer.outcome, level, answer.reference)
