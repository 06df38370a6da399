"""Channels: set up, changed, switched on and off by staff, with every change in the audit trail.

Switching one off begins nothing new with it. What was begun is asked for, closed and given back as
before, so nothing stays unsettled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require
from payments.errors import ChannelIncomplete, ChannelInUse, ChannelKnown
from payments.models import Channel, ChannelState, PaymentAttempt
from payments.providers import online_provider
from payments.providers.base import Merchant


@dataclass(frozen=True, slots=True)
class Setup:
    """What staff say of a channel.

    Attributes:
        secrets: Those that are to be replaced; what is not named, or empty, stays as it is.
    """

    number: str
    base_url: str
    values: Mapping[str, str]
    ways: Sequence[str]
    least_fen: int = 1
    most_fen: int = 5_000_000
    place: int = 1
    fee_rate: int | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def merchant_of(channel: Channel) -> Merchant:
    """The channel as its provider needs it; the secrets are open in it."""
    return Merchant(
        public_id=channel.public_id,
        provider=channel.provider,
        number=channel.number,
        base_url=channel.base_url,
        values=dict(channel.values),
        secrets=dict(channel.secrets),
    )


@transaction.atomic
def add_channel(*, institution: str, provider: str, setup: Setup, reason: str, actor: Actor) -> str:
    """Set a channel up, switched off.

    Returns:
        Its public id.

    Raises:
        NotFound: The institution is none of the actor's.
        ProviderUnknown: There is no such way of paying.
        ChannelKnown: The institution has this number at this channel already.
    """
    require(actor, Duty.MANAGE_CHANNELS)
    place = institutions.visible(actor).filter(public_id=institution).first()
    if place is None:
        raise NotFound
    row = Channel(institution=place, provider=online_provider(provider).code, secrets={})
    _fill(row, setup)
    _save(row)
    _record(Action.PAY_CHANNEL_ADDED, row, actor, reason)
    return row.public_id


@transaction.atomic
def change_channel(*, channel: str, setup: Setup, reason: str, actor: Actor) -> None:
    """Change what staff say of a channel.

    Raises:
        NotFound: It is none of the actor's.
        ChannelInUse: Another number, while payments stand under this one.
        ChannelIncomplete: It is in use, and something that it needs would be missing.
        ChannelKnown: The institution has this number at this channel already.
    """
    row = _held(channel, actor)
    watched = ("number", "base_url", "values", "ways", "least_fen", "most_fen", "fee_rate", "place")
    before = {name: getattr(row, name) for name in watched}
    _fill(row, setup)
    if row.number != before["number"] and PaymentAttempt.objects.filter(channel=row).exists():
        raise ChannelInUse(field="number")
    if row.state == ChannelState.ON:
        _require_whole(row)
    _save(row)
    changed = sorted(name for name, value in before.items() if getattr(row, name) != value)
    changed += sorted(f"secret:{name}" for name, value in setup.secrets.items() if value)
    _record(Action.PAY_CHANNEL_CHANGED, row, actor, reason, fields=changed)


@transaction.atomic
def switch_channel(*, channel: str, is_on: bool, reason: str, actor: Actor) -> None:
    """Offer a channel to payers, or stop offering it; saying it again changes nothing.

    Raises:
        NotFound: It is none of the actor's.
        ChannelIncomplete: Something that it needs is missing.
        ChannelKnown: The institution uses another channel of the same provider.
    """
    row = _held(channel, actor)
    wanted = ChannelState.ON if is_on else ChannelState.OFF
    if row.state == wanted:
        return
    if is_on:
        _require_whole(row)
    row.state = wanted
    _save(row)
    _record(Action.PAY_CHANNEL_SWITCHED, row, actor, reason, state=wanted.value)


def _held(channel: str, actor: Actor) -> Channel:
    require(actor, Duty.MANAGE_CHANNELS)
    rows = institutions.scope(Channel.objects.select_related("institution"), actor)
    row = rows.select_for_update(of=("self",)).filter(public_id=channel).first()
    if row is None:
        raise NotFound
    return row


def _fill(row: Channel, setup: Setup) -> None:
    provider = online_provider(row.provider)
    known = {key.name: key for key in provider.keys}
    if not set(setup.values) | set(setup.secrets) <= set(known):
        raise InvalidInput(field="values")
    if not setup.ways or not set(setup.ways) <= {way.value for way in provider.ways}:
        raise InvalidInput(field="ways")
    if not 1 <= setup.least_fen <= setup.most_fen:
        raise InvalidInput(field="most_fen")
    row.number = setup.number.strip()
    row.base_url = setup.base_url.rstrip("/")
    row.values = {name: value for name, value in setup.values.items() if value and not known[name].is_secret}
    row.secrets = {**row.secrets, **{name: value for name, value in setup.secrets.items() if value}}
    row.ways = list(setup.ways)
    row.least_fen, row.most_fen, row.place = setup.least_fen, setup.most_fen, setup.place
    row.fee_rate = setup.fee_rate


def _save(row: Channel) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as exc:
        raise ChannelKnown(field="number") from exc


def _require_whole(row: Channel) -> None:
    for key in online_provider(row.provider).keys:
        if key.is_required and not (row.secrets if key.is_secret else row.values).get(key.name):
            raise ChannelIncomplete(field=key.name)


def _record(action: Action, row: Channel, actor: Actor, reason: str, **details: object) -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
        details={"provider": row.provider, **details},
    )
