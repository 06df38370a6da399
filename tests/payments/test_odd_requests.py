"""Addresses and bodies that nobody sends by pressing a button are refused, and never break."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from identity import services as identity
from identity.rules import Evidence
from tests.accounts.people import signed_in
from tests.cards.holding import CENTRE, card_holder
from tests.cards.test_api_resident import Phone
from tests.institutions import people
from tests.payments.owing import desk, owed
from tests.payments.saving import account_of, topped_up

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-20")]

WORDS = ["", "\x00", "账", "0" * 26, "x" * 3_000, "-1", "9" * 40, "null", "%", "1e9", "true"]
VALUES: list[Any] = [None, *WORDS, -1, 0, 10**30, 1.5, True, [], {}, [None]]


def proved() -> Any:
    who = card_holder()
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
    )
    return who


def test_odd_questions_of_residents_are_answered() -> None:
    place, who = desk(), proved()
    bill = owed(place.institution, person_pk=who.card.person_id)
    topped_up(place, who.card.person_id)
    page, api = signed_in(Client(), who.account), Phone(who.account)
    person = api.get("balances").json()["people"][0]["person_id"]
    for word in WORDS:
        for name in ("person", "standing", "year", "hospital", "before", "open"):
            assert page.get("/bills/", {name: word}).status_code < 500, (name, word)
            assert api.get(f"bills?{name}={_quoted(word)}").status_code < 500, (name, word)
        for address in (f"/prepaid/{person}/", f"/bills/{bill.bill_id}/insurance/back"):
            assert page.get(address, {"before": word, "state": word}).status_code < 500, (address, word)
        movements = api.get(f"balances/{person}/movements?before={_quoted(word)}")
        assert movements.status_code < 500, word
        for address in (f"/prepaid/{person}/top-up/", f"/prepaid/{person}/pay-out/"):
            sent = {"receiver": word, "account": word, "amount": word}
            assert page.post(address, sent).status_code < 500, (address, word)
        for address in (f"/bills/{bill.bill_id}/pay/", f"/bills/{bill.bill_id}/pay/balance/"):
            assert page.post(address, {"way": word, "part": word}).status_code < 500, (address, word)
        assert page.get(f"/pay/for/{_quoted(word) or 'x'}/").status_code < 500, word


@pytest.mark.row("FC-07")
def test_odd_bodies_of_residents_are_answered() -> None:
    place, who = desk(), proved()
    bill = owed(place.institution, person_pk=who.card.person_id)
    account = account_of(who.card.person_id).public_id
    api = Phone(who.account)
    person = api.get("balances").json()["people"][0]["person_id"]
    calls: dict[str, dict[str, Any]] = {
        f"bills/{bill.bill_id}/payments": {"provider": "banktest", "way": "scans", "balance_fen": 1},
        f"balances/{person}/top-ups": {
            "institution": place.institution,
            "amount_fen": 100,
            "account_id": account,
        },
        f"balances/{person}/pay-outs": {"account_id": account, "amount_fen": 1},
        "pay-links/abc/payments": {"provider": "banktest", "way": "scans"},
    }
    for address, body in calls.items():
        for name in body:
            for value in VALUES:
                answer = api.post(address, {**body, name: value})
                assert answer.status_code < 500, (address, name, value)


@pytest.mark.row("FC-06")
def test_odd_requests_at_the_window_are_answered(client: Client) -> None:
    place, who = desk(), proved()
    bill = owed(place.institution, person_pk=who.card.person_id)
    account = account_of(who.card.person_id).public_id
    clerk = people.at_work(client, place.account)
    for word in WORDS:
        for address, name in (
            (f"/window/bills/{bill.bill_id}/", "received"),
            (f"/window/bills/{bill.bill_id}/refund/", "amount"),
            (f"/window/prepaid/{account}/", "amount"),
            (f"/window/prepaid/{account}/pay-out/", "amount"),
            ("/window/orders/", "code"),
            ("/window/bills/", "code"),
        ):
            assert clerk.post(address, {name: word}).status_code < 500, (address, word)
        assert clerk.get("/window/refunds/", {"after": word}).status_code < 500, word
        for listed in ("bill", "refund", "writeback", "bulkrefund", "prepaidaccount", "ledgerentry"):
            found = clerk.get(f"/institution/payments/{listed}/", {"q": word, "p": word})
            assert found.status_code < 500, (listed, word)
        sent = {"numbers": word, "why": "staff", "institution": place.institution, "reason": "测试"}
        assert clerk.post("/institution/payments/bulkrefund/add/", sent).status_code < 500, word


def _quoted(word: str) -> str:
    return quote(word, safe="")
