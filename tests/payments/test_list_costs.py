"""Lists ask the database as often for twenty rows as for two."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from identity import services as identity
from identity.rules import Evidence
from institutions.rules import Role
from payments import services
from payments.rules import RefundReason
from payments.selectors.hospital import bills_of_hospital
from payments.services import posting
from tests.accounts.people import signed_in
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.institutions import people
from tests.payments.owing import Desk, desk, person
from tests.payments.posting import charged
from tests.payments.saving import account_of, topped_up

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-06")]


@pytest.fixture
def place() -> Desk:
    return desk()


@pytest.fixture
def who() -> CardHolder:
    who = card_holder()
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
    )
    return who


def cost(read: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        answer = read()
    assert getattr(answer, "status_code", 200) == 200
    return len(asked)


def same(grow: Callable[[int], None], *lists: Callable[[], object]) -> None:
    """Each list costs with many rows what it costs with two."""
    grow(2)
    for read in lists:
        read()  # what is read once and kept
    before = [cost(read) for read in lists]
    grow(12)
    assert [cost(read) for read in lists] == before


def test_the_lists_of_hospitals_and_their_staff(place: Desk) -> None:
    clerk = people.at_work(Client(), place.account)
    boss = people.staff(Role.INSTITUTION_ADMIN, place.institution, username="boss")
    chief = people.at_work(Client(), boss)
    patient = person()

    def grow(count: int) -> None:
        for number in range(count):
            bill = charged(place.institution, number=f"MZ{count}-{number}", person_pk=patient)
            services.pay_in_cash(bill=bill.bill_id, received_fen=1_200, actor=place.actor)
            posting.begin_write_back(bill=bill.bill_id, is_reachable=True)
            services.refund_bill(
                bill=bill.bill_id, amount_fen=200, reason=RefundReason.STAFF, actor=place.actor
            )

    def listed(name: str) -> Callable[[], object]:
        return lambda: chief.get(f"/institution/payments/{name}/")

    same(
        grow,
        lambda: bills_of_hospital(actor=place.actor, person_pk=patient),
        lambda: clerk.get("/window/refunds/"),
        *(listed(name) for name in ("bill", "refund", "writeback", "paymentattempt", "ledgerentry")),
    )


@pytest.mark.row("FC-07")
def test_the_pages_of_a_balance(place: Desk, who: CardHolder) -> None:
    phone = signed_in(Client(), who.account)
    account_of(who.card.person_id)
    address = phone.get("/prepaid/")["Location"]
    clerk = people.at_work(Client(), place.account)
    account = account_of(who.card.person_id).public_id

    def grow(count: int) -> None:
        for number in range(count):
            topped_up(place, who.card.person_id, 1_000)
            charged(place.institution, number=f"MZ{count}-{number}", person_pk=who.card.person_id)

    same(
        grow,
        lambda: phone.get(address),
        lambda: phone.get(f"{address}pay-out/"),
        lambda: phone.get("/bills/"),
        lambda: clerk.get(f"/window/prepaid/{account}/"),
    )
