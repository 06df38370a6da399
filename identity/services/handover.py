"""The hand-over of a child's card at 18: a warning before, then the end of the guardians' holds.

Birth dates are encrypted, so the daily job opens those of the children who are held, in portions.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.events import services as events
from identity import rules
from identity.events import HoldingEnding
from identity.models import Holding, HoldingState
from identity.services.holdings import end_one
from identity.types import EndReason, Relation
from mpi import rules as people
from mpi import selectors as mpi

WARNED_BEFORE = timedelta(days=30)
PORTION = 500
CLOCK = Actor.system("coming-of-age")


def hand_over_adults() -> tuple[int, int]:
    """Warn the guardians of those who come of age soon, and end the holds on those who have.

    Safe to run at any time and twice: a holding is warned of once and ended once.

    Returns:
        How many holdings were warned of, and how many ended.
    """
    today = clock.beijing(clock.now()).date()
    warned = ended = 0
    for portion in _portions():
        known = mpi.particulars_many(holding.person_id for holding in portion)
        for holding in portion:
            born = known[holding.person_id].birth_date if holding.person_id in known else None
            if born is None or _is_of_age(born, clock.beijing(holding.opened_at).date()):
                # An adult child agreed to it; that does not end by a birthday.
                continue
            if _is_of_age(born, today):
                ended += _end(holding)
            elif holding.warned_at is None and _is_of_age(born, today + WARNED_BEFORE):
                warned += _warn(holding)
    return warned, ended


def _portions() -> Iterator[Sequence[Holding]]:
    last = 0
    children = Holding.objects.filter(relation=Relation.CHILD, state=HoldingState.LIVE)
    while portion := list(
        children.filter(pk__gt=last).select_related("account", "person").order_by("pk")[:PORTION]
    ):
        yield portion
        last = portion[-1].pk


def _is_of_age(born: date, day: date) -> bool:
    return rules.is_of_age(people.age_on(born, day))


def _end(holding: Holding) -> int:
    try:
        with transaction.atomic():
            end_one(
                holding=holding,
                why=EndReason.CAME_OF_AGE,
                actor=CLOCK.acting_for(holding.person.public_id),
                reason="came of age",
            )
    except NotFound:
        # Ended by one of the two sides since it was read.
        return 0
    return 1


@transaction.atomic
def _warn(holding: Holding) -> int:
    told = Holding.objects.filter(pk=holding.pk, state=HoldingState.LIVE, warned_at=None).update(
        warned_at=clock.now(), updated_at=clock.now()
    )
    if told:
        audit.record(Action.HOLDING_WARNED, actor=CLOCK, subject=holding)
        events.publish(
            HoldingEnding(
                holding_id=holding.public_id,
                account_id=holding.account.public_id,
                person_id=holding.person.public_id,
            )
        )
    return told
