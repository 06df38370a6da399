"""Registrations and uses on their way to the sandbox's national centre."""

from datetime import timedelta

import pytest
from django.test import Client
from structlog.testing import capture_logs

from cards.drain import drain_usage
from cards.models import UpwardDay, UpwardRecord
from cards.services import life
from cards.tasks import balance_asked, balance_upward, send_upward, sweep_balances
from cards.upward import balance, content, sending
from cards.upward.rules import MOST_ATTEMPTS, day_of
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events import relay
from institutions.rules import Role
from interop.models import Node
from interop.nodes import services as nodes
from mpi import services as mpi
from tests.cards.world import Holder, Hospital, code_of, holder, hospital, scan
from tests.crossdomain.another import AnotherCentre
from tests.crossdomain.world import CENTRE, REASON, national
from tests.institutions import people
from tests.institutions.test_admin import REASON as ADMIN_REASON
from tests.institutions.test_admin import submit
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def upper(sandbox: Sandbox) -> Node:
    return national(sandbox)


@pytest.fixture
def here(upper: Node) -> Hospital:
    return hospital()


@pytest.fixture
def who(here: Hospital) -> Holder:
    found = holder()
    relay.run_once()
    return found


def use(who: Holder, here: Hospital, **details: str) -> str:
    usage = scan(code_of(who), here, **details).usage_id
    drain_usage()
    return usage


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in UpwardRecord.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


@pytest.mark.row("CC-05")
def test_issue_and_changes_of_a_card_are_reported_with_receipts(who: Holder, sandbox: Sandbox) -> None:
    life.freeze_card(card_pk=who.card.pk, reason=REASON, actor=CENTRE)
    relay.run_once()
    with capture_logs() as logs:
        assert send_upward() == 2
    changes = UpwardRecord.objects.filter(kind="registration").order_by("pk")
    assert list(changes.values_list("change", "state")) == [("issued", "accepted"), ("frozen", "accepted")]
    assert all(changes.values_list("receipt", flat=True))
    receipts = sandbox.show("national")["receipts"]
    assert (receipts[0]["kind"], receipts[0]["accepted"]) == ("registration", 2)
    assert who.id_number not in str(logs)
    # What the sandbox saw of the call in clear holds nothing of the person.
    assert who.id_number not in str(sandbox.show("requests"))
    assert send_upward() == 0


@pytest.mark.row("CC-12")
def test_every_use_is_reported_once_however_often_it_is_sent(
    who: Holder, here: Hospital, sandbox: Sandbox
) -> None:
    use(who, here)
    assert send_upward() == 2
    # A worker that died after sending: the same record goes again, and is held once.
    UpwardRecord.objects.update(state="waiting", next_at=clock.now())
    assert send_upward() == 2
    day = day_of(clock.now())
    assert [(row.ours, row.theirs, row.agrees) for row in balance.balance_day(day)] == [(1, 1, True)] * 2


@pytest.mark.row("CC-12")
def test_a_use_of_our_card_elsewhere_is_reported_with_where_it_was(who: Holder, sandbox: Sandbox) -> None:
    there = AnotherCentre()
    there.join()
    there.ask(code_of(who))
    drain_usage()
    found = content.contents(list(UpwardRecord.objects.filter(kind="use")))
    (record,) = found.values()
    assert (record["using_centre"], record["institution"], record["terminal"]) == (there.node_id, "W7", "T1")
    assert record["health_card_id"] == who.number.value


@pytest.mark.row("CC-12")
def test_a_record_that_is_refused_stays_visible_and_staff_send_it_again(
    who: Holder, here: Hospital, client: Client
) -> None:
    use(who, here, department="拒收")
    assert send_upward() == 1
    refused = UpwardRecord.objects.get(state="refused")
    assert refused.reason == "department_refused"
    people.at_work(client, people.staff(Role.CENTRE_ADMIN, username="centre"))
    assert refused.record_id in client.get("/admin/cards/upwardrecord/?state__exact=refused").content.decode()
    page = f"/admin/cards/upwardrecord/{refused.public_id}/"
    assert submit(client, f"{page}do/send-again/").status_code == 302
    assert AuditEntry.objects.filter(action="upward.sent_again").count() == 1
    assert states() == {"accepted": 1, "waiting": 1}


@pytest.mark.row("CC-05")
def test_a_link_that_fails_is_tried_again_later_until_a_final_state(who: Holder, sandbox: Sandbox) -> None:
    sandbox.fault("national", "outage", path="/node/v1/reports")
    assert send_upward() == 0
    row = UpwardRecord.objects.get()
    assert (row.state, row.attempts, row.reason) == ("waiting", 1, "unavailable")
    assert row.next_at > clock.now()
    assert send_upward() == 0
    row.refresh_from_db()
    assert row.attempts == 1
    UpwardRecord.objects.update(attempts=MOST_ATTEMPTS - 1, next_at=clock.now())
    send_upward()
    assert states() == {"stuck": 1}
    sandbox.repair()
    sending.send_again(record=row.public_id, actor=CENTRE, reason=REASON)
    assert send_upward() == 1


@pytest.mark.row("CC-05")
@pytest.mark.parametrize("fault", ["badsign", "garbage"])
def test_a_receipt_that_cannot_be_trusted_is_none(who: Holder, sandbox: Sandbox, fault: str) -> None:
    sandbox.fault("national", fault)
    assert send_upward() == 0
    assert states() == {"waiting": 1}


@pytest.mark.row("CC-05")
def test_a_worker_that_died_leaves_its_batch_to_another(who: Holder) -> None:
    UpwardRecord.objects.update(state="sending", batch="x" * 26, next_at=clock.now() + timedelta(minutes=2))
    assert send_upward() == 0
    UpwardRecord.objects.update(next_at=clock.now())
    assert send_upward() == 1


@pytest.mark.row("CC-12")
def test_what_the_upper_centre_lost_is_found_by_count_and_sent_again(
    who: Holder, here: Hospital, sandbox: Sandbox, client: Client
) -> None:
    for _ in range(3):
        use(who, here)
    send_upward()
    day = day_of(clock.now())
    sandbox.order("national/forget", node="11010100001", day=day.isoformat(), kind="use", count=2)
    compared = {row.kind: row for row in balance.balance_day(day)}
    assert (compared["use"].ours, compared["use"].theirs, compared["use"].missing) == (3, 1, 2)
    assert compared["registration"].agrees
    people.at_work(client, people.staff(Role.CENTRE_ADMIN, username="centre"))
    page = client.get("/admin/cards/upwardday/?agrees=no").content.decode()
    assert compared["use"].public_id in page
    assert send_upward() == 2
    act = f"/admin/cards/upwardday/{compared['use'].public_id}/do/balance/"
    assert submit(client, act).status_code == 302
    assert UpwardDay.objects.get(kind="use").theirs == 1
    assert sweep_balances() == 1
    balance_asked(day.isoformat())
    assert UpwardDay.objects.get(kind="use").agrees
    assert sweep_balances() == 0
    asked, done = AuditEntry.objects.filter(action__startswith="upward.balance").order_by("id")
    assert (asked.action, asked.reason) == ("upward.balance_asked", ADMIN_REASON)
    assert done.action == "upward.balanced"
    assert done.actor_id == "system:upward"


@pytest.mark.row("CC-12")
def test_staff_ask_for_a_comparison_without_waiting_for_the_upper_centre(
    who: Holder, here: Hospital, sandbox: Sandbox, client: Client
) -> None:
    """Whatever it does, the page answers: the question is asked once, by a worker."""
    day = day_of(clock.now())
    row = balance.balance_day(day)[0]
    sandbox.fault("national", "hang")
    before = len(sandbox.show("requests"))
    people.at_work(client, people.staff(Role.CENTRE_ADMIN, username="centre"))
    act, page = (f"/admin/cards/upwardday/{row.public_id}/{end}/" for end in ("do/balance", "change"))
    assert submit(client, act).status_code == 302
    assert len(sandbox.show("requests")) == before
    assert "正在重新核对" in client.get(page).content.decode()
    assert "这一天正在重新核对" in submit(client, act).content.decode()
    sandbox.repair()
    sandbox.fault("national", "outage")
    balance_asked(day.isoformat())
    assert "上级卡管没有应答（unavailable）" in client.get(page).content.decode()
    # The failure is told, and it may be asked for again at once.
    assert submit(client, act).status_code == 302
    assert "正在重新核对" in client.get(page).content.decode()


@pytest.mark.row("CC-12")
def test_uses_from_before_the_link_are_reported_when_their_day_is_compared(sandbox: Sandbox) -> None:
    here, who = hospital(), holder()
    use(who, here)
    assert states() == {}
    national(sandbox)
    balance.balance_day(day_of(clock.now()))
    assert states() == {"waiting": 1}
    assert send_upward() == 1


@pytest.mark.row("CC-12")
def test_the_nightly_comparison_looks_at_the_last_days_and_lives_with_silence(
    who: Holder, here: Hospital, sandbox: Sandbox
) -> None:
    assert balance_upward() == 0
    assert UpwardDay.objects.count() == 2 * balance.DAYS
    sandbox.fault("national", "outage")
    assert balance_upward() == 0


@pytest.mark.row("CC-05")
def test_a_person_whose_key_was_destroyed_is_reported_no_more(who: Holder) -> None:
    mpi.destroy_person_key(person_pk=who.card.person_id, actor=CENTRE, reason=REASON)
    assert send_upward() == 0
    assert UpwardRecord.objects.get().reason == "content_gone"


@pytest.mark.row("CC-12")
def test_a_day_compared_after_its_records_were_deleted_agrees_in_the_end(who: Holder, here: Hospital) -> None:
    """The upper centre knows a use by the number of its row, however often it comes."""
    use(who, here)
    assert send_upward() == 2
    UpwardRecord.objects.filter(kind="use").delete()
    day = day_of(clock.now())
    assert [row.agrees for row in balance.balance_day(day)] == [True, False]
    assert send_upward() == 1
    assert [(row.ours, row.theirs) for row in balance.balance_day(day)] == [(1, 1)] * 2


@pytest.mark.row("CC-05")
def test_nothing_is_kept_for_nobody(upper: Node, who: Holder, here: Hospital) -> None:
    nodes.suspend_node(node=upper.public_id, actor=CENTRE, reason=REASON)
    before = UpwardRecord.objects.count()
    use(who, here)
    assert UpwardRecord.objects.count() == before
    assert send_upward() == 0
