"""What holders do with their card, by page and by the resident API; the history; the particulars."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cards.handlers import on_person_updated
from cards.models import Card
from cards.services import life
from cards.states import CardState, NumberState
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.events.models import OutboxMessage
from foundation.events.services import Message
from identity import services as identity
from identity.rules import Evidence
from mpi import selectors as mpi
from tests.accounts.people import signed_in
from tests.cards import world
from tests.cards.applying import applicant
from tests.cards.holding import CENTRE, CardHolder, card_holder

STAFF = Actor(kind=ActorKind.STAFF, id="clerk", scopes=frozenset({"centre", "centre_admin"}))
HISTORY = "/card/history/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder() -> CardHolder:
    return card_holder()


@pytest.fixture
def page(client: Client, holder: CardHolder) -> Client:
    """The browser of the holder."""
    return signed_in(client, holder.account)


def state_of(holder: CardHolder) -> str:
    return Card.objects.get(pk=holder.card.pk).state


def send(page: Client, word: str, **fields: str) -> Any:
    return page.post(reverse("card-move", args=[word]), fields)


def api(page: Client, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    call = getattr(page, method)
    root = "/api/resident/v1/"
    headers = {"X-Session-Token": str(page.session.session_key)}
    if method == "get":
        return call(root + path, headers=headers)
    return call(root + path, body or {}, content_type="application/json", headers=headers)


def raised_to_level_two(holder: CardHolder) -> None:
    identity.open_self_holding(
        account_pk=holder.account.pk, person_pk=holder.card.person_id, evidence=Evidence.FACE, actor=CENTRE
    )


@pytest.mark.row("ID-14")
def test_each_page_says_what_will_happen_before_it_does_it(page: Client, holder: CardHolder) -> None:
    settings = page.get(reverse("card-settings")).content.decode()
    for word in ("freeze", "report-loss", "reissue", "cancel"):
        assert reverse("card-move", args=[word]) in settings
        shown = page.get(reverse("card-move", args=[word])).content.decode()
        assert "会发生什么" in shown
    assert state_of(holder) == CardState.ACTIVE


@pytest.mark.row("ID-14")
def test_a_lost_card_is_found_again_only_by_who_knows_the_certificate(
    page: Client, holder: CardHolder
) -> None:
    where = world.hospital()
    assert send(page, "report-loss").status_code == 422
    assert send(page, "report-loss", reason="phone_lost").status_code == 302
    assert state_of(holder) == CardState.LOST
    assert send(page, "withdraw-loss").status_code == 422
    wrong = send(page, "withdraw-loss", certificate=world.citizen_number())
    assert wrong.status_code == 422
    assert "证件号码与登记的不一致" in wrong.content.decode()
    assert state_of(holder) == CardState.LOST
    assert send(page, "withdraw-loss", certificate=holder.id_number.lower()).status_code == 302
    assert state_of(holder) == CardState.ACTIVE
    assert world.scan(f"{holder.card.numbers.get().value}:1", where).found.card_pk == holder.card.pk


def test_nobody_tries_certificates_all_day(page: Client, holder: CardHolder) -> None:
    send(page, "report-loss", reason="phone_lost")
    for _ in range(5):
        send(page, "withdraw-loss", certificate=world.citizen_number())
    assert send(page, "withdraw-loss", certificate=holder.id_number).status_code == 422
    assert state_of(holder) == CardState.LOST
    assert AuditEntry.objects.filter(action="account.second_proof_refused").count() == 5


@pytest.mark.row("ID-11")
def test_clicking_twice_on_re_issue_makes_one_number(page: Client, holder: CardHolder) -> None:
    shown = page.get(reverse("card-move", args=["reissue"])).content.decode()
    seen = holder.card.numbers.get().public_id
    assert seen in shown
    for _ in range(2):
        assert send(page, "reissue", certificate=holder.id_number, replaces=seen).status_code == 302
    assert holder.card.numbers.count() == 2
    current = holder.card.numbers.get(state=NumberState.CURRENT)
    assert f"{current.value}:1" in page.get(reverse("card") + "?mode=static").content.decode()


def test_whoever_cancelled_may_apply_again(page: Client, holder: CardHolder) -> None:
    assert send(page, "cancel", certificate=holder.id_number).headers["Location"] == reverse("card")
    assert state_of(holder) == CardState.CANCELLED
    assert page.post(reverse("apply")).headers["Location"].startswith("/card/apply/")
    assert "注销" in page.get(HISTORY).content.decode()


def test_a_page_that_does_not_fit_leads_back(page: Client) -> None:
    for word in ("unfreeze", "withdraw-loss", "explode"):
        answer = page.get(reverse("card-move", args=[word]))
        assert answer.headers["Location"] == reverse("card-settings")
    assert send(page, "unfreeze").status_code == 422


@pytest.mark.row("ID-14")
def test_the_history_says_who_when_and_why(page: Client, holder: CardHolder) -> None:
    send(page, "report-loss", reason="print_lost")
    life.freeze_card(card_pk=world.holder().card.pk, reason="别人的事", actor=STAFF)
    send(page, "reissue", certificate=holder.id_number)
    life.freeze_card(card_pk=holder.card.pk, reason="接到举报", actor=STAFF)
    text = page.get(HISTORY).content.decode()
    for words in ("冻结", "卡管中心工作人员", "接到举报", "挂失", "本人", "打印的静态码丢了", "补领"):
        assert words in text
    assert "别人的事" not in text
    assert "clerk" not in text


def test_the_history_names_the_institution_that_acted(page: Client, holder: CardHolder) -> None:
    where = world.hospital(short_name="示范一院")
    actor = Actor(kind=ActorKind.CLIENT, id="client", institution=where.public_id)
    life.report_loss(card_pk=holder.card.pk, reason="来院挂失", actor=actor)
    entry = api(page, "get", "card/history").json()["entries"][0]
    assert (entry["action"], entry["who"], entry["why"]) == ("card.loss_reported", "示范一院", "来院挂失")


def test_the_history_pages_and_is_nobody_elses(page: Client, holder: CardHolder) -> None:
    for enabled in [False, True] * 12:
        life.switch_static_code(card_pk=holder.card.pk, enabled=enabled, actor=holder.actor)
    first = api(page, "get", "card/history").json()
    second = api(page, "get", f"card/history?page={first['next_page']}").json()
    assert (len(first["entries"]), second["next_page"]) == (20, None)
    assert second["entries"][-1]["action"] == "card.issued"
    assert api(page, "get", "card/history?page=x").status_code == 400
    assert "?page=2" in page.get(HISTORY).content.decode()
    stranger = signed_in(Client(), applicant("13900001009").account)
    assert stranger.get(HISTORY).status_code == 404


@pytest.mark.row("ID-14")
def test_the_address_is_changed_by_the_holder_and_told_to_the_next_terminal(
    page: Client, holder: CardHolder
) -> None:
    where = world.hospital()
    answer = page.post("/card/particulars/address/", {"address": "示范区测试路2号"})
    assert answer.headers["Location"] == "/card/particulars/"
    event = OutboxMessage.objects.filter(topic="person.updated.v1").latest("pk")
    on_person_updated(Message(event.public_id, event.topic, event.payload))
    world.scan(f"{holder.card.numbers.get().value}:1", where)
    assert Card.objects.get(pk=holder.card.pk).face["address"] == "示范区测试路2号"
    text = page.get(HISTORY).content.decode()
    assert "更改住址" in text
    assert "测试路" not in text


def test_the_phone_on_record_needs_a_stronger_proof(page: Client, holder: CardHolder) -> None:
    path = "/card/particulars/phone/"
    assert path not in page.get("/card/particulars/").content.decode()
    assert page.post(path, {"phone": "13800000000"}).status_code == 422
    assert mpi.particulars(holder.card.person_id).phone == "13900001001"
    raised_to_level_two(holder)
    assert path in page.get("/card/particulars/").content.decode()
    assert page.post(path, {"phone": "13800000000"}).status_code == 302
    assert mpi.particulars(holder.card.person_id).phone == "13800000000"
    assert page.post(path, {"phone": "12"}).status_code == 422


def test_name_and_certificate_are_changed_at_a_window(page: Client, holder: CardHolder) -> None:
    assert "要看过证件原件才能更改" in page.get("/card/particulars/identity/").content.decode()
    assert api(page, "patch", "card/particulars", {"name": "测试乙"}).json()["name"] == "**甲"
    assert mpi.particulars(holder.card.person_id).name == "测试甲"


@pytest.mark.row("ID-14")
def test_the_mini_program_does_the_same(page: Client, holder: CardHolder) -> None:
    lost = api(page, "post", "card/loss", {"reason": "misuse"}).json()
    assert (lost["state"], set(lost["moves"])) == ("lost", {"withdraw_loss", "reissue", "cancel"})
    assert api(page, "post", "card/loss", {"reason": "misuse"}).status_code == 409
    assert api(page, "post", "card/reissue", {"certificate": "1"}).json()["code"] == "certificate_not_proved"
    proof = {"certificate": holder.id_number}
    assert api(page, "post", "card/reissue", proof).json()["state"] == "active"
    api(page, "post", "card/loss", {"reason": "phone_lost"})
    assert api(page, "post", "card/loss/withdraw", proof).json()["state"] == "active"
    assert api(page, "patch", "card/particulars", {"nation": "11"}).json()["nation"] == "11"
    assert api(page, "patch", "card/particulars", {"nation": "99"}).status_code == 400
    assert api(page, "post", "card/cancel", proof).status_code == 204
    assert api(page, "get", "card").status_code == 404
