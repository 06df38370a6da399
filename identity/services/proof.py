"""Proving oneself once more, for what could not be undone by whoever has found the phone."""

import gmcrypto
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import ratelimit
from foundation.core.actor import Actor
from identity import selectors
from identity.errors import CertificateNotProved
from mpi import rules
from mpi import selectors as mpi

TRIES_PER_DAY = 5
_DAY = 86_400


def require_certificate(*, account_pk: int, number: str, actor: Actor) -> None:
    """Let pass whoever knows the whole number of their certificate, of which pages show a part.

    Raises:
        CertificateNotProved: If it is not that of the account's own person.
        TooManyRequests: After five wrong numbers in a day.
    """
    person = selectors.self_person(account_pk)
    limit = f"certificate-proof:{actor.id}"
    ratelimit.hit(limit, limit=TRIES_PER_DAY, per_seconds=_DAY)
    data = mpi.particulars(person.person_pk) if person is not None else None
    given = rules.canonical_number(data.id_type, number) if data is not None else ""
    if data is None or not data.id_number or not gmcrypto.same(given.encode(), data.id_number.encode()):
        audit.record(Action.ACCOUNT_SECOND_PROOF_REFUSED, actor=actor, subject=("accounts.Account", actor.id))
        raise CertificateNotProved(field="certificate")
    ratelimit.forget(limit)
