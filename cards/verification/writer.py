"""Writing a claim: by the process's committer, or in the caller's own connection."""

from django.conf import settings
from django.db import connection, transaction

from cards.centre import Rules
from cards.verification import misses, statement
from cards.verification.claim import Claim, Found
from cards.verification.committer import committer
from foundation.events import services as events
from foundation.gateway.authenticate import SignedCall


def write(claim: Claim, rules: Rules, call: SignedCall | None = None) -> tuple[Found, bool]:
    """Consume the code and record the use; a call that has yet to be let in is let in first.

    Returns:
        What was found, and whether it is the stored answer of an earlier request.

    Raises:
        CodeUsed, RequestIdReused, CardUnknown, CardFrozen and the other states of a card:
            As ``misses.explain``.
        VerificationBusy: If the record could not be written.
        GatewayError, TooManyRequests: The call is not let in.
    """
    found = _write(claim, call)
    while found is None:
        outcome = misses.explain(claim, rules)
        if isinstance(outcome, Found):
            return outcome, True
        claim = outcome
        found = _write(claim, call)
    return found, False


def _write(claim: Claim, call: SignedCall | None) -> Found | None:
    if settings.USAGE_WRITER == "batch":
        return committer().write(claim, call)
    if call is not None:
        call.admit()
    with connection.cursor() as cursor:
        found = statement.consume(cursor, [claim]).get(claim.public_id)
    if found is not None:
        transaction.on_commit(events.wake)
    return found
