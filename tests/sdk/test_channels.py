"""The SDK's calls of terminals, lists and confirmations, against the real interface."""

import pytest
from django.db import transaction
from pytest_django.live_server_helper import LiveServer

import sdk
from cards.models import Batch, Card
from cards.services import scanning
from cards.services.binding import bind_card
from cards.services.confirmations import answer_confirmation
from foundation.gateway.caller import actor_of_caller
from identity import services as identity
from identity.rules import Evidence
from institutions import services as institutions
from institutions.services import terminals
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.listing import worked_off
from tests.cards.world import Hospital, citizen_number, code_of, holder, hospital
from tests.crossdomain.test_asking import FROM_RECORD, UNKNOWN
from tests.crossdomain.world import FOREIGN_CARD, foreign_code, national
from tests.sandbox_server import Sandbox
from tests.sdk.test_platform import client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(transactional_db: None) -> Hospital:
    return hospital()


@pytest.fixture
def ehc(live_server: LiveServer, place: Hospital) -> sdk.Client:
    return client_of(live_server, place)


@pytest.mark.row("CC-03")
def test_a_code_of_another_centre_says_who_issued_and_who_answered(ehc: sdk.Client, sandbox: Sandbox) -> None:
    upper = national(sandbox)
    seen = ehc.verify(foreign_code(FROM_RECORD), scene="0101012", terminal_id="W01")
    assert (seen.issuer, seen.answered_by) == (FROM_RECORD, upper.node_id)
    assert seen.health_card_id == FOREIGN_CARD
    own = ehc.verify(code_of(holder()), scene="0101012", terminal_id="W01")
    assert (own.issuer, own.answered_by) == ("", "")
    with pytest.raises(sdk.EhcError) as refused:
        ehc.verify(foreign_code(UNKNOWN), scene="0101012", terminal_id="W01")
    assert refused.value.code == "route_unknown"


@pytest.mark.row("ID-06")
def test_a_machine_issues_a_card_step_by_step(ehc: sdk.Client, place: Hospital, sandbox: Sandbox) -> None:
    institutions.add_terminal(
        institution=place.public_id, terminal_id="K01", name="自助机", kind="02", actor=CENTRE
    )
    session = ehc.start_kiosk_session("K01")
    assert session.next == "document"
    with pytest.raises(sdk.Conflict) as early:
        ehc.issue_kiosk_card(session.session_id)
    assert early.value.code == "kiosk_step_refused"
    number = citizen_number()
    read = ehc.send_kiosk_document(session.session_id, name="测试甲", id_type="01", id_number=number)
    assert read.next == "check"
    with pytest.raises(sdk.InvalidRequest) as failed:
        ehc.send_kiosk_check(session.session_id, kind="face", passed=False, reference="f-1")
    assert failed.value.code == "kiosk_check_failed"
    ehc.send_kiosk_check(session.session_id, kind="face", passed=True, reference="f-2")
    issued = ehc.issue_kiosk_card(session.session_id)
    assert issued.card is not None
    assert (issued.card.created, issued.card.state) == (True, "active")
    label = ehc.print_kiosk_code(session.session_id)
    assert label.code == f"{issued.card.health_card_id}:1"
    assert (label.png[1:4], label.ending) == (b"PNG", number[-4:])
    assert ehc.read_kiosk_session(session.session_id) == issued
    assert ehc.end_kiosk_session(session.session_id).state == "done"
    assert Card.objects.get().channel == "kiosk"


@pytest.mark.row("CC-08")
def test_a_terminal_signs_in_and_stays_alive(ehc: sdk.Client, place: Hospital) -> None:
    terminals.bind_terminal(
        terminal=place.terminal, client=place.caller.public_id, actor=CENTRE, reason="测试"
    )
    code = terminals.issue_activation_code(terminal=place.terminal, actor=CENTRE, reason="测试")
    session = ehc.sign_in_terminal("W01", code)
    assert ehc.report_terminal_alive("W01", session.terminal_token) >= session.valid_until
    with pytest.raises(sdk.ClientRefused):
        ehc.report_terminal_alive("W01", "another")
    with pytest.raises(sdk.ClientRefused):
        ehc.start_scan(terminal_id="W01", scene="0101012")
    begun = ehc.start_scan(terminal_id="W01", scene="0101012", terminal_token=session.terminal_token)
    assert begun.image.startswith("<svg")


@pytest.mark.row("CC-02")
def test_a_scan_is_agreed_to_and_polled(ehc: sdk.Client) -> None:
    with transaction.atomic():
        who = card_holder()
    begun = ehc.start_scan(terminal_id="W01", scene="0101012", reference="R1")
    waiting = ehc.read_scan(begun.scan_id)
    assert (waiting.state, waiting.is_over, waiting.health_card_id) == ("waiting", False, None)
    scanning.agree_to_scan(
        token=begun.text.rstrip("/").rpartition("/")[2],
        account_pk=who.account.pk,
        card_id=who.card.public_id,
        actor=who.actor,
    )
    agreed = ehc.read_scan(begun.scan_id)
    assert (agreed.state, agreed.is_over) == ("agreed", True)
    assert agreed.health_card_id == who.card.numbers.get().value
    with pytest.raises(sdk.NotFound):
        ehc.read_scan("0" * 26)


@pytest.mark.row("ID-09")
def test_a_list_is_handed_in_followed_and_read_to_its_end(ehc: sdk.Client, sandbox: Sandbox) -> None:
    rows = [
        sdk.BatchPerson(name="测试甲", id_number=citizen_number(), patient_id="P1"),
        sdk.BatchPerson(name="无名氏", patient_id="P2"),
    ]
    made = ehc.create_batch(kind="patients", rows=rows)
    assert (made.state, made.total, made.finished_at) == ("queued", 2, None)
    worked_off(Batch.objects.get())
    done = ehc.read_batch(made.batch_id)
    assert (done.state, done.counts["issued"], done.finished_at is None) == ("done", 1, False)
    issued, unnamed = ehc.batch_rows(made.batch_id)
    assert (issued.patient_id, issued.state) == ("P1", "issued")
    assert ehc.read_card(str(issued.health_card_id)).state == "active"
    assert (unnamed.reason, unnamed.health_card_id) == ("name_placeholder", None)
    assert list(ehc.batch_rows(made.batch_id, state="unnamed")) == [unnamed]
    assert ehc.read_batch_rows(made.batch_id, after=1).rows == [unnamed]
    with pytest.raises(sdk.Conflict) as again:
        ehc.create_batch(kind="patients", rows=rows)
    assert again.value.code == "batch_repeated"


@pytest.fixture
def patient(place: Hospital) -> CardHolder:
    """A patient of the hospital, seen at a window."""
    with transaction.atomic():
        who = card_holder()
    bind_card(card_pk=who.card.pk, actor=actor_of_caller(place.caller))
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
    )
    return who


@pytest.mark.row("ID-16")
def test_a_confirmation_is_asked_answered_and_its_receipt_is_genuine(
    ehc: sdk.Client, patient: CardHolder
) -> None:
    number = patient.card.numbers.get().value
    asked = ehc.ask_for_confirmation(
        health_card_id=number, title="随访同意书", text="同意电话随访", valid_minutes=60
    )
    assert (asked.state, asked.receipt) == ("waiting", None)
    answer_confirmation(
        public_id=asked.confirmation_id, account_pk=patient.account.pk, agrees=True, actor=patient.actor
    )
    told = ehc.read_confirmation(asked.confirmation_id)
    assert told.state == "agreed"
    assert told.receipt is not None
    assert ehc.verify_receipt(told.receipt)
    forged = sdk.Receipt({**told.receipt.statement, "outcome": "refused"}, told.receipt.signature)
    assert not ehc.verify_receipt(forged)
    with pytest.raises(sdk.InvalidRequest) as refused:
        ehc.ask_for_confirmation(health_card_id=number, title="", text="同意", valid_minutes=60)
    assert refused.value.field == "title"
