"""From the record of use to audit and open pages."""

import pytest
from django.db import IntegrityError, connection, transaction

from cards.drain import drain_usage
from cards.models import UsageRecord
from cards.verification import Details, complete, report_by_card
from foundation.accounts import services as accounts
from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from foundation.events import live
from identity import services as identity
from identity.rules import Evidence
from tests.cards.world import CENTRE, Holder, Hospital, code_of, holder, hospital, scan, set_rules, static_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here(transactional_db: None) -> Hospital:
    return hospital(short_name="示范医院")


@pytest.fixture
def somebody(transactional_db: None) -> Holder:
    return holder()


def held(who: Holder) -> Account:
    account = accounts.open_resident(phone="13900000001")
    identity.open_self_holding(
        account_pk=account.pk,
        person_pk=who.card.person_id,
        evidence=Evidence.WINDOW,
        actor=CENTRE,
    )
    return account


def test_a_scan_reaches_the_holders_open_pages(here: Hospital, somebody: Holder) -> None:
    account = held(somebody)
    _, position = live.recent(account.public_id)
    verified = scan(code_of(somebody), here, scene="0101012")
    assert drain_usage() == 1
    notices, _ = live.recent(account.public_id, position)
    assert [notice["kind"] for notice in notices] == ["code.used"]
    data = notices[0]["data"]
    assert data["usage"] == verified.usage_id
    assert (data["institution"], data["place"], data["purpose"]) == ("示范医院", "门诊一楼", "当日挂号")
    assert data["code_kind"] == "dynamic"
    assert set(data) == {"usage", "card", "institution", "place", "purpose", "code_kind", "at"}


def test_a_use_is_taken_once_and_has_one_audit_entry(here: Hospital, somebody: Holder) -> None:
    verified = scan(code_of(somebody), here)
    assert drain_usage() == 1
    assert drain_usage() == 0
    row = UsageRecord.objects.get()
    assert row.drained_at is not None
    entry = AuditEntry.objects.get(action="code.verified")
    assert entry.details["reference"] == verified.usage_id
    assert (entry.actor_id, entry.institution) == (here.caller.public_id, here.public_id)
    assert (entry.subject_type, entry.subject_id) == ("cards.Card", somebody.card.public_id)
    assert entry.at == row.at
    assert somebody.number.value not in str(entry.details)


def test_a_report_is_recorded_as_a_report_and_noticed_as_one(here: Hospital, somebody: Holder) -> None:
    account = held(somebody)
    _, position = live.recent(account.public_id)
    report_by_card(
        card_id=somebody.number.value,
        caller=here.caller,
        details=Details(scene="0101082", request_id="r1", operation="report"),
    )
    set_rules(reports_swapped=True)
    drain_usage()
    notices, _ = live.recent(account.public_id, position)
    assert [(notice["kind"], notice["data"]["purpose"]) for notice in notices] == [("card.used", "检查报告")]
    assert AuditEntry.objects.filter(action="usage.reported").count() == 1


def test_a_completed_scan_tells_the_holders_its_place_and_purpose(here: Hospital, somebody: Holder) -> None:
    account = held(somebody)
    text = code_of(somebody)
    opened = scan(text, here, scene="000000", terminal_id="", operation="104")
    drain_usage()
    _, position = live.recent(account.public_id)
    details = Details(scene="0101012", request_id="r1", operation="143", terminal_id="W01")
    with transaction.atomic():
        complete(text, caller=here.caller, details=details, opened_by="104")
        assert live.recent(account.public_id, position)[0] == []
    notices, _ = live.recent(account.public_id, position)
    assert [notice["kind"] for notice in notices] == ["code.used"]
    assert notices[0]["data"] == {
        "usage": opened.usage_id,
        "card": somebody.card.public_id,
        "institution": "示范医院",
        "place": "门诊一楼",
        "purpose": "当日挂号",
        "code_kind": "dynamic",
        "at": opened.at.isoformat(),
    }


def test_a_card_that_nobody_holds_is_drained_in_silence(here: Hospital, somebody: Holder) -> None:
    scan(static_of(somebody), here, scene="010101")
    assert drain_usage() == 1


def test_many_uses_are_taken_in_batches(here: Hospital, somebody: Holder) -> None:
    for _ in range(5):
        scan(code_of(somebody), here)
    assert [drain_usage(batch=2) for _ in range(4)] == [2, 2, 1, 0]
    assert AuditEntry.objects.filter(action="code.verified").count() == 5


def test_a_batch_that_fails_is_taken_again_whole(here: Hospital, somebody: Holder) -> None:
    scan(code_of(somebody), here)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cards_usage ADD CONSTRAINT test_no CHECK (drained_at IS NULL)")
    try:
        with pytest.raises(IntegrityError):
            drain_usage()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE cards_usage DROP CONSTRAINT test_no")
    assert not AuditEntry.objects.filter(action="code.verified").exists()
    assert drain_usage() == 1
    assert AuditEntry.objects.filter(action="code.verified").count() == 1
