"""Demo data of this room: templates for every kind that is pushed, as the sandbox's carriers know them."""

from collections.abc import Mapping

from foundation.core.actor import Actor
from notifications.kinds import KINDS, outsiders
from notifications.models import Template
from notifications.rules.topics import POLICIES, Channel, Sms, Topic
from notifications.services import suppliers, templates

ACTOR = Actor.system("demo")
REASON = "demo"
_TIMED = frozenset(
    {
        "appointment.booked",
        "appointment.moved",
        "appointment.stopped",
        "reminder.day",
        "reminder.hours",
    }
)
_SMS: Mapping[str, Mapping[str, str]] = {
    "visit_notice": {"hospital": "{hospital}", "what": "{what}", "when": "{when}", "who": "{who}"},
    "plain_notice": {"hospital": "{hospital}", "what": "{what}", "who": "{who}"},
    "queue_notice": {"hospital": "{hospital}", "what": "{what}", "place": "{place}"},
    "contact_notice": {"hospital": "{hospital}", "when": "{when}"},
}
_SUBSCRIBE: Mapping[str, Mapping[str, str]] = {
    "sandbox-visit": {"thing1": "{hospital}", "time2": "{when}", "phrase3": "{who}"},
    "sandbox-queue": {"thing1": "{what}", "number2": "{ahead}", "thing3": "{place}"},
    "sandbox-notice": {"thing1": "{hospital}", "time2": "{when}", "thing3": "{what}"},
}


def load(context: dict[str, object]) -> None:
    """Put a template in force for each kind and channel that has none."""
    suppliers.ensure()
    known = set(Template.objects.values_list("kind", "channel"))
    for kind, about in KINDS.items():
        if about.topic is Topic.CARD:
            continue
        if kind in outsiders.KINDS:
            if (kind, Channel.SMS) not in known:
                _put_in_force(kind, Channel.SMS, "contact_notice", _SMS["contact_notice"])
            continue
        is_queue = about.topic is Topic.QUEUE
        subscribe = "sandbox-queue" if is_queue else "sandbox-visit" if kind in _TIMED else "sandbox-notice"
        sms = "queue_notice" if is_queue else "visit_notice" if kind in _TIMED else "plain_notice"
        wanted = {
            Channel.SUBSCRIBE: (subscribe, _SUBSCRIBE[subscribe]),
            Channel.OFFICIAL: ("sandbox-notice", _SUBSCRIBE["sandbox-notice"]),
        }
        if POLICIES[about.topic].sms is not Sms.NEVER:
            wanted[Channel.SMS] = (sms, _SMS[sms])
        for channel, (external_id, fields) in wanted.items():
            if (kind, channel) not in known:
                _put_in_force(kind, channel, external_id, fields)


def _put_in_force(kind: str, channel: str, external_id: str, fields: Mapping[str, str]) -> None:
    row = templates.draft_template(
        kind=kind,
        channel=channel,
        external_id=external_id,
        fields=fields,
        is_permanent=external_id == "sandbox-queue",
        actor=ACTOR,
        reason=REASON,
    )
    templates.activate_template(template=row.public_id, actor=ACTOR, reason=REASON)
