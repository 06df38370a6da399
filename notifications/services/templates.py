"""Templates: drafted, checked against the rules of their channel, put in force, retired."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from institutions import services as institutions
from institutions.rules import Duty
from notifications.errors import TemplateFieldRefused, TemplateStateRefused, TemplateVariableRefused
from notifications.kinds import KINDS
from notifications.models import Template
from notifications.models.template import TemplateState
from notifications.rules import fields as rules
from notifications.rules.topics import Channel

MOST_FIELDS = 5


@transaction.atomic
def draft_template(
    *,
    kind: str,
    channel: str,
    external_id: str,
    fields: Mapping[str, str],
    is_permanent: bool = False,
    actor: Actor,
    reason: str,
) -> Template:
    """Write a new version of what a kind of message says on a channel.

    Raises:
        PermissionRefused: If the actor may not.
        InvalidInput: If there is no such kind or channel.
        TemplateFieldRefused, TemplateVariableRefused: If a field breaks the rules.
    """
    institutions.require(actor, Duty.MANAGE_TEMPLATES)
    if kind not in KINDS:
        raise InvalidInput(field="kind")
    if channel not in Channel.values:
        raise InvalidInput(field="channel")
    check_fields(channel=channel, fields=fields)
    rows = Template.objects.filter(kind=kind, channel=channel)
    newest = rows.aggregate(newest=Max("version"))["newest"] or 0
    row = Template.objects.create(
        kind=kind,
        channel=channel,
        version=newest + 1,
        external_id=external_id,
        fields=dict(fields),
        is_permanent=is_permanent and channel == Channel.SUBSCRIBE,
        created_at=clock.now(),
    )
    _record(Action.TEMPLATE_DRAFTED, row, actor, reason)
    return row


def check_fields(*, channel: str, fields: Mapping[str, str]) -> None:
    """Refuse what the channel would refuse, and what never leaves the building.

    Each text is tried with values as long as they ever get; what would be cut is refused, so that
    whoever writes it sees it now and not a resident later.

    Raises:
        TemplateFieldRefused, TemplateVariableRefused: With the name of the field.
    """
    if not 0 < len(fields) <= MOST_FIELDS:
        raise TemplateFieldRefused(field="fields", name="", why=_("一到五个字段"))
    for name, text in fields.items():
        known = rules.is_parameter(name) if channel == Channel.SMS else rules.is_field(name)
        if not known:
            raise TemplateFieldRefused(field="fields", name=name, why=_("字段名"))
        try:
            variables = rules.variables_of(text)
        except ValueError:
            raise TemplateFieldRefused(field="fields", name=name, why=_("内容格式或长度")) from None
        if not variables <= set(rules.VARIABLES):
            raise TemplateVariableRefused(field="fields", name=name)
        if not rules.takes(name, text.format_map(rules.VARIABLES)):
            raise TemplateFieldRefused(field="fields", name=name, why=_("内容格式或长度"))


@transaction.atomic
def activate_template(*, template: str, actor: Actor, reason: str) -> Template:
    """Put a version in force; the one before is retired.

    Raises:
        PermissionRefused: If the actor may not.
        NotFound: If there is none of this number.
        TemplateStateRefused: If it is in force already.
    """
    institutions.require(actor, Duty.MANAGE_TEMPLATES)
    row = Template.objects.filter(public_id=template).first()
    if row is None:
        raise NotFound
    moment = clock.now()
    # All versions of the kind on the channel are held: of two that are put in force at once one wins.
    versions = Template.objects.select_for_update().filter(kind=row.kind, channel=row.channel)
    list(versions.order_by("pk").values_list("pk", flat=True))
    versions.filter(state=TemplateState.ACTIVE).exclude(pk=row.pk).update(
        state=TemplateState.RETIRED, retired_at=moment
    )
    changed = versions.filter(pk=row.pk).exclude(state=TemplateState.ACTIVE)
    if not changed.update(state=TemplateState.ACTIVE, activated_at=moment, retired_at=None):
        raise TemplateStateRefused
    row.refresh_from_db()
    _record(Action.TEMPLATE_ACTIVATED, row, actor, reason)
    return row


@transaction.atomic
def retire_template(*, template: str, actor: Actor, reason: str) -> Template:
    """Take a version out of force; the kind goes over this channel no more.

    Raises:
        PermissionRefused: If the actor may not.
        TemplateStateRefused: If it is not in force.
    """
    institutions.require(actor, Duty.MANAGE_TEMPLATES)
    active = Template.objects.filter(public_id=template, state=TemplateState.ACTIVE)
    if not active.update(state=TemplateState.RETIRED, retired_at=clock.now()):
        raise TemplateStateRefused
    row = Template.objects.get(public_id=template)
    _record(Action.TEMPLATE_RETIRED, row, actor, reason)
    return row


def _record(action: Action, row: Template, actor: Actor, reason: str) -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        reason=reason,
        details={"kind": row.kind, "channel": row.channel, "version": row.version},
    )
