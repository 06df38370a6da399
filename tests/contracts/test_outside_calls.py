"""Outside calls on behalf of somebody who waits: in no transaction, and within one time for all."""

import pytest
from django.db import transaction

from foundation.core.http import Outbound, OutsideTimeout, time_left, within
from interop.models import Node
from interop.nodes import services
from interop.nodes.errors import NodeNotAnswering
from tests.crossdomain.world import CENTRE, REASON, national
from tests.sandbox_server import Sandbox


@pytest.mark.django_db(transaction=True)
def test_no_call_is_made_while_rows_may_be_locked(sandbox: Sandbox) -> None:
    outbound = Outbound(sandbox.url, name="sandbox")
    before = len(sandbox.show("requests"))
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
        outbound.get_json("/console/api/national")
    assert len(sandbox.show("requests")) == before
    assert outbound.get_json("/console/api/national")["node_id"]


def test_a_call_that_no_time_is_left_for_is_not_made(sandbox: Sandbox) -> None:
    outbound = Outbound(sandbox.url, name="sandbox")
    with within(0), pytest.raises(OutsideTimeout, match="no time left"):
        outbound.get_json("/console/api/national")
    assert outbound.get_json("/console/api/national")["node_id"]


def test_an_inner_time_never_lasts_longer_than_the_outer_one() -> None:
    assert time_left(5.0) == 5.0
    with within(60):
        with within(600):
            assert time_left(100.0) <= 60
        with within(1):
            assert time_left(100.0) <= 1
        assert 1 < time_left(100.0) <= 60


@pytest.mark.django_db(transaction=True)
def test_an_enrolment_without_an_answer_is_told_and_pressed_again(sandbox: Sandbox) -> None:
    node = national(sandbox)
    enrolled = node.enrolled_at
    sandbox.fault("national", "hang")
    with pytest.raises(NodeNotAnswering) as told:
        services.enrol(node=node.public_id, code="", actor=CENTRE, reason=REASON)
    assert "no_answer" in str(told.value.text())
    assert Node.objects.get().failure == "no_answer"
    sandbox.repair()
    for _press in range(2):
        services.enrol(node=node.public_id, code="", actor=CENTRE, reason=REASON)
    after = Node.objects.get()
    assert after.failure == ""
    assert after.enrolled_at is not None
    assert enrolled is None or after.enrolled_at > enrolled
