"""What hospitals tell and ask around a visit: a new record, a printed slip, too many bookings."""

from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum

from django.db import transaction

import gmcrypto
from cards.centre import rules_in_force
from cards.errors import SlipUnknown
from cards.events import RecordNoticed
from cards.models import Card, VisitSlip
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import TooManyRequests
from foundation.core.ids import new_public_id
from foundation.events import services as events

DAY = 86_400
NOTICES_PER_DAY = 20
SLIP_LIFETIME = timedelta(days=90)
_NEAR = 0.8


class Risk(IntEnum):
    """How far somebody is over what the centre allows in a day."""

    NONE = 0
    NEAR = 1
    OVER = 2


def count_appointment(*, card_id: str, user: str, address: str) -> Risk:
    """Count one wish to book, by card, by the user of the hospital's account, and by address.

    What was booked here is known besides (``appointments.selectors.risk``).
    """
    rules = rules_in_force()
    counted = [("card", card_id, rules.appointments_per_card)]
    if user:
        counted.append(("user", user, rules.appointments_per_user))
    if address:
        counted.append(("address", address, rules.appointments_per_address))
    return max(_count(kind, value, limit) for kind, value, limit in counted)


@transaction.atomic
def tell_of_record(*, card_pk: int, actor: Actor) -> None:
    """Tell the holders that the institution has something for them to read.

    Raises:
        TooManyRequests: The institution has told this card's holders often enough today.
    """
    card = Card.objects.get(pk=card_pk)
    name = f"record-notice:{card.public_id}:{actor.institution}"
    ratelimit.hit(name, limit=NOTICES_PER_DAY, per_seconds=DAY)
    audit.record(Action.RECORD_NOTICED, actor=actor, subject=card)
    events.publish(
        RecordNoticed(card_id=card.public_id, person_id=card.subject, institution_id=actor.institution)
    )


@transaction.atomic
def keep_slip(*, card_pk: int | None, fields: Mapping[str, str], actor: Actor) -> str:
    """Keep the fields behind a printed code; returns what the code says."""
    code = new_public_id()
    moment = clock.now()
    slip = VisitSlip.objects.create(
        digest=_digest(code),
        card_id=card_pk,
        institution=actor.institution,
        fields=dict(fields),
        created_at=moment,
        expires_at=moment + SLIP_LIFETIME,
    )
    audit.record(Action.SLIP_KEPT, actor=actor, subject=slip, details={"fields": sorted(fields)})
    return code


@transaction.atomic
def read_slip(*, code: str, actor: Actor) -> dict[str, str]:
    """The fields behind a printed code, for the institution that printed it.

    Raises:
        SlipUnknown: There is none, it is too old, or it is another institution's.
    """
    slip = VisitSlip.objects.filter(
        digest=_digest(code), institution=actor.institution, expires_at__gt=clock.now()
    ).first()
    if slip is None:
        raise SlipUnknown
    audit.record(Action.SLIP_READ, actor=actor, subject=slip)
    fields: dict[str, str] = slip.fields
    return fields


def _count(kind: str, value: str, limit: int) -> Risk:
    day = clock.beijing(clock.now()).date().isoformat()
    digest = gmcrypto.sm3(f"{kind}\n{value}".encode()).hex()
    name = f"appointment:{day}:{digest}"
    try:
        ratelimit.hit(name, limit=limit, per_seconds=DAY)
    except TooManyRequests:
        return Risk.OVER
    return Risk.NEAR if ratelimit.count(name) > limit * _NEAR else Risk.NONE


def _digest(code: str) -> bytes:
    return gmcrypto.sm3(f"ehc.slip.1\n{code}".encode())
