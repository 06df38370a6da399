"""Another centre asks about one of our codes."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from cards.drain import drain_usage
from cards.models import CrossUse
from cards.models.usage import UsageRecord
from cards.services import life
from foundation.audit.models import AuditEntry
from foundation.core import clock
from interop.models import Node, NodeKey
from interop.nodes import services
from interop.nodes.errors import NodeKeyGone
from tests.cards.world import Holder, code_of, holder
from tests.crossdomain.another import AnotherCentre
from tests.crossdomain.world import CENTRE, REASON

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-03")]


@pytest.fixture
def there() -> AnotherCentre:
    return AnotherCentre()


@pytest.fixture
def who(there: AnotherCentre) -> Holder:
    there.join()
    return holder()


def test_a_code_is_verified_consumed_and_recorded_with_where_it_was_used(
    there: AnotherCentre, who: Holder
) -> None:
    found = there.ask(code_of(who))
    assert found["result"] == "verified"
    assert found["health_card_id"] == who.number.value
    assert found["person"]["id_number"] == who.id_number
    row = UsageRecord.objects.get()
    assert (row.operation, row.kind, row.scene) == ("cross_domain", "direct", "0101012")
    use = CrossUse.objects.get(crossing="ours_elsewhere")
    assert (use.using_centre, use.institution_name, use.terminal) == (there.node_id, "外省第一医院", "T1")
    assert (use.outcome, use.reference) == ("verified", row.public_id)
    assert drain_usage() == 1
    assert AuditEntry.objects.filter(action="code.verified", actor_id=row.client).count() == 1


def test_a_centre_that_may_not_read_everything_gets_the_holder_masked(who: Holder) -> None:
    other = AnotherCentre(node_id="53010100002", may_read_full=False)
    other.join()
    found = other.ask(code_of(who))
    assert found["masked"] is True
    assert found["person"]["id_number"] != who.id_number
    assert found["main_index"] is None


def test_the_same_request_gets_the_stored_answer_and_another_does_not(
    there: AnotherCentre, who: Holder
) -> None:
    text = code_of(who)
    first, again = (there.ask(text, request_id="a" * 64) for _ in range(2))
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["reference"] == again["reference"]
    assert there.ask(text)["code"] == "code_used"
    assert UsageRecord.objects.count() == 1


def test_an_answer_that_was_lost_is_given_again_after_the_codes_window(
    there: AnotherCentre, who: Holder
) -> None:
    text = code_of(who)
    first = there.ask(text, request_id="a" * 64)
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=True):
        again = there.ask(text, request_id="a" * 64)
    same = ("result", "reference", "verified_at", "health_card_id", "person")
    assert [again[name] for name in same] == [first[name] for name in same]
    assert UsageRecord.objects.count() == 1


def spoil(node: str) -> None:
    NodeKey.objects.filter(node__node_id=node, use="seal").update(public_key="11" * 64)


def take_away(node: str) -> None:
    NodeKey.objects.filter(node__node_id=node, use="seal").delete()


@pytest.mark.parametrize("harm", [take_away, spoil])
def test_a_code_is_not_consumed_for_a_centre_that_no_answer_can_be_sealed_for(
    there: AnotherCentre, who: Holder, harm: Callable[[str], None]
) -> None:
    text = code_of(who)
    question = there.question(text, request_id="b" * 64)
    harm(there.node_id)
    answer = there.send(question)
    assert (answer.status_code, json.loads(answer.content)["field"]) == (400, "keys")
    assert not UsageRecord.objects.exists()
    NodeKey.objects.filter(use="seal").delete()
    services.add_node_key(
        node=Node.objects.get(node_id=there.node_id).public_id,
        use="seal",
        kid="seal-2",
        public_key=there.seal_key.public_key.raw.hex(),
        actor=CENTRE,
        reason=REASON,
    )
    assert there.ask(text, request_id="b" * 64)["result"] == "verified"


def test_a_lost_card_is_refused_elsewhere_as_here(there: AnotherCentre, who: Holder) -> None:
    text = code_of(who)
    life.freeze_card(card_pk=who.card.pk, reason=REASON, actor=CENTRE)
    found = there.ask(text)
    assert (found["result"], found["code"], found["answered_by"]) == ("refused", "card_frozen", "11010100001")
    assert "sealed" not in found


def test_a_code_that_is_not_ours_is_not_passed_on(there: AnotherCentre, who: Holder) -> None:
    code = f"{'A1' * 32}:0:{'9' * 32}:T0KEN:35020001001"
    assert there.ask(code)["code"] == "code_foreign"


@pytest.mark.parametrize(
    "hops",
    [
        ["53010100001", "11010100001"],
        ["53010100001", "53010100001"],
        ["1A1A", "2B2B", "3C3C", "4D4D", "5E5E"],
    ],
)
def test_a_question_that_goes_round_in_a_circle_is_refused(
    there: AnotherCentre, who: Holder, hops: list[str]
) -> None:
    assert there.ask(code_of(who), hops=hops)["code"] == "route_loop"
    assert not UsageRecord.objects.exists()


def sent(there: AnotherCentre, message: dict[str, Any], **changes: str) -> tuple[int, str]:
    body = json.dumps(message).encode()
    answer = there.send(body, there.headers(body, **changes))
    return answer.status_code, str(json.loads(answer.content)["code"])


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"kid": "sign-2"}, 401, "node_signature_wrong"),
        ({"nonce": "another-nonce-than-signed"}, 401, "node_signature_wrong"),
        ({"receiver": "99990000001"}, 401, "node_signature_wrong"),
        ({"sender": "88880000001"}, 401, "node_signature_wrong"),
        ({"sender": "?"}, 401, "node_signature_missing"),
        ({"timestamp": str(int(time.time()) - 4_000)}, 401, "clock_skew"),
    ],
)
def test_a_message_that_is_not_signed_as_it_should_be_is_not_let_in(
    there: AnotherCentre, who: Holder, changes: dict[str, str], status: int, code: str
) -> None:
    assert sent(there, there.question(code_of(who)), **changes) == (status, code)
    assert not UsageRecord.objects.exists()


def test_a_message_that_came_before_or_was_changed_is_not_let_in(there: AnotherCentre, who: Holder) -> None:
    body = json.dumps(there.question(code_of(who))).encode()
    headers = there.headers(body)
    assert there.send(body.replace(b"W7", b"W8"), headers).status_code == 401
    assert there.send(body, headers).status_code == 200
    answer = there.send(body, headers)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (409, "node_message_replayed")


def test_a_suspended_centre_is_refused_at_once(there: AnotherCentre, who: Holder) -> None:
    node = Node.objects.get(node_id=there.node_id)
    services.suspend_node(node=node.public_id, actor=CENTRE, reason=REASON)
    assert sent(there, there.question(code_of(who))) == (403, "node_suspended")


@pytest.mark.parametrize("name", ["request_id", "code", "use", "hops"])
def test_a_message_without_a_part_is_refused_by_name(there: AnotherCentre, who: Holder, name: str) -> None:
    message = there.question(code_of(who))
    del message[name]
    body = json.dumps(message).encode()
    answer = there.send(body)
    found = json.loads(answer.content)
    assert (answer.status_code, found["code"], found["field"]) == (400, "node_message_malformed", name)


def test_a_key_is_changed_with_an_overlap(there: AnotherCentre, who: Holder) -> None:
    node = Node.objects.get(node_id=there.node_id)
    old = NodeKey.objects.get(node=node, use="sign")
    with pytest.raises(NodeKeyGone):
        services.retire_node_key(key=old.public_id, actor=CENTRE, reason=REASON)
    services.add_node_key(
        node=node.public_id,
        use="sign",
        kid="sign-2",
        public_key=AnotherCentre().sign_key.public_key.raw.hex(),
        actor=CENTRE,
        reason=REASON,
    )
    assert there.ask(code_of(who))["result"] == "verified"
    services.retire_node_key(key=old.public_id, actor=CENTRE, reason=REASON)
    assert sent(there, there.question(code_of(who))) == (401, "node_signature_wrong")
