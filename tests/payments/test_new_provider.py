"""A new way of paying is its own module and a line of settings.

``tests/payments/bank.py`` is one that nothing in the product knows. Set up by staff, chosen and paid by a
resident, told by its own notices, given back by its own refunds: every step comes from the class alone.
"""

from pathlib import Path

import pytest
from django.conf import settings as product
from django.test import Client
from pytest_django import Settings

from institutions.rules import Role
from payments import services
from payments.models import Channel, PaymentAttempt, Refund
from payments.providers import online_providers
from payments.rules import BillState, RefundReason, RefundState
from payments.selectors.books import check_books
from payments.services import asking, returning
from tests.accounts.people import signed_in
from tests.cards.holding import card_holder
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.payments import bank
from tests.payments.bank import CODE, Bank, Ledger
from tests.payments.owing import balances, desk, owed, row
from tests.payments.paying import tell_paid

ROOT = Path(__file__).resolve().parents[2]
LINE = "tests.payments.bank.Bank"
CHANNELS = "/admin/payments/channel/"
RULES = {"number": "shop-1", "base_url": "https://bank.example", "least": "0.01", "most": "500", "place": "1"}

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-04"), pytest.mark.row("FC-12")]


def test_nothing_in_the_product_knows_it() -> None:
    assert LINE not in product.PAYMENT_PROVIDERS
    for folder in ("payments", "portal", "interop", "appointments", "templates", "static"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in {".py", ".html", ".js"}:
                text = path.read_text("utf-8")
                assert bank.__name__ not in text, path
                assert f'"{CODE}"' not in text, path


def test_a_line_of_settings_makes_it_a_way_of_paying(client: Client, settings: Settings) -> None:
    assert CODE not in [one.code for one in online_providers()]
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, LINE]
    books = Bank.books = Ledger()
    place, who = desk(), card_holder()
    # Staff: the keys and the ways are those of the class, and the secret ones are not shown again.
    people.at_work(client, people.staff(Role.CENTRE_ADMIN))
    submit(client, f"{CHANNELS}add/", institution=place.institution, provider=CODE, **RULES)
    channel = Channel.objects.get()
    form = client.get(f"{CHANNELS}{channel.public_id}/do/change/").content.decode()
    assert all(str(key.label) in form for key in Bank.keys)
    keys = {"ways": ["scans"], "key_shop": "A1", "key_secret": "bank-secret"}
    submit(client, f"{CHANNELS}{channel.public_id}/do/change/", **keys, **RULES)
    submit(client, f"{CHANNELS}{channel.public_id}/do/on/")
    # The resident: offered under its own name, and sent on as the class says.
    bill = owed(place.institution, person_pk=who.card.person_id)
    phone = signed_in(Client(), who.account)
    offered = phone.get(f"/bills/{bill.bill_id}/pay/").content.decode()
    assert Bank().label() in offered
    payment = phone.post(f"/bills/{bill.bill_id}/pay/", {"way": CODE})["Location"]
    attempt = PaymentAttempt.objects.get(provider=CODE)
    asking.launch_attempt(attempt=attempt.public_id)
    assert f"用{Bank().label()}扫码付款" in phone.get(payment).content.decode()
    # The channel: its notice at its own address, under its own signature, answered in its own form.
    books.pay(attempt.public_id)
    assert tell_paid(channel, attempt, secret="somebody's") == 400
    assert tell_paid(channel, attempt) == 200
    assert row(bill).state == BillState.PAID
    assert Bank().label() in phone.get(f"/bills/{bill.bill_id}/receipt/").content.decode()
    # And the money back by it.
    [refund] = services.refund_bill(
        bill=bill.bill_id, amount_fen=200, reason=RefundReason.STAFF, actor=place.actor
    )
    returning.send_refund(refund=refund)
    assert Refund.objects.get().state == RefundState.PAID
    assert balances() == {Bank.account: 1_000, "income": -1_000}
    assert check_books() == []
