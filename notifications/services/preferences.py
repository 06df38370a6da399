"""What residents want to hear of, when they want their peace, and a message to try it out."""

from collections.abc import Mapping
from datetime import time

from django.db import transaction

from foundation.core import clock, ratelimit
from foundation.core.errors import InvalidInput
from foundation.core.ids import new_public_id
from notifications.errors import TopicFixed
from notifications.kinds.own import TEST
from notifications.models import Message, Preference, QuietHours
from notifications.rules.topics import POLICIES, Means, Topic
from notifications.services.telling import Telling, tell

TESTS_PER_HOUR = 5


@transaction.atomic
def set_topic(*, account_pk: int, topic: str, ways: Mapping[str, bool]) -> None:
    """Say by which ways an account wants to hear of a topic, beside the inbox.

    Raises:
        InvalidInput: If there is no such topic or way.
        TopicFixed: If it cannot be switched off.
    """
    if topic not in Topic.values or not set(ways) <= set(Means.values):
        raise InvalidInput(field="topic")
    if POLICIES[topic].is_fixed and not all(ways.values()):
        raise TopicFixed
    for means, is_on in ways.items():
        Preference.objects.update_or_create(
            account_id=account_pk,
            topic=topic,
            means=means,
            defaults={"is_on": is_on, "changed_at": clock.now()},
        )


def set_quiet_hours(*, account_pk: int, starts: time, ends: time, is_on: bool) -> None:
    """Say when an account wants no messages but urgent ones.

    Raises:
        InvalidInput: If the hours begin and end together.
    """
    if starts == ends:
        raise InvalidInput(field="ends")
    QuietHours.objects.update_or_create(
        account_id=account_pk,
        defaults={"starts": starts, "ends": ends, "is_on": is_on, "changed_at": clock.now()},
    )


def send_test(*, account_id: str) -> Message:
    """Send an account a message over every way that is open to it.

    Raises:
        TooManyRequests: After some in an hour: each may cost an SMS.
    """
    ratelimit.hit(f"test-message:{account_id}", limit=TESTS_PER_HOUR, per_seconds=3_600)
    (message,) = tell(
        tellings=[Telling(account_id=account_id, kind=TEST, dedupe_key=f"test:{new_public_id()}")]
    )
    return message
