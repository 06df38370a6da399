"""Claims to physical cards: a worker compares each with the register, and sends the code."""

from dataclasses import asdict, dataclass, field
from datetime import date, timedelta

import structlog
from django.db import transaction

import gmcrypto
from cards.models import PhysicalActivation, PhysicalCard
from cards.services.physical import NUMBER_DOMAIN
from cards.states import OPEN_ACTIVATIONS, ActivationState, PhysicalState
from foundation.accounts import services as accounts
from foundation.core import clock
from foundation.core.errors import TooManyRequests
from gmcrypto import index, subject_keys
from mpi.rules import birth_date_of

log = structlog.get_logger(__name__)

LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Claim:
    """What the resident says of the physical card, in normal form; all of it must match.

    Attributes:
        birth_date: In ISO form, from the number where that tells it; empty matches nothing.
    """

    number: str = field(repr=False)
    id_type: str
    id_number: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: str = field(default="", repr=False)


def match(*, public_id: str) -> int:
    """Compare a claim with the register, and send the code to the phone on record.

    Called by the worker; safe to repeat, except that each call that matches sends a code.

    Returns:
        Seconds after which to try again, because the phone has just been sent another code;
        0 if there is nothing left to do.
    """
    claimed = PhysicalActivation.objects.select_related("account").filter(
        public_id=public_id, state=ActivationState.WAITING, expires_at__gt=clock.now()
    )
    activation = claimed.first()
    if activation is None or activation.answers is None:
        return 0
    physical = _found(Claim(**activation.answers))
    if physical is not None:
        try:
            accounts.request_phone_code(
                phone=physical.phone,
                ip=f"account-{activation.account.public_id}",
                purpose=accounts.ACTIVATE,
            )
        except TooManyRequests as exc:
            if exc.retry_after <= LIFE.total_seconds() / 2:
                return exc.retry_after
            log.warning("activation_code_not_sent", activation=public_id)
            physical = None
    claimed.update(
        state=ActivationState.SENT if physical else ActivationState.UNMATCHED,
        physical=physical,
        answers=None,
        updated_at=clock.now(),
    )
    return 0


def end_abandoned() -> int:
    """End the tries that ran out, and destroy what was claimed in them."""
    left = PhysicalActivation.objects.filter(expires_at__lte=clock.now(), state__in=OPEN_ACTIVATIONS)
    count = 0
    for activation in left.defer("answers")[:500]:
        end_claim(activation=activation)
        count += 1
    return count


@transaction.atomic
def end_claim(*, activation: PhysicalActivation) -> None:
    """End a try, and destroy what was claimed in it."""
    ended = PhysicalActivation.objects.filter(pk=activation.pk, state__in=OPEN_ACTIVATIONS).update(
        state=ActivationState.OVER, answers=None, updated_at=clock.now()
    )
    if ended:
        subject_keys.destroy_subject_key(activation.public_id)


def _found(claim: Claim) -> PhysicalCard | None:
    physical = PhysicalCard.objects.filter(
        index.indexed_as("number_index", NUMBER_DOMAIN, claim.number), state=PhysicalState.REGISTERED
    ).first()
    if physical is None:
        return None
    born = birth_date_on_record(physical=physical)
    if born is None:
        return None
    on_record = Claim(claim.number, physical.id_type, physical.id_number, physical.name, born.isoformat())
    given, known = asdict(claim), asdict(on_record)
    # Every field is compared, so that the time tells nobody which of them differs.
    same = [gmcrypto.same(given[name].encode(), known[name].encode()) for name in known]
    return physical if all(same) else None


def birth_date_on_record(*, physical: PhysicalCard) -> date | None:
    """The birth date as the register or the number of the certificate tells it.

    None for a card that was registered without; it is activated at a window.
    """
    if physical.birth_date:
        return date.fromisoformat(physical.birth_date)
    return birth_date_of(physical.id_type, physical.id_number)
