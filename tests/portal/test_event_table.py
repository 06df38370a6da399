"""The page of events is what the code says, and every example on it passes."""

import pytest

from foundation.events.inbound import InboundType, inbound_types
from foundation.events.schemas import problems_of
from interop.webhooks import messages
from portal import event_table
from portal.wiring import INBOUND, OUTBOUND


def test_the_page_of_events_is_up_to_date() -> None:
    assert event_table.PATH.read_text("utf-8") == event_table.render(), "run manage.py write_events"


@pytest.mark.row("HI-05")
@pytest.mark.parametrize("kind", inbound_types(), ids=lambda kind: str(kind.name))
def test_the_example_of_a_type_is_accepted_by_its_schema(kind: InboundType) -> None:
    assert problems_of(event_table.example(kind), kind.validator) == []


def test_a_type_is_wired_under_its_own_name() -> None:
    assert [kind.name for kind in inbound_types()] == sorted(INBOUND)


def test_what_institutions_are_told_is_wired() -> None:
    assert sorted(messages.BY_TOPIC) == sorted(OUTBOUND)
