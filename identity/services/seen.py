"""Evidence that comes from somebody who had the person or the document in front of them."""

import gmcrypto
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from gmcrypto.index import blind_index
from identity.models import IdentityCheck
from identity.rules import LEVEL_OF, Evidence
from identity.types import CheckOutcome, CheckResult


def keep_evidence(
    *,
    request_id: str,
    subject: tuple[str, str],
    person_pk: int,
    evidence: Evidence,
    reference: str = "",
    document: str = "",
    actor: Actor,
) -> CheckResult:
    """Keep what an institution vouches for: a person seen at its window, a face that its machine compared.

    Runs in the caller's transaction. The same request id again finds the evidence of before.

    Args:
        request_id: The actor's own, one for each encounter.
        subject: What it is for: ``("cards.Card", public id)``.
        reference: The institution's own number of its record.
        document: Type of the certificate that was compared with the person, where a clerk did so.
    """
    level = LEVEL_OF[evidence]
    once = "\n".join(("seen", actor.id, *subject, request_id))
    check, created = IdentityCheck.objects.get_or_create(
        request_id=gmcrypto.sm3(once.encode()).hex(),
        defaults={
            "subject_type": subject[0],
            "subject_id": subject[1],
            "person_id": person_pk,
            "provider": evidence.value,
            "digest": blind_index("identity-seen", f"{evidence.value}|{subject[1]}|{actor.institution}"),
            "outcome": CheckOutcome.MATCH.value,
            "level": int(level),
            "reference": reference,
            "asked_at": clock.now(),
        },
    )
    if created:
        audit.record(
            Action.IDENTITY_CHECKED,
            actor=actor,
            subject=check,
            details={
                "provider": check.provider,
                "outcome": check.outcome,
                "level": check.level,
                "reference": reference,
                "kind": document,
            },
        )
    return CheckResult(check.public_id, CheckOutcome.MATCH, check.level, check.reference)
