"""Verifying codes: what is answered, what is kept, and who may ask for what."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection

from cards import errors
from cards.models import UsageRecord
from cards.rules.policy import Opens
from cards.services import life
from cards.verification import answer
from foundation.core import partitions
from foundation.core.errors import InvalidInput
from foundation.gateway.errors import ScopeMissing
from institutions import services as institutions
from tests.cards.world import (
    CENTRE,
    NAME,
    PHONE,
    Holder,
    Hospital,
    code_of,
    hospital,
    scan,
    set_rules,
    static_of,
    uses,
)

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-01")]

NOON = datetime(2026, 11, 20, 4, 0, 0, tzinfo=UTC)


# What is answered


def test_a_scanned_code_tells_who_its_holder_is(here: Hospital, somebody: Holder) -> None:
    verified = scan(code_of(somebody), here)
    told = answer(verified, here.caller.scopes)
    assert told["health_card_id"] == somebody.number.value
    assert told["main_index"] == somebody.number.main_index
    assert told["code_kind"] == "dynamic"
    assert not told["masked"]
    assert not told["document_required"]
    assert told["person"]["name"] == NAME
    assert told["person"]["id_number"] == somebody.id_number
    assert told["person"]["phone"] == PHONE
    assert told["person"]["address"] == "测试路1号"
    assert told["person"]["nation"] == "01"
    assert told["person"]["birthday"]


def test_without_the_full_scope_the_person_is_masked(here: Hospital, somebody: Holder) -> None:
    verified = scan(code_of(somebody), here)
    told = answer(verified, frozenset({"code:verify"}))
    text = str(told)
    assert told["masked"]
    assert told["main_index"] is None
    for secret in (NAME, somebody.id_number, PHONE, "测试路1号", somebody.number.main_index):
        assert secret not in text
    assert told["person"]["name"] == "**甲"
    assert told["person"]["birthday"] is None


def test_a_static_code_identifies_at_registration_with_a_document(here: Hospital, somebody: Holder) -> None:
    verified = scan(static_of(somebody), here, scene="010101")
    assert verified.opens is Opens.PERSON_WITH_DOCUMENT
    assert answer(verified, here.caller.scopes)["document_required"]


def test_what_a_scanner_adds_to_a_code_does_not_make_it_another(here: Hospital, somebody: Holder) -> None:
    text = code_of(somebody)
    scan(f"\ufeff{text.lower()}\r\n", here)
    with pytest.raises(errors.CodeUsed):
        scan(text, here)


# What is kept


def test_the_record_of_use_holds_what_happened_and_nothing_personal(here: Hospital, somebody: Holder) -> None:
    said = datetime(2020, 1, 1, tzinfo=UTC)
    with time_machine.travel(NOON, tick=False):
        verified = scan(
            code_of(somebody),
            here,
            request_id="request-1",
            department="内科",
            channel="0100",
            card_type="11",
            cost_type="0100",
            use_city="110100",
            branch="B1",
            caller_time=said,
        )
    row = UsageRecord.objects.get()
    assert row.public_id == verified.usage_id
    assert (row.code_time, row.at) == (NOON, NOON)
    assert row.caller_time == said
    assert (row.card_id, row.number_id) == (somebody.card.pk, somebody.number.pk)
    assert row.subject == somebody.card.subject
    assert (row.institution, row.client) == (here.public_id, here.caller.public_id)
    assert (row.terminal, row.scene, row.department) == ("W01", "0101012", "内科")
    assert (row.channel, row.card_type, row.cost_type) == ("0100", "11", "0100")
    assert (row.use_city, row.branch, row.operation) == ("110100", "B1", "verify")
    assert (row.kind, row.code_kind, row.is_report) == ("direct", "dynamic", False)
    assert (row.use_no, row.drained_at, row.completed_at) == (1, None, None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(u)::text FROM cards_usage u")
        text = cursor.fetchone()[0]
    for secret in (NAME, somebody.id_number, PHONE, somebody.number.value, somebody.number.main_index):
        assert secret not in text


@pytest.mark.parametrize(
    ("moment", "partition"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "cards_usage_202611"),
        (datetime(2026, 12, 1, 0, 0, 0, tzinfo=UTC), "cards_usage_202612"),
        (datetime(2031, 1, 1, tzinfo=UTC), "cards_usage_default"),
    ],
)
def test_a_use_lies_in_the_month_of_its_code(
    here: Hospital, somebody: Holder, moment: datetime, partition: str
) -> None:
    partitions.ensure_months("cards_usage", datetime(2026, 11, 1, tzinfo=UTC), ahead=1)
    with time_machine.travel(moment, tick=False):
        scan(code_of(somebody), here)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM cards_usage")
        assert cursor.fetchone()[0] == partition


# Policy, scopes, terminals


@pytest.mark.parametrize("scene", ["010105", "0101051", "0101081", "0101013", "010103"])
def test_a_static_code_opens_neither_payment_nor_records(
    here: Hospital, somebody: Holder, scene: str
) -> None:
    with pytest.raises(errors.StaticNotAllowed):
        scan(static_of(somebody), here, scene=scene)
    assert uses() == 0


def test_the_holder_can_switch_the_static_code_off(here: Hospital, somebody: Holder) -> None:
    life.switch_static_code(card_pk=somebody.card.pk, enabled=False, actor=CENTRE)
    with pytest.raises(errors.StaticSwitchedOff):
        scan(static_of(somebody), here, scene="010101")
    scan(code_of(somebody), here)


def test_the_centre_can_switch_static_codes_off(here: Hospital, somebody: Holder) -> None:
    set_rules(static_allowed=False)
    with pytest.raises(errors.StaticNotAllowed):
        scan(static_of(somebody), here, scene="010101")


def test_a_caller_without_the_scope_verifies_nothing(somebody: Holder) -> None:
    with pytest.raises(ScopeMissing):
        scan(code_of(somebody), hospital(scopes=("card:read_full",)))
    assert uses() == 0


def test_only_terminals_of_the_institution_that_are_in_use_read_codes(
    here: Hospital, somebody: Holder
) -> None:
    text = code_of(somebody)
    with pytest.raises(errors.TerminalUnknown):
        scan(text, here, terminal_id="W99")
    institutions.disable_terminal(terminal=here.terminal, actor=CENTRE, reason="测试")
    with pytest.raises(errors.TerminalDisabled):
        scan(text, here)
    assert uses() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scene", "挂号"),
        ("scene", ""),
        ("scene", "01010111"),
        ("department", "x" * 61),
        ("department", "内\x00科"),
        ("department", "内\u202e科"),
        ("channel", "01000"),
        ("cost_type", "01000"),
        ("terminal_id", "W" * 33),
        ("request_id", "r" * 65),
    ],
)
def test_details_that_do_not_fit_are_refused_by_name(
    here: Hospital, somebody: Holder, name: str, value: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        scan(code_of(somebody), here, **{name: value})
    assert refusal.value.field == name
    assert uses() == 0


@pytest.mark.parametrize("text", ['a"b', "a\\b", '{"},{', "NULL", "a,b", "'; DROP TABLE cards_usage --"])
def test_what_a_department_is_called_does_not_break_the_statement(
    here: Hospital, somebody: Holder, text: str
) -> None:
    scan(code_of(somebody), here, department=text)
    assert UsageRecord.objects.get().department == text
