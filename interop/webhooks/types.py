"""The type of event by which an institution tries its connection."""

import structlog

from foundation.events.inbound import InboundEvent, InboundType, Patient

log = structlog.get_logger(__name__)


def on_test(event: InboundEvent) -> None:
    """Nothing: that it arrived stands in the inbox."""
    log.info("connection_tested", institution=event.institution, message=event.id)


CONNECTION_TEST = InboundType(
    name="connection.test",
    meaning="Nothing happened: the sender tries its connection, keys and numbering.",
    aggregate="test:<anything>",
    fields={"note": {"type": "string", "maxLength": 60}},
    required=(),
    example={"note": "first event"},
    handler=on_test,
    patient=Patient.OPTIONAL,
)
