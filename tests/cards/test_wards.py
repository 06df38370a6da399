"""What a guardian may do to the card of the one whom they hold, and what the record says of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from cards import drain
from cards import family as reading
from cards.errors import CardNumberRevoked
from cards.models import Card
from cards.services import family, life
from cards.states import CardState, NumberState
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events import live
from foundation.events.relay import run_once
from identity import selectors as identity
from identity import services as guardians
from identity.rules import Evidence
from identity.services import end_holding
from notifications.models import Message
from tests.accounts.people import signed_in
from tests.cards.applying import Applicant, applicant
from tests.cards.families import REVIEWER, child_of, guardian, number_of, registered, years_ago
from tests.cards.world import hospital, scan

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sandbox"),
    pytest.mark.row("ID-10"),
]


def own_number(who: Applicant) -> str:
    shown = reading.relatives(who.account.pk)[0].shown
    assert shown is not None
    return str(shown.card.face["id_number"])


def do(client: Client, person_id: str, word: str, **fields: str) -> Any:
    return client.post(reverse("family-move", args=[person_id, word]), fields)


def state_of(person_id: str) -> str:
    return Card.objects.get(subject=person_id).state


def elder_of(who: Applicant, *, relation: str = "parent", years: int = 70) -> tuple[Applicant, str]:
    """An adult with an account of their own, who has agreed."""
    elder = guardian("13900002003")
    own = reading.relatives(elder.account.pk)[0]
    made = guardians.invite(
        account_pk=who.account.pk,
        relation=relation,
        id_type="01",
        id_number=own_number(elder),
        name=own.name,
        actor=who.actor,
    )
    family.accept_invitation(account_pk=elder.account.pk, invitation_id=made.public_id, actor=elder.actor)
    return elder, own.person_id


def text(client: Client, route: str, person_id: str) -> str:
    answer = client.get(reverse(route, args=[person_id]))
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.row("ID-14")
def test_a_guardian_does_each_thing_on_its_own_page_and_the_record_says_for_whom(client: Client) -> None:
    who = guardian()
    child = child_of(who)
    signed_in(client, who.account)
    number = own_number(who)
    for word, fields, state in (
        ("freeze", {}, CardState.FROZEN),
        ("unfreeze", {}, CardState.ACTIVE),
        ("report-loss", {"reason": "print_lost"}, CardState.LOST),
        ("withdraw-loss", {"certificate": number}, CardState.ACTIVE),
    ):
        address = reverse("family-move", args=[child, word])
        page = client.get(address).content.decode()
        assert re.search(r'<p class="whose whose-\d">\s*测小宝', page)
        assert "会发生什么" in page
        assert do(client, child, word, **fields).status_code == 302
        assert state_of(child) == state
        entry = AuditEntry.objects.filter(subject_type="cards.Card").latest("pk")
        assert (entry.actor_id, entry.on_behalf_of) == (who.account.public_id, child)
    run_once()
    told = Message.objects.filter(account=who.account, kind="card.lost").latest("pk")
    assert told.params["relative"] == child


@pytest.mark.row("ID-14")
def test_a_childs_lost_label_is_dead_after_the_guardian_had_the_card_re_issued(client: Client) -> None:
    who = guardian()
    child = child_of(who)
    printed = f"{Card.objects.get(subject=child).numbers.get().value}:1"
    where = hospital()
    signed_in(client, who.account)
    do(client, child, "report-loss", reason="print_lost")
    refused = do(client, child, "reissue", certificate=Card.objects.get(subject=child).face["id_number"])
    assert refused.status_code == 422
    assert state_of(child) == CardState.LOST
    answer = do(client, child, "reissue", certificate=own_number(who))
    assert answer.headers["Location"] == reverse("family-card", args=[child])
    with pytest.raises(CardNumberRevoked):
        scan(printed, where)
    current = Card.objects.get(subject=child).numbers.get(state=NumberState.CURRENT)
    assert scan(f"{current.value}:1", where).face()["name"] == "测小宝"


def test_a_guardian_switches_a_childs_static_code_and_cannot_cancel_the_card(client: Client) -> None:
    who = guardian()
    child = child_of(who)
    signed_in(client, who.account)
    client.post(reverse("family-settings", args=[child]), {"do": "static-off"})
    assert not Card.objects.get(subject=child).static_enabled
    settings = text(client, "family-settings", child)
    assert "开启静态码" in settings
    assert reverse("family-move", args=[child, "cancel"]) not in settings
    assert do(client, child, "cancel", certificate=own_number(who)).status_code == 403
    assert state_of(child) == CardState.ACTIVE


def test_an_adult_who_agreed_keeps_what_the_question_did_not_name(client: Client) -> None:
    who = guardian()
    elder, person_id = elder_of(who)
    signed_in(client, who.account)
    settings = text(client, "family-settings", person_id)
    assert "静态码开关由家人本人决定" in settings
    assert reverse("family-move", args=[person_id, "reissue"]) not in settings
    assert do(client, person_id, "reissue", certificate=own_number(who)).status_code == 403
    refused = client.post(reverse("family-settings", args=[person_id]), {"do": "static-off"})
    assert refused.status_code == 403
    assert "不能由代管人办理" in refused.content.decode()
    card = Card.objects.get(subject=person_id)
    assert (card.static_enabled, card.numbers.count()) == (True, 1)
    assert do(client, person_id, "report-loss", reason="misuse").status_code == 302
    assert state_of(person_id) == CardState.LOST
    signed_in(client, elder.account)
    assert "代管人 **甲 代办" in client.get("/card/history/").content.decode()


@pytest.mark.row("ID-16")
def test_of_an_adult_only_what_happened_since_is_told_and_of_a_child_everything(client: Client) -> None:
    who = guardian()
    elder = guardian("13900002003")
    own = reading.relatives(elder.account.pk)[0]
    assert own.shown is not None
    before = hospital(short_name="西区医院")
    with time_machine.travel(clock.now() - timedelta(days=3), tick=False):
        scan(f"{own.shown.card.numbers.get().value}:1", before)
        life.freeze_card(card_pk=own.shown.card.pk, reason="以前的事", actor=REVIEWER)
        life.unfreeze_card(card_pk=own.shown.card.pk, reason="以前的事", actor=REVIEWER)
    while drain.drain_usage():
        continue
    # A grown-up child is an adult, by whatever word they are called.
    for relation in ("parent", "child"):
        opened = _agreed(who, elder, relation)
        signed_in(client, who.account)
        assert "西区医院" not in text(client, "family-looks", own.person_id)
        history = text(client, "family-history", own.person_id)
        assert "以前的事" not in history
        assert "从您代管那天起" in history
        end_holding(holding_id=opened, actor=REVIEWER, reason="测试")
    child = child_of(who)
    scan(f"{Card.objects.get(subject=child).numbers.get().value}:1", hospital(short_name="东区医院"))
    while drain.drain_usage():
        continue
    looks = text(client, "family-looks", child)
    assert "东区医院" in looks
    assert re.search(r'<p class="whose whose-\d">\s*测小宝', looks)
    assert "发卡" in text(client, "family-history", child)


def _agreed(who: Applicant, elder: Applicant, relation: str) -> str:
    own = reading.relatives(elder.account.pk)[0]
    made = guardians.invite(
        account_pk=who.account.pk,
        relation=relation,
        id_type="01",
        id_number=own_number(elder),
        name=own.name,
        actor=who.actor,
    )
    return family.accept_invitation(
        account_pk=elder.account.pk, invitation_id=made.public_id, actor=elder.actor
    ).holding_id


def test_an_open_page_is_refused_with_a_clear_sentence_when_the_hold_has_ended(client: Client) -> None:
    who = guardian()
    elder, person_id = elder_of(who)
    signed_in(client, who.account)
    page = reverse("family-move", args=[person_id, "freeze"])
    assert client.get(page).status_code == 200
    position = live.recent(who.account.public_id)[1]
    held = identity.holding_of(who.account.pk, person_id)
    guardians.end_guardianship(
        account_pk=elder.account.pk, holding_id=held, reason="not_agreed", actor=elder.actor
    )
    answer = client.post(page)
    assert answer.status_code == 410
    assert "代管已经结束" in answer.content.decode()
    assert state_of(person_id) == CardState.ACTIVE
    for route in ("family-card", "family-settings", "family-history", "family-looks"):
        assert client.get(reverse(route, args=[person_id])).status_code == 410
    codes = client.get(reverse("family-codes", args=[person_id]))
    assert (codes.status_code, codes.json()["code"]) == (410, "guardianship_over")
    run_once()
    kinds = [notice["kind"] for notice in live.recent(who.account.public_id, position)[0]]
    assert "card.changed" in kinds


def test_whoever_lost_their_own_person_shows_no_childs_code(client: Client) -> None:
    who = guardian(evidence=Evidence.FACE)
    child = child_of(who)
    signed_in(client, who.account)
    own = identity.self_person(who.account.pk)
    assert own is not None
    other = applicant("13900002009")
    guardians.open_self_holding(
        account_pk=other.account.pk, person_pk=own.person_pk, evidence=Evidence.FACE, actor=REVIEWER
    )
    assert client.get(reverse("family-codes", args=[child])).json()["code"] == "own_person_needed"
    assert do(client, child, "freeze").status_code == 409
    assert state_of(child) == CardState.ACTIVE
    assert client.post(reverse("family-end", args=[child]), {"reason": "not_needed"}).status_code == 302


def test_the_api_takes_and_refuses_the_same(client: Client) -> None:
    who = guardian()
    child = child_of(who)
    _elder, person_id = elder_of(who)
    signed_in(client, who.account)
    client = Client(headers={"X-Session-Token": str(client.session.session_key)})

    def act(person: str, **body: str) -> Any:
        return client.post(
            f"/api/resident/v1/family/{person}/card", body, content_type="application/json"
        ).json()

    lost = act(child, act="report_loss", reason="misuse")
    assert (lost["card"]["state"], lost["card"]["moves"]) == ("lost", ["withdraw_loss", "reissue"])
    assert act(child, act="withdraw_loss")["code"] == "certificate_not_proved"
    found = act(child, act="withdraw_loss", certificate=own_number(who))
    assert found["card"]["state"] == "active"
    assert act(person_id, act="reissue", certificate=own_number(who))["code"] == "not_for_guardians"
    entries = client.get(f"/api/resident/v1/family/{child}/history").json()["entries"]
    assert (entries[1]["action"], entries[1]["who"], entries[1]["why"]) == (
        "card.loss_reported",
        "您代家人办理",
        "怀疑被人冒用",
    )


def test_a_child_at_a_window_is_held_by_papers_and_a_grown_up_one_by_consent() -> None:
    who = guardian()
    for years, is_by_consent in ((6, False), (30, True)):
        person = registered("测子女", number_of(years_ago(years)))
        family.hold_at_window(
            account_pk=who.account.pk,
            person_pk=person.person_pk,
            relation="child",
            reason="测试",
            actor=REVIEWER,
        )
        acting = identity.acting(who.account.pk, person.person_id)
        assert acting.is_by_consent is is_by_consent
        assert reading.dependant(who.account.pk, person.person_id).is_by_consent is is_by_consent
