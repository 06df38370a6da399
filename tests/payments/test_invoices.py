"""Electronic invoices that hospitals tell of: shown to who may read the lines, reversed, downloaded."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.events import relay
from foundation.events.models import InboxMessage, OutboxMessage
from foundation.events.types import InboxState
from foundation.gateway import inbound
from foundation.gateway.errors import BadEvent
from identity import services as identity
from identity.rules import Evidence
from payments.models import Bill, Invoice, InvoiceState
from payments.selectors.copies import bills_for_copy
from payments.selectors.invoices import lacking_invoices
from payments.services.invoices import keep_invoice_document
from tests.accounts.people import signed_in
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.interop.senders import event
from tests.interop.world import Place
from tests.payments.owing import SYSTEM

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-20")]

ITEMS = [{"title": "乙肝表面抗原", "amount_fen": 12_000, "category": "laboratory"}]
INVOICE: dict[str, Any] = {
    "invoice_code": "11060126",
    "invoice_no": "0012345678",
    "check_code": "a1b2c3",
    "amount_fen": 12_000,
    "issued_at": "2026-11-20T10:05:00+08:00",
    "has_document": True,
}
RED: dict[str, Any] = {
    "invoice_code": "11060126",
    "invoice_no": "0012345678",
    "red_invoice_no": "0012345699",
    "reversed_at": "2026-11-20T15:30:00+08:00",
}


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def who(place: Place) -> CardHolder:
    """Somebody whose bill the hospital's till has taken."""
    who = card_holder()
    tell(place, who, "bill.charged", 1, items=ITEMS, total_fen=12_000)
    paid: dict[str, Any] = {"receipt_no": "SJ1", "amount_fen": 12_000, "paid_by": "hospital"}
    tell(place, who, "bill.paid_confirmed", 2, **paid)
    return who


@pytest.fixture
def proved(who: CardHolder) -> CardHolder:
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
    )
    return who


def tell(place: Place, who: CardHolder, kind: str, seq: int, number: str = "MZ1", **data: Any) -> None:
    patient = {"health_card_id": who.card.numbers.get().value}
    said = event(kind, seq=seq, aggregate=f"bill:{number}", bill_no=number, patient=patient, **data)
    inbound.accept(said, institution=place.public_id)
    relay.work_inbox()


def page_of(who: CardHolder) -> str:
    answer = signed_in(Client(), who.account).get(f"/bills/{Bill.objects.get().public_id}/")
    return str(answer.content.decode())


def test_an_invoice_is_shown_with_the_numbers_of_the_treasury(place: Place, proved: CardHolder) -> None:
    tell(place, proved, "invoice.issued", 3, **INVOICE)
    page = page_of(proved)
    for shown in ("11060126", "0012345678", "a1b2c3", "有效", "正在从医院取来"):
        assert shown in page
    phone = signed_in(Client(), proved.account)
    api = Client(headers={"X-Session-Token": phone.session.session_key or ""})
    [told] = api.get(f"/api/resident/v1/bills/{Bill.objects.get().public_id}").json()["invoices"]
    assert (told["number"], told["check_code"], told["has_document"]) == ("0012345678", "a1b2c3", False)
    [copied] = bills_for_copy(proved.card.person_id)
    assert copied["invoices"][0]["number"] == "0012345678"
    with connection.cursor() as cursor:
        cursor.execute("SELECT check_code::text FROM payments_invoice")
        assert "a1b2c3" not in str(cursor.fetchall())


def test_who_may_not_read_the_lines_sees_no_invoice(place: Place, who: CardHolder) -> None:
    tell(place, who, "invoice.issued", 3, **INVOICE)
    kept = Invoice.objects.get()
    keep_invoice_document(invoice=kept.public_id, content=b"%PDF-1.4 x", actor=SYSTEM)
    assert "0012345678" not in page_of(who)
    bill = Bill.objects.get().public_id
    address = f"/bills/{bill}/invoices/{kept.public_id}/document"
    assert signed_in(Client(), who.account).get(address).status_code == 404
    stranger = card_holder("13900001002", "测试乙")
    assert signed_in(Client(), stranger.account).get(address).status_code == 404


def test_the_pdf_is_downloaded_and_that_is_in_the_audit(place: Place, proved: CardHolder) -> None:
    tell(place, proved, "invoice.issued", 3, **INVOICE)
    kept = Invoice.objects.get()
    address = f"/bills/{Bill.objects.get().public_id}/invoices/{kept.public_id}/document"
    phone = signed_in(Client(), proved.account)
    assert phone.get(address).status_code == 404
    assert keep_invoice_document(invoice=kept.public_id, content=b"%PDF-1.4 x", actor=SYSTEM)
    assert not keep_invoice_document(invoice=kept.public_id, content=b"%PDF-1.4 y", actor=SYSTEM)
    answer = phone.get(address)
    assert (answer.content, answer["Content-Type"]) == (b"%PDF-1.4 x", "application/pdf")
    assert "attachment" in answer["Content-Disposition"]
    assert AuditEntry.objects.filter(action=Action.INVOICE_READ, subject_id=kept.public_id).count() == 1
    assert "下载电子票据" in page_of(proved)


def test_a_reversed_invoice_says_that_it_counts_no_more(place: Place, proved: CardHolder) -> None:
    tell(place, proved, "invoice.issued", 3, **INVOICE)
    for seq in (4, 5):
        tell(place, proved, "invoice.reversed", seq, **RED)
    kept = Invoice.objects.get()
    assert (kept.state, kept.red_number) == (InvoiceState.REVERSED, "0012345699")
    assert "已作废" in page_of(proved)
    assert AuditEntry.objects.filter(action=Action.INVOICE_REVERSED).count() == 1
    # A new one takes its place.
    tell(place, proved, "invoice.issued", 6, **INVOICE | {"invoice_no": "0012345700", "amount_fen": 9_000})
    assert "0012345700" in page_of(proved)


def test_an_invoice_of_more_than_the_bill_is_not_kept(place: Place, proved: CardHolder) -> None:
    tell(place, proved, "invoice.issued", 3, **INVOICE | {"amount_fen": 12_001})
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("wrong", [{"invoice_code": "1106-126"}, {"issued_at": "yesterday"}])
def test_what_is_no_invoice_is_refused_at_the_door(
    place: Place, proved: CardHolder, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BadEvent):
        tell(place, proved, "invoice.issued", 3, **INVOICE | wrong)
    assert not Invoice.objects.exists()


def test_the_same_numbers_stand_for_one_invoice(place: Place, proved: CardHolder) -> None:
    for seq, more in ((3, {}), (4, {}), (5, {"amount_fen": 11_000})):
        tell(place, proved, "invoice.issued", seq, **INVOICE | more)
    assert Invoice.objects.get().amount_fen == 12_000
    last = InboxMessage.objects.latest("pk")
    assert last.state != InboxState.DONE


def test_nothing_is_invoiced_that_was_not_paid(place: Place, proved: CardHolder) -> None:
    tell(place, proved, "bill.charged", 1, "MZ2", items=ITEMS, total_fen=12_000)
    tell(place, proved, "invoice.issued", 2, "MZ2", **INVOICE)
    assert not Invoice.objects.exists()
    tell(place, proved, "invoice.reversed", 3, **RED)
    assert not Invoice.objects.exists()


def test_a_document_that_the_hospital_has_only_later_is_fetched_then(
    place: Place, proved: CardHolder
) -> None:
    tell(place, proved, "invoice.issued", 3, **{**INVOICE, "has_document": False})
    assert "正在从医院取来" not in page_of(proved)
    assert lacking_invoices(place.public_id) == []
    for seq in (4, 5):
        tell(place, proved, "invoice.issued", seq, **{**INVOICE, "has_document": True})
    assert len(lacking_invoices(place.public_id)) == 1
    assert "正在从医院取来" in page_of(proved)
    assert OutboxMessage.objects.filter(topic="bill.invoiced.v1").count() == 2
