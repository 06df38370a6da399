"""The scan session: references, completion, and reports of further uses."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from cards import errors
from cards.models import UsageRecord
from cards.models.usage import UseKind
from cards.services import life
from cards.verification import Details, answer, complete, reference, report_by_card, report_by_code
from foundation.audit.models import AuditEntry
from foundation.gateway.errors import ScopeMissing
from tests.cards.world import CENTRE, Holder, Hospital, code_of, hospital, scan, set_rules, static_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 4, 0, 0, tzinfo=UTC)


def details(**changes: str) -> Details:
    return Details(**{"scene": "010103", "request_id": "report-1", "operation": "report", **changes})  # type: ignore[arg-type]


# References


def test_the_institution_that_scanned_may_name_the_card_by_the_text(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scanned = scan(text, here)
    named = reference(text, caller=here.caller)
    assert named.usage_id == scanned.usage_id
    assert answer(named, here.caller.scopes)["person"]["id_number"] == somebody.id_number
    assert UsageRecord.objects.count() == 1


def test_a_reference_holds_half_an_hour_though_the_code_has_expired(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody, at=NOON)
    with time_machine.travel(NOON, tick=False):
        scan(text, here)
    with time_machine.travel(NOON + timedelta(minutes=30), tick=False):
        reference(text, caller=here.caller)
    with (
        time_machine.travel(NOON + timedelta(minutes=30, seconds=1), tick=False),
        pytest.raises(errors.ScanSessionOver),
    ):
        reference(text, caller=here.caller)


def test_the_centre_sets_how_long_a_session_lasts(here: Hospital, somebody: Holder) -> None:
    with time_machine.travel(NOON, tick=False):
        set_rules(session_minutes=5)
        text = code_of(somebody)
        scan(text, here)
    with (
        time_machine.travel(NOON + timedelta(minutes=6), tick=False),
        pytest.raises(errors.ScanSessionOver),
    ):
        reference(text, caller=here.caller)


def test_another_institution_may_not_name_the_card_by_the_text(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scan(text, here)
    with pytest.raises(errors.CodeUsed):
        reference(text, caller=hospital().caller)


def test_without_a_scan_a_text_names_nothing(here: Hospital, somebody: Holder) -> None:
    for text in (code_of(somebody), static_of(somebody)):
        with pytest.raises(errors.NoScanSession):
            reference(text, caller=here.caller)


def test_a_static_text_names_the_card_after_the_institutions_own_scan(
    here: Hospital, somebody: Holder
) -> None:
    scan(static_of(somebody), here, scene="010101")
    assert reference(static_of(somebody), caller=here.caller).card_id == somebody.number.value
    with pytest.raises(errors.NoScanSession):
        reference(static_of(somebody), caller=hospital().caller)


def test_a_report_does_not_lengthen_a_session(here: Hospital, somebody: Holder) -> None:
    with time_machine.travel(NOON, tick=False):
        scan(static_of(somebody), here, scene="010101")
    with time_machine.travel(NOON + timedelta(minutes=29), tick=False):
        report_by_code(text=static_of(somebody), caller=here.caller, details=details())
    with (
        time_machine.travel(NOON + timedelta(minutes=31), tick=False),
        pytest.raises(errors.ScanSessionOver),
    ):
        reference(static_of(somebody), caller=here.caller)


def test_a_reference_to_a_card_that_was_frozen_tells_nothing(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scan(text, here)
    life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    with pytest.raises(errors.CardFrozen):
        reference(text, caller=here.caller)


# Completion


def test_a_scan_without_place_and_purpose_is_completed_once_by_the_same_client(
    here: Hospital, somebody: Holder
) -> None:
    text = code_of(somebody)
    opened = scan(text, here, scene="000000", terminal_id="", operation="104")
    verifying = details(scene="010105", operation="143", terminal_id="W01", cost_type="0100")
    done = complete(text, caller=here.caller, details=verifying, opened_by="104")
    assert done.usage_id == opened.usage_id
    row = UsageRecord.objects.get()
    assert (row.scene, row.terminal, row.cost_type) == ("010105", "W01", "0100")
    assert row.completed_at is not None
    assert AuditEntry.objects.filter(action="code.verified", details__outcome="completed").count() == 1
    with pytest.raises(errors.CodeUsed):
        complete(text, caller=here.caller, details=verifying, opened_by="104")


def test_a_scan_that_was_complete_from_the_beginning_is_not_completed_again(
    here: Hospital, somebody: Holder
) -> None:
    text = code_of(somebody)
    scan(text, here, operation="143")
    with pytest.raises(errors.CodeUsed):
        complete(text, caller=here.caller, details=details(operation="143"), opened_by="104")


def test_completion_needs_a_terminal_of_the_institution(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scan(text, here, scene="000000", terminal_id="", operation="104")
    with pytest.raises(errors.TerminalUnknown):
        complete(text, caller=here.caller, details=details(terminal_id="W99"), opened_by="104")
    assert UsageRecord.objects.get().completed_at is None


def test_a_refused_completion_leaves_the_scan_open(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scan(text, here, scene="000000", terminal_id="", operation="104")
    verifying = details(operation="143", terminal_id="W01")
    life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    with pytest.raises(errors.CardFrozen):
        complete(text, caller=here.caller, details=verifying, opened_by="104")
    life.unfreeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    assert complete(text, caller=here.caller, details=verifying, opened_by="104").scene == "010103"


# Reports


def test_a_further_use_inside_the_session_is_a_direct_use_of_its_own(
    here: Hospital, somebody: Holder
) -> None:
    text = code_of(somebody)
    scan(text, here)
    reported = report_by_code(text=text, caller=here.caller, details=details(terminal_id="W01"))
    again = report_by_code(text=text, caller=here.caller, details=details(terminal_id="W01"))
    assert again.usage_id == reported.usage_id
    assert again.is_replayed
    row = UsageRecord.objects.get(public_id=reported.usage_id)
    assert (row.kind, row.is_report, row.scene, row.code_kind) == ("direct", True, "010103", "dynamic")
    assert UsageRecord.objects.count() == 2


def test_a_use_without_a_scan_is_indirect(here: Hospital, somebody: Holder) -> None:
    reported = report_by_card(card_id=somebody.number.value.lower(), caller=here.caller, details=details())
    assert reported.kind is UseKind.INDIRECT
    row = UsageRecord.objects.get()
    assert (row.kind, row.code_kind, row.is_report, row.card_id) == (
        "indirect",
        "none",
        True,
        somebody.card.pk,
    )


def test_a_use_that_has_happened_is_recorded_though_the_card_is_frozen_by_now(
    here: Hospital, somebody: Holder
) -> None:
    life.freeze_card(card_pk=somebody.card.pk, reason="holder", actor=CENTRE)
    assert report_by_card(card_id=somebody.number.value, caller=here.caller, details=details()).usage_id


def test_a_report_about_no_card_of_ours_is_refused(here: Hospital) -> None:
    with pytest.raises(errors.CardUnknown):
        report_by_card(card_id="0" * 64, caller=here.caller, details=details())


def test_reporting_has_a_scope_of_its_own(somebody: Holder) -> None:
    with pytest.raises(ScopeMissing):
        report_by_card(
            card_id=somebody.number.value, caller=hospital(scopes=("code:verify",)).caller, details=details()
        )


def test_a_request_id_serves_one_report(here: Hospital, somebody: Holder) -> None:
    report_by_card(card_id=somebody.number.value, caller=here.caller, details=details())
    with pytest.raises(errors.RequestIdReused):
        report_by_card(card_id=somebody.number.value, caller=here.caller, details=details(scene="010102"))
