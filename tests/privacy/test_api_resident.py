"""The resident API about one's own data: what the pages do, for the mini-program (ID-16, ID-14)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cards.services.apps import register_app, switch_app
from cards.services.binding import bind_card
from cards.services.confirmations import answer_confirmation, ask_for_confirmation
from cards.states import CardState, Channel
from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.gateway.caller import actor_of_caller
from identity import selectors as identity
from identity import services as identity_services
from identity.models import Holding
from identity.rules import Evidence
from tests.cards import families, world
from tests.cards.applying import applicant
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.test_api_resident import ROOT, Phone
from tests.privacy.test_pages import seen
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-16")]


@pytest.fixture
def holder(db: None) -> CardHolder:
    return card_holder(name="测试甲")


@pytest.fixture
def phone(holder: CardHolder) -> Phone:
    return Phone(holder.account)


def prove(holder: CardHolder) -> None:
    """A window finds that the holder is the person."""
    identity_services.open_self_holding(
        account_pk=holder.account.pk,
        person_pk=holder.card.person_id,
        evidence=Evidence.WINDOW,
        actor=CENTRE,
    )


@pytest.mark.parametrize("path", ["looks", "copy", "account/close", "card/visibility", "consents"])
def test_nobody_reads_without_a_session(path: str) -> None:
    assert Client().get(ROOT + path).status_code == 401


def test_an_application_that_was_stopped_reads_nothing(holder: CardHolder) -> None:
    app = register_app(name="示范应用", channel=Channel.BANK, reason="测试", actor=CENTRE)
    phone = Phone(holder.account)
    phone.http.defaults["HTTP_EHC_APP"] = app.public_id
    paths = ("looks", "copy", "card/visibility", "card/history", "card/certificates", "family")
    assert phone.get("looks").status_code == 200
    switch_app(app_pk=app.pk, is_open=False, reason="测试", actor=CENTRE)
    for path in paths:
        assert phone.get(path).json()["code"] == "resident_app_refused", path
    assert phone.post("card/loss", {"reason": "phone_lost"}).json()["code"] == "resident_app_refused"


# Who looked


def test_a_scan_is_listed_by_name_time_and_purpose(phone: Phone, holder: CardHolder) -> None:
    assert phone.get("looks").json() == {"looks": [], "older": "", "is_whole": False}
    seen(holder, world.hospital(short_name="东区医院"))
    answer = phone.get("looks")
    (look,) = answer.json()["looks"]
    assert (look["who"], look["what"], look["purpose"]) == ("东区医院", "扫码核验", "当日挂号")
    assert look["at"]
    assert "no-store" in answer["Cache-Control"]


def test_a_long_list_pages_with_the_same_number_of_queries(phone: Phone, holder: CardHolder) -> None:
    where = world.hospital(short_name="东区医院")
    begin = clock.now()
    seen(holder, where)
    phone.get("looks")
    with CaptureQueriesContext(connection) as for_one:
        phone.get("looks")
    for number in range(1, 21):
        with time_machine.travel(begin + timedelta(minutes=number), tick=False):
            seen(holder, where)
    with CaptureQueriesContext(connection) as for_twenty:
        first = phone.get("looks").json()
    assert len(first["looks"]) == 20
    assert len(for_twenty) == len(for_one)
    second = phone.get(f"looks?before={first['older']}").json()
    assert (len(second["looks"]), second["older"]) == (1, "")


@pytest.mark.parametrize("before", ["x", "-1", "9" * 18])
def test_a_wrong_place_in_the_list_is_refused(phone: Phone, before: str) -> None:
    answer = phone.get(f"looks?before={before}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_a_guardian_reads_who_looked_at_the_child_and_a_stranger_does_not(sandbox: Sandbox) -> None:
    who = families.guardian()
    child = families.child_of(who)
    told = Phone(who.account).get(f"looks?person_id={child}").json()
    assert told == {"looks": [], "older": "", "is_whole": True}
    other = card_holder("13900001011", name="测试乙")
    assert Phone(other.account).get(f"looks?person_id={child}").status_code == 404
    assert Phone(other.account).get("looks?person_id=" + "0" * 26).status_code == 404


# A copy


def test_a_holder_who_proved_it_copies_everything_with_the_signed_confirmations(
    phone: Phone, holder: CardHolder
) -> None:
    prove(holder)
    here = world.hospital(short_name="东区医院")
    actor = actor_of_caller(here.caller)
    bind_card(card_pk=holder.card.pk, actor=actor)
    asked = ask_for_confirmation(
        card=holder.card, title="随访同意书", text="同意电话随访", valid_minutes=60, actor=actor
    )
    answer_confirmation(
        public_id=asked.public_id, account_pk=holder.account.pk, agrees=True, actor=holder.actor
    )
    told = phone.get("copy").json()
    assert told == {"persons": [{"relation": "self", "left_out": ""}], "records_open": False}
    answer = phone.post("copy")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    (person,) = answer.json()["persons"]
    assert person["particulars"]["id_number"] == holder.id_number
    (told,) = person["confirmations"]
    assert (told["institution"], told["text"], told["state"]) == ("东区医院", "同意电话随访", "agreed")
    assert told["receipt"]["signature"]["value"]
    assert AuditEntry.objects.filter(action="data.copied", actor_id=holder.account.public_id).count() == 1


def test_whoever_only_knew_name_and_number_is_told_what_is_left_out(phone: Phone, holder: CardHolder) -> None:
    assert phone.get("copy").json()["persons"][0]["left_out"] == "level_too_low"
    copy = phone.post("copy").json()
    assert copy["persons"][0]["left_out"] == "level_too_low"
    assert holder.id_number not in str(copy["persons"])


def test_copies_are_limited_over_the_page_and_the_api_together(phone: Phone) -> None:
    browser = Client()
    browser.cookies["sessionid"] = str(phone.token)
    codes = [phone.post("copy").status_code for _number in range(3)]
    codes += [browser.post("/me/data/copy/file/").status_code for _number in range(3)]
    assert codes == [200] * 5 + [429]


# Consent


def test_consents_are_listed_withdrawn_and_given_again(phone: Phone, holder: CardHolder) -> None:
    state = phone.get("consents").json()
    assert {given["kind"] for given in state["given"]} == {"privacy_notice", "sensitive_data"}
    left = phone.post("consents/withdrawals", {"kind": "sensitive_data"}).json()
    assert left["needed"] == ["sensitive_data"]
    ended = [given["kind"] for given in left["given"] if given["withdrawn_at"]]
    assert ended == ["sensitive_data"]
    assert not identity.has_consented(holder.account.pk)
    assert phone.post("consents/withdrawals", {"kind": "sensitive_data"}).status_code == 404
    again = phone.post("consents", {"version": state["version"], "kinds": ["sensitive_data"]}).json()
    assert again["needed"] == []
    assert [given["kind"] for given in again["given"]].count("sensitive_data") == 2


# What institutions may see


def test_a_category_is_hidden_and_shown_again(phone: Phone, holder: CardHolder) -> None:
    shown = phone.get("card/visibility").json()["categories"]
    assert [(row["category"], row["visible"]) for row in shown] == [
        ("phone", True),
        ("address", True),
        ("nation", True),
    ]
    assert shown[0]["name"] == "联系电话"
    hidden = phone.put("card/visibility", {"category": "phone", "visible": False}).json()["categories"]
    assert [row["category"] for row in hidden if not row["visible"]] == ["phone"]
    holder.card.refresh_from_db()
    assert holder.card.hidden == ["phone"]
    phone.put("card/visibility", {"category": "phone", "visible": True})
    holder.card.refresh_from_db()
    assert holder.card.hidden == []
    assert AuditEntry.objects.filter(action="card.visibility_changed").count() == 2


@pytest.mark.parametrize("wrong", [{}, {"category": "name", "visible": False}, {"category": "phone"}])
def test_what_cannot_be_hidden_is_refused(phone: Phone, wrong: dict[str, Any]) -> None:
    answer = phone.put("card/visibility", wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_without_a_card_there_is_nothing_to_hide() -> None:
    phone = Phone(applicant("13900001031").account)
    assert phone.get("card/visibility").json()["code"] == "card_not_found"


# Confirmations


def test_a_confirmation_is_read_alone_by_its_holder_only(phone: Phone, holder: CardHolder) -> None:
    prove(holder)
    actor = actor_of_caller(world.hospital(short_name="东区医院").caller)
    asked = ask_for_confirmation(
        card=holder.card, title="随访同意书", text="同意电话随访", valid_minutes=60, actor=actor
    )
    told = phone.get(f"confirmations/{asked.public_id}").json()
    assert (told["state"], told["institution"], told["text"]) == ("waiting", "东区医院", "同意电话随访")
    assert told["receipt"] is None
    signed = phone.post(f"confirmations/{asked.public_id}", {"agrees": True}).json()
    assert phone.get(f"confirmations/{asked.public_id}").json() == signed
    stranger = Phone(card_holder("13900001021", name="测试乙").account)
    assert stranger.get(f"confirmations/{asked.public_id}").json()["code"] == "confirmation_not_found"


# Closing


@pytest.mark.row("ID-14")
def test_closing_asks_for_the_certificate_and_ends_everything(phone: Phone, holder: CardHolder) -> None:
    assert phone.get("account/close").json() == {"needs_certificate": True, "keeps_stopped_card": False}
    unread = phone.post("account/close", {"understood": False, "certificate": holder.id_number})
    assert unread.json()["code"] == "closing_not_confirmed"
    for wrong in ("", "110199195001019007"):
        refused = phone.post("account/close", {"understood": True, "certificate": wrong})
        assert (refused.status_code, refused.json()["code"]) == (403, "certificate_not_proved")
        assert refused.json()["field"] == "certificate"
    assert Account.objects.get(pk=holder.account.pk).is_active
    done = phone.post("account/close", {"understood": True, "certificate": holder.id_number})
    assert done.status_code == 204
    holder.card.refresh_from_db()
    assert holder.card.state == CardState.CANCELLED
    assert not Holding.objects.filter(account=holder.account, state="live").exists()
    assert phone.get("card").status_code == 401


@pytest.mark.row("ID-14")
def test_after_five_wrong_certificates_the_day_is_over(phone: Phone, holder: CardHolder) -> None:
    wrong = {"understood": True, "certificate": "110199195001019007"}
    assert [phone.post("account/close", wrong).status_code for _number in range(5)] == [403] * 5
    right = {"understood": True, "certificate": holder.id_number}
    assert phone.post("account/close", right).status_code == 429
    assert Account.objects.get(pk=holder.account.pk).is_active


@pytest.mark.row("ID-14")
def test_an_account_without_a_card_closes_without_a_certificate() -> None:
    phone = Phone(applicant("13900001032").account)
    assert phone.get("account/close").json() == {"needs_certificate": False, "keeps_stopped_card": False}
    assert phone.post("account/close", {"understood": True}).status_code == 204
    assert phone.get("me").status_code == 401
