"""The SDK's calls of reports, against the real interface."""

import pytest
from django.db import transaction
from pytest_django.live_server_helper import LiveServer

import sdk
from foundation.core import clock
from tests.cards.world import Holder, Hospital, code_of, hospital
from tests.records import world
from tests.sdk.test_platform import client_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-12")]


@pytest.fixture
def place(transactional_db: None) -> Hospital:
    return hospital()


def test_a_report_is_published_printed_and_withdrawn(live_server: LiveServer, place: Hospital) -> None:
    ehc = client_of(live_server, place)
    with transaction.atomic():
        who = world.proved()
        world.patient_of(place, who)
    kept = ehc.publish_report(
        patient_id="P001",
        report_no="R1",
        kind="lab",
        title="血常规",
        reported_at=clock.now(),
        results=[sdk.ReportResult("WBC", "白细胞计数", "12.5", "10^9/L", low="3.5", high="9.5", mark="H")],
    )
    assert (kept.version, kept.changed) == (1, True)
    assert ehc.record_encounter(
        patient_id="P001", encounter_no="E1", kind="outpatient", started_at=clock.now()
    )
    text = code_of(Holder(who.card, who.card.numbers.get(), who.id_number))
    ehc.verify(text, scene="0101012", terminal_id="W01")
    [printable] = ehc.printable_reports(text)
    assert printable["report_id"] == kept.report_id
    assert ehc.print_report(text, kept.report_id).startswith(b"%PDF-")
    assert ehc.withdraw_report("R1", reason="发错人")
    assert not ehc.withdraw_report("R1")
    with pytest.raises(sdk.EhcError) as refused:
        ehc.print_report(text, kept.report_id)
    assert refused.value.code == "report_not_found"
