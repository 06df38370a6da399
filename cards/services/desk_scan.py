"""A code scanned at a page of the work, by staff and not by a client of the institution."""

from cards.models import Card
from cards.rules.policy import Opens
from cards.verification import reference, verify
from foundation.core.actor import Actor
from foundation.gateway.caller import Caller
from foundation.gateway.scopes import CODE_VERIFY
from foundation.gateway.types import Environment
from mpi import selectors as mpi
from mpi.types import PersonRef

_PER_MINUTE = 600


def scan_at_desk(*, text: str, scene: str, request_id: str, actor: Actor) -> tuple[PersonRef, bool]:
    """Verify a code that somebody of the staff has scanned, consume it and record the use.

    The use stands under the account of whoever scanned, at their institution. Whether the account
    may do what the code is scanned for is asked by the command that calls this.

    Args:
        scene: Step of care, six or seven digits.
        request_id: One for each form that was shown, so that sending it again is no second use.

    Returns:
        Whose card it is, and whether a document has to be shown besides, as with a static code.

    Raises:
        CodeMalformed and the other refusals of ``cards.verification.verify``.
    """
    caller = Caller(
        client_id=0,
        public_id=actor.id,
        institution=actor.institution,
        scopes=frozenset({CODE_VERIFY}),
        environment=Environment.PRODUCTION,
        key_id="",
        rate_per_minute=_PER_MINUTE,
    )
    verified = verify(
        text=text, caller=caller, scene=scene, request_id=request_id, terminal_id="", operation="desk"
    )
    person_pk = Card.objects.values_list("person_id", flat=True).get(pk=verified.found.card_pk)
    survivor = mpi.survivor(person_pk)
    return PersonRef(survivor, mpi.public_id_of(survivor)), verified.opens is Opens.PERSON_WITH_DOCUMENT


def person_of_scan(*, text: str, caller: Caller) -> PersonRef:
    """Whom a text names that the caller's institution has verified lately. Nothing is consumed.

    Raises:
        NoScanSession, CodeUsed, ScanSessionOver and the other refusals of
            ``cards.verification.reference``.
    """
    named = reference(text, caller=caller)
    person_pk = Card.objects.values_list("person_id", flat=True).get(pk=named.found.card_pk)
    survivor = mpi.survivor(person_pk)
    return PersonRef(survivor, mpi.public_id_of(survivor))
