"""How sure it is who signs in: asked for, told with evidence and term, stepped up, taken back (ID-20)."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import time_machine
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from foundation.core import clock
from identity import services as identity
from identity.models import Holding
from identity.rules import Evidence
from interop.oidc.models import LoginConsent
from tests.accounts import people
from tests.cards.holding import CENTRE, CardHolder
from tests.oidc.test_sign_in import System, agree, held

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-20")]

PROVED, SEEN = "urn:ehc:level:2", "urn:ehc:level:3"
TOO_LOW = "您现在还没有达到"


@pytest.fixture
def bank(live_server: LiveServer) -> System:
    """A party that wants to know how sure it is."""
    return System(live_server, scopes=("assurance",))


@pytest.fixture
def holder(client: Client) -> CardHolder:
    found = held(name="测试甲")
    people.signed_in(client, found.account)
    return found


def proved(holder: CardHolder, evidence: Evidence) -> None:
    identity.open_self_holding(
        account_pk=holder.account.pk, person_pk=holder.card.person_id, evidence=evidence, actor=CENTRE
    )


def told(bank: System) -> dict[str, Any]:
    return dict(bank.userinfo().json()["assurance"])


def sent_back(client: Client, address: str) -> dict[str, list[str]]:
    """What the party is told when the only way is back."""
    page = client.get(address).content.decode()
    assert TOO_LOW in page
    assert "窗口" in page
    assert 'name="allow"' not in page
    return parse_qs(urlsplit(agree(client, address, allow=False)).query)


def test_a_party_is_told_level_evidence_and_term(client: Client, bank: System, holder: CardHolder) -> None:
    proved(holder, Evidence.FACE)
    address = bank.address(acr_values=PROVED)
    assert "身份核实到哪一级" in client.get(address).content.decode()
    claims = bank.claims(bank.tokens(agree(client, address)))
    assert claims["acr"] == PROVED
    assert "assurance" not in claims
    answer = told(bank)
    assert (answer["level"], answer["evidence"]) == (2, "face")
    assert answer["expires_at"] - answer["verified_at"] == timedelta(days=365).total_seconds()


def test_too_low_a_level_names_the_next_step_and_gives_nothing(
    client: Client, bank: System, holder: CardHolder
) -> None:
    back = sent_back(client, bank.address(acr_values=PROVED))
    assert back["error"] == ["unmet_authentication_requirements"]
    assert back["state"] == ["st-1"]
    assert "code" not in back
    assert not LoginConsent.objects.exists()
    proved(holder, Evidence.WINDOW)
    bank.tokens(agree(client, bank.address(acr_values=PROVED)))
    assert (told(bank)["level"], told(bank)["evidence"]) == (3, "window")


def test_a_button_that_was_put_back_into_the_page_gives_nothing(
    client: Client, bank: System, holder: CardHolder
) -> None:
    back = parse_qs(urlsplit(agree(client, bank.address(acr_values=SEEN))).query)
    assert back["error"] == ["unmet_authentication_requirements"]


def test_the_lowest_of_the_levels_is_enough_and_unknown_ones_ask_for_nothing(
    client: Client, bank: System, holder: CardHolder
) -> None:
    proved(holder, Evidence.FACE)
    for asked in (f"{SEEN} {PROVED}", "urn:elsewhere:gold", f"urn:elsewhere:gold {PROVED}", ""):
        assert "code=" in agree(client, bank.address(acr_values=asked, prompt="consent"))


def test_who_agreed_before_is_still_told_when_the_level_is_too_low(
    client: Client, bank: System, holder: CardHolder
) -> None:
    bank.tokens(agree(client, bank.address()))
    assert TOO_LOW in client.get(bank.address(acr_values=PROVED)).content.decode()


def test_a_proof_lapses_and_counts_again_when_it_is_given_again(
    client: Client, bank: System, holder: CardHolder
) -> None:
    proved(holder, Evidence.FACE)
    with time_machine.travel(clock.now() + timedelta(days=366), tick=True):
        people.signed_in(client, holder.account)
        sent_back(client, bank.address(acr_values=PROVED))
        bank.tokens(agree(client, bank.address()))
        answer = told(bank)
        assert (answer["level"], answer["evidence"], answer["expires_at"]) == (1, "real_name", None)
        proved(holder, Evidence.FACE)
        assert Holding.objects.get().level == 2
        assert told(bank)["level"] == 2


def test_the_resident_sees_what_a_party_was_told_and_takes_it_back(
    client: Client, bank: System, holder: CardHolder
) -> None:
    proved(holder, Evidence.FACE)
    bank.tokens(agree(client, bank.address(acr_values=PROVED)))
    assert told(bank)["level"] == 2
    assert "身份核实到哪一级" in client.get("/me/logins/").content.decode()
    client.post(f"/me/logins/{LoginConsent.objects.get().public_id}/withdraw/")
    assert bank.userinfo().status_code == 401


def test_the_discovery_document_names_the_levels(bank: System, live_server: LiveServer) -> None:
    meta = httpx.get(f"{live_server.url}/oidc/.well-known/openid-configuration").json()
    assert meta["acr_values_supported"] == ["urn:ehc:level:1", PROVED, SEEN]
    assert "assurance" in meta["claims_supported"]
