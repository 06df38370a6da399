"""Wiring of the tests of events: types whose handlers leave a trace in the database."""

from datetime import timedelta

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor
from foundation.events.inbound import InboundEvent, InboundType, Patient

asked: list[tuple[str, str, int]] = []


def note(event: InboundEvent) -> None:
    audit.record(
        Action.CARD_READ,
        actor=Actor.system("heard"),
        subject=("event", event.aggregate),
        reason=f"{event.seq} {event.data['state']}",
        institution=event.institution,
    )


def note_patient(event: InboundEvent) -> None:
    assert event.patient is not None
    audit.record(Action.CARD_READ, actor=Actor.system("heard"), subject=("person", event.patient.person_id))


def fail(event: InboundEvent) -> None:
    note(event)
    raise ConnectionError("the other side is away")


def ask(source: str, aggregate: str, after: int) -> None:
    asked.append((source, aggregate, after))


def heard(subject: str) -> list[str]:
    """What took effect, in its order."""
    rows = AuditEntry.objects.filter(actor_id="system:heard", subject_id=subject)
    return list(rows.order_by("pk").values_list("reason", flat=True))


_STATE = {"state": {"type": "string", "enum": ["waiting", "called", "served"]}}


def _type(
    name: str, handler: object, *, is_whole: bool = False, patience: timedelta | None = None
) -> InboundType:
    return InboundType(
        name=name,
        meaning="Of the tests.",
        aggregate="thing:<number>",
        fields=_STATE,
        required=("state",),
        example={"state": "waiting"},
        handler=handler,  # type: ignore[arg-type]
        patient=Patient.NONE,
        is_whole=is_whole,
        patience=patience,
    )


STEP = _type("test.step", note)
ADDING = _type("test.adding", note, patience=timedelta(days=1))
WHOLE = _type("test.whole", note, is_whole=True)
FAILING = _type("test.failing", fail)
ABOUT = InboundType(
    name="test.about",
    meaning="Of the tests.",
    aggregate="thing:<number>",
    fields={},
    required=(),
    example={},
    handler=note_patient,
)

SUBSCRIPTIONS: dict[str, list[str]] = {}
INBOUND = {
    "test.step": f"{__name__}.STEP",
    "test.adding": f"{__name__}.ADDING",
    "test.whole": f"{__name__}.WHOLE",
    "test.failing": f"{__name__}.FAILING",
    "test.about": f"{__name__}.ABOUT",
}
INBOX = dict.fromkeys(INBOUND, "interop.webhooks.applying.on_event")
PULLS = [f"{__name__}.ask"]
DRAINS: list[str] = []
