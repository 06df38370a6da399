"""An institution's set-up at an insurer: written by staff, with every change in the audit trail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require
from payments.errors import ChannelIncomplete, ChannelInUse, ChannelKnown
from payments.insurance import insurer_of
from payments.models import ChannelState, InsuranceOrder, InsurerSetup
from payments.providers.base import Key, Merchant

# Who may take what the insurance leaves, besides channels that pay both parts at once.
OWN_PROVIDERS = "own_providers"
CITY, LOCATION = "weixin_city", "weixin_location"


@dataclass(frozen=True, slots=True)
class InsurerDetails:
    """What staff say of a set-up.

    Attributes:
        secrets: Those that are to be replaced; what is not named, or empty, stays as it is.
    """

    number: str
    base_url: str
    values: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def keys_of(insurer: str) -> Sequence[Key]:
    """What a set-up has: the insurer's own keys, and ours for paying the rest."""
    return (
        *insurer_of(insurer).keys,
        Key(CITY, gettext("微信医保城市编号 city_id"), is_required=False),
        Key(LOCATION, gettext("机构经纬度，如 116.397,39.907"), is_required=False),
        Key(
            OWN_PROVIDERS,
            gettext("自付部分还可用的支付方式（医保中心能收到其结果），如 alipay,weixinpay"),
            is_required=False,
        ),
    )


def merchant_of_setup(row: InsurerSetup) -> Merchant:
    """The set-up as its insurer needs it; the secrets are open in it."""
    return Merchant(
        public_id=row.public_id,
        provider=row.insurer,
        number=row.number,
        base_url=row.base_url,
        values=dict(row.values),
        secrets=dict(row.secrets),
    )


def notify_url_of(row: InsurerSetup) -> str:
    """Where the insurer tells what happened; without a query, and without a sign-in."""
    path = reverse("insurance-notice", args=[row.insurer, row.public_id])
    return f"{settings.BASE_URL}{path}"


@transaction.atomic
def add_insurer_setup(
    *, institution: str, insurer: str, details: InsurerDetails, reason: str, actor: Actor
) -> str:
    """Set an institution up at an insurer, switched off.

    Returns:
        Its public id.

    Raises:
        NotFound: The institution is none of the actor's.
        ProviderUnknown: There is no such insurer.
        ChannelKnown: The institution has this number there already.
    """
    require(actor, Duty.MANAGE_CHANNELS)
    place = institutions.visible(actor).filter(public_id=institution).first()
    if place is None:
        raise NotFound
    row = InsurerSetup(institution=place, insurer=insurer_of(insurer).code, secrets={})
    _fill(row, details)
    _save(row)
    _record(Action.INSURER_SETUP_ADDED, row, actor, reason)
    return row.public_id


@transaction.atomic
def change_insurer_setup(*, setup: str, details: InsurerDetails, reason: str, actor: Actor) -> None:
    """Change what staff say of a set-up.

    Raises:
        NotFound: It is none of the actor's.
        ChannelInUse: Another number, while orders stand under this one.
        ChannelIncomplete: It is in use, and something that it needs would be missing.
        ChannelKnown: The institution has this number there already.
    """
    row = _held(setup, actor)
    watched = ("number", "base_url", "values")
    before = {name: getattr(row, name) for name in watched}
    _fill(row, details)
    if row.number != before["number"] and InsuranceOrder.objects.filter(setup=row).exists():
        raise ChannelInUse(field="number")
    if row.state == ChannelState.ON:
        _require_whole(row)
    _save(row)
    changed = sorted(name for name, value in before.items() if getattr(row, name) != value)
    changed += sorted(f"secret:{name}" for name, value in details.secrets.items() if value)
    _record(Action.INSURER_SETUP_CHANGED, row, actor, reason, fields=changed)


@transaction.atomic
def switch_insurer_setup(*, setup: str, is_on: bool, reason: str, actor: Actor) -> None:
    """Offer the insurance to payers, or stop offering it; what was begun is brought to its end.

    Raises:
        NotFound: It is none of the actor's.
        ChannelIncomplete: Something that it needs is missing.
        ChannelKnown: The institution uses another one.
    """
    row = _held(setup, actor)
    wanted = ChannelState.ON if is_on else ChannelState.OFF
    if row.state == wanted:
        return
    if is_on:
        _require_whole(row)
    row.state = wanted
    _save(row)
    _record(Action.INSURER_SETUP_SWITCHED, row, actor, reason, state=wanted.value)


def _held(setup: str, actor: Actor) -> InsurerSetup:
    require(actor, Duty.MANAGE_CHANNELS)
    rows = institutions.scope(InsurerSetup.objects.select_related("institution"), actor)
    row = rows.select_for_update(of=("self",)).filter(public_id=setup).first()
    if row is None:
        raise NotFound
    return row


def _fill(row: InsurerSetup, details: InsurerDetails) -> None:
    known = {key.name: key for key in keys_of(row.insurer)}
    if not set(details.values) | set(details.secrets) <= set(known):
        raise InvalidInput(field="values")
    row.number = details.number.strip()
    row.base_url = details.base_url.rstrip("/")
    row.values = {
        name: value for name, value in details.values.items() if value and not known[name].is_secret
    }
    row.secrets = {**row.secrets, **{name: value for name, value in details.secrets.items() if value}}


def _save(row: InsurerSetup) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as exc:
        raise ChannelKnown(field="number") from exc


def _require_whole(row: InsurerSetup) -> None:
    for key in keys_of(row.insurer):
        if key.is_required and not (row.secrets if key.is_secret else row.values).get(key.name):
            raise ChannelIncomplete(field=key.name)


def _record(action: Action, row: InsurerSetup, actor: Actor, reason: str, **details: object) -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
        details={"provider": row.insurer, **details},
    )
