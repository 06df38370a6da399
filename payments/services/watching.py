"""The clock looks at the channels, and says once an hour what is wrong with one."""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.db import transaction
from redis.exceptions import RedisError

from foundation.core import clock, redis
from foundation.events import services as events
from payments.events import ChannelUnhealthy
from payments.selectors.health import Health, channels_in_use, health_of

log = structlog.get_logger(__name__)

PERIOD = timedelta(minutes=15)
AGAIN_SECONDS = 3_600
# With fewer payments than that a rate says nothing.
LEAST_PAYMENTS = 10
LEAST_SUCCESS_PERCENT = 60.0
MOST_UNANSWERED = 5
MOST_LOST_PERCENT = 20.0


def watch_channels() -> int:
    """Warn of each channel that is in trouble; how many warnings were new."""
    told = 0
    for health in health_of(channels_in_use(), since=clock.now() - PERIOD):
        for trouble in troubles(health):
            told += _warn(health, trouble)
    return told


def troubles(health: Health) -> Iterator[str]:
    """What is wrong with a channel, by name."""
    is_enough = health.captured + health.failed >= LEAST_PAYMENTS
    if is_enough and (health.success_percent or 0.0) < LEAST_SUCCESS_PERCENT:
        yield "success"
    if health.unanswered >= MOST_UNANSWERED:
        yield "unanswered"
    if health.captured >= LEAST_PAYMENTS and 100 * health.lost / health.captured > MOST_LOST_PERCENT:
        yield "notices"
    if health.refunds.lacks_balance:
        yield "balance"
    if health.refunds.over[1]:
        yield "refunds"


def _warn(health: Health, trouble: str) -> bool:
    channel = health.channel
    try:
        key = redis.key("pay-health", channel.public_id, trouble)
        if not redis.client().set(key, b"1", nx=True, ex=AGAIN_SECONDS):
            return False
    except RedisError as exc:
        # Said too often is better than not said.
        log.warning("channel_watch_without_memory", error=type(exc).__name__)
    log.warning("channel_unhealthy", channel=channel.public_id, provider=channel.provider, trouble=trouble)
    with transaction.atomic():
        events.publish(
            ChannelUnhealthy(
                channel_id=channel.public_id, institution=channel.institution.public_id, trouble=trouble
            )
        )
    return True
