"""Other centres in the admin, and the ways to join one."""

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from foundation.audit.models import AuditEntry
from institutions.rules import Role
from interop.models import Node, NodeKey
from interop.nodes import joining, services
from interop.nodes.errors import NodeKnown, NodeNotAnswering
from interop.tasks import greet_nodes
from tests.crossdomain.world import CENTRE, ENROLMENT_CODE, REASON, national
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-03")]


def test_the_centre_adds_joins_stops_and_resumes_a_node(client: Client, sandbox: Sandbox) -> None:
    people.at_work(client, people.staff(Role.CENTRE_ADMIN, username="centre"))
    told = sandbox.show("national")
    added = submit(
        client,
        "/admin/interop/node/add/",
        node_id=told["node_id"],
        name="国家卡管",
        kind="upper",
        base_url=sandbox.url,
    )
    assert added.status_code == 302, added.content.decode()
    node = Node.objects.get()
    page = f"/admin/interop/node/{node.public_id}/"
    for use, key in told["keys"].items():
        assert submit(client, f"{page}do/add-key/", use=use, **key).status_code == 302
    refused = submit(client, f"{page}do/enrol/", code="wrong")
    assert "enrolment_code_wrong" in refused.content.decode()
    assert submit(client, f"{page}do/enrol/", code=ENROLMENT_CODE).status_code == 302
    node.refresh_from_db()
    assert node.enrolled_at is not None
    shown = client.get(f"{page}change/").content.decode()
    assert "本方公钥" in shown
    assert "node_sign-1" in shown
    assert submit(client, f"{page}do/suspend/").status_code == 302
    assert submit(client, f"{page}do/resume/").status_code == 302
    actions = AuditEntry.objects.filter(action__startswith="node.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "node.added",
        "node.key_added",
        "node.key_added",
        "node.enrolled",
        "node.suspended",
        "node.resumed",
    ]
    assert set(actions.values_list("reason", flat=True)) == {"按工单 2026-11-20 办理"}
    key = NodeKey.objects.filter(use="seal").get()
    kept = submit(client, f"/admin/interop/nodekey/{key.public_id}/do/retire/")
    assert "最后一个密钥" in kept.content.decode()


def test_nobody_but_the_centre_sees_nodes(client: Client, sandbox: Sandbox) -> None:
    national(sandbox)
    people.at_work(client, people.staff(Role.REVIEWER, username="reviewer"))
    assert client.get("/admin/interop/node/").status_code == 403


def test_there_is_one_upper_centre_and_none_is_ourselves(sandbox: Sandbox) -> None:
    national(sandbox)
    for node_id in ("22220000001", "11010100001"):
        with pytest.raises(NodeKnown):
            services.add_node(
                node_id=node_id,
                name="另一个",
                kind="upper",
                base_url=sandbox.url,
                actor=CENTRE,
                reason=REASON,
            )


def test_a_shell_joins_in_one_step_and_says_why_it_could_not(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = sandbox.show("national") | {"name": "国家卡管", "base_url": sandbox.url}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(told)))
    call_command("join_upper", "-", code=ENROLMENT_CODE, reason=REASON, stdout=io.StringIO())
    assert Node.objects.get().enrolled_at is not None
    monkeypatch.setattr(sys, "stdin", io.StringIO("{}"))
    Node.objects.update(state="suspended")
    with pytest.raises(CommandError, match="node_id"):
        call_command("join_upper", "-", reason=REASON)


def test_the_demo_joins_the_sandbox_and_sees_whether_it_answers(sandbox: Sandbox) -> None:
    assert greet_nodes() == 1
    node = Node.objects.get()
    assert (node.enrolled_at is not None, node.failure) == (True, "")
    assert joining.join_sandbox() is False
    sandbox.fault("national", "outage")
    assert greet_nodes() == 0
    node.refresh_from_db()
    assert node.failure == "unavailable"
    with pytest.raises(NodeNotAnswering):
        services.enrol(node=node.public_id, code="", actor=CENTRE, reason=REASON)
