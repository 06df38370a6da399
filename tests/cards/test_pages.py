"""The residents' pages of this room: who gets them, what they ask of the database, what goes wrong."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from cards.models import CardApplication
from cards.rules.steps import Step
from cards.services import life
from cards.states import ApplicationState
from foundation.core.actor import Actor, ActorKind
from tests.accounts.people import signed_in
from tests.cards.applying import applicant
from tests.cards.holding import CardHolder, card_holder
from tests.cards.world import citizen_number

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-03")]

NUMBER = reverse("apply-step", args=[Step.NUMBER])


@pytest.fixture
def page(client: Client) -> Client:
    """The browser of somebody who has begun an application."""
    signed_in(client, applicant().account)
    client.post(reverse("apply"))
    client.post(reverse("apply-step", args=[Step.CERTIFICATE]), {"version": 1, "id_type": "01"})
    return client


@pytest.fixture
def holder() -> CardHolder:
    return card_holder()


def version() -> int:
    return CardApplication.objects.get().version


def test_beginning_leads_to_the_first_question_and_back_to_where_one_stopped(page: Client) -> None:
    assert page.post(reverse("apply")).headers["Location"] == NUMBER
    assert page.get(reverse("card")).content.decode().count("接着填写") == 1


def test_nobody_begins_before_the_consent(client: Client) -> None:
    signed_in(client, applicant(consents=False).account)
    assert client.post(reverse("apply")).headers["Location"].startswith("/consent/?next=")


def test_a_wrong_check_digit_is_explained_and_kept(page: Client) -> None:
    wrong = "110100199001019971"
    answer = page.post(NUMBER, {"version": version(), "id_number": wrong})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "身份证号最后一位对不上" in text
    assert wrong in text
    assert "错误：" in text


def test_a_stale_page_says_so_and_changes_nothing(page: Client) -> None:
    old = version()
    number = citizen_number()
    assert page.post(NUMBER, {"version": old, "id_number": number}).status_code == 302
    answer = page.post(NUMBER, {"version": old, "id_number": citizen_number()})
    assert answer.status_code == 409
    assert "这个页面已经过时" in answer.content.decode()
    assert CardApplication.objects.get().id_number == number


def test_who_hands_in_what_is_decided_already_sees_the_decision(client: Client) -> None:
    who = applicant()
    application = who.apply()
    signed_in(client, who.account)
    check = reverse("apply-step", args=[Step.CHECK])
    waits = reverse("apply-wait", args=[application.public_id])
    assert client.post(check, {"version": 2}).headers["Location"] == waits
    CardApplication.objects.update(state=ApplicationState.REFUSED)
    decided = reverse("apply-result", args=[application.public_id])
    assert client.post(check, {"version": 2}).headers["Location"] == decided
    assert client.get(check).headers["Location"] == reverse("apply")


def test_a_page_out_of_turn_leads_to_the_one_that_is_open(page: Client) -> None:
    assert page.get(reverse("apply-step", args=[Step.CHECK])).headers["Location"] == NUMBER
    assert page.get(reverse("apply-step", args=["nonsense"])).headers["Location"] == NUMBER
    assert page.get(reverse("apply-step", args=[Step.BIRTH])).headers["Location"] == NUMBER


@pytest.mark.parametrize("body", [{}, {"version": "x"}, {"version": -1}, {"id_number": "1" * 5_000}])
def test_a_broken_form_is_answered_as_a_form(page: Client, body: dict[str, object]) -> None:
    assert page.post(NUMBER, body).status_code == 422


def test_somebody_elses_application_is_not_found(page: Client) -> None:
    application = CardApplication.objects.get()
    page.logout()
    signed_in(page, applicant("13900001002").account)
    for name in ("apply-wait", "apply-progress", "apply-result"):
        assert page.get(reverse(name, args=[application.public_id])).status_code == 404
    assert page.post(reverse("apply-withdraw", args=[application.public_id])).status_code == 404


def test_a_frozen_card_shows_no_code_and_gives_none(client: Client, holder: CardHolder) -> None:
    signed_in(client, holder.account)
    assert "data-codes-url" in client.get(reverse("card")).content.decode()
    client.post(reverse("card-move", args=["freeze"]))
    shown = client.get(reverse("card")).content.decode()
    assert "data-codes-url" not in shown
    assert holder.card.numbers.get().value not in shown
    answer = client.get(reverse("card-codes"))
    assert (answer.status_code, answer.json()["code"]) == (409, "card_frozen")


def test_the_holder_is_not_offered_to_release_what_the_centre_froze(
    client: Client, holder: CardHolder
) -> None:
    staff = Actor(kind=ActorKind.STAFF, id="clerk", scopes=frozenset({"centre", "centre_admin"}))
    life.freeze_card(card_pk=holder.card.pk, reason="疑似冒用", actor=staff)
    signed_in(client, holder.account)
    release = reverse("card-move", args=["unfreeze"])
    assert release not in client.get(reverse("card-settings")).content.decode()
    assert client.get(release).headers["Location"] == reverse("card-settings")
    answer = client.post(release)
    assert answer.status_code == 422
    assert "由卡管中心停用" in answer.content.decode()


def test_an_unknown_act_changes_nothing(client: Client, holder: CardHolder) -> None:
    signed_in(client, holder.account)
    assert client.post(reverse("card-settings"), {"do": "explode"}, follow=True).status_code == 200


def test_the_static_code_is_shown_only_while_it_is_allowed(client: Client, holder: CardHolder) -> None:
    signed_in(client, holder.account)
    text = f"{holder.card.numbers.get().value}:1"
    assert text in client.get(reverse("card") + "?mode=static").content.decode()
    client.post(reverse("card-settings"), {"do": "static-off"})
    assert text not in client.get(reverse("card") + "?mode=static").content.decode()


def test_names_and_numbers_are_masked_on_every_page(client: Client, holder: CardHolder) -> None:
    signed_in(client, holder.account)
    own = ("/card/", "/card/settings/", "/card/history/", "/card/particulars/")
    for path in ("/", *own, "/messages/", "/me/"):
        text = client.get(path).content.decode()
        assert holder.id_number not in text
        assert "测试甲" not in text


def test_card_pages_are_not_kept_by_any_cache(client: Client, holder: CardHolder) -> None:
    signed_in(client, holder.account)
    for path in (reverse("card"), reverse("card-codes")):
        assert "no-store" in client.get(path).headers["Cache-Control"]


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/", 25),
        ("/card/", 8),
        ("/card/codes", 7),
        ("/card/settings/", 6),
        ("/card/history/", 11),
        ("/card/particulars/", 7),
    ],
)
def test_each_page_asks_the_database_a_known_number_of_times(
    client: Client,
    holder: CardHolder,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    path: str,
    queries: int,
) -> None:
    signed_in(client, holder.account)
    client.get(path)  # what a process reads once is read now
    with django_assert_max_num_queries(queries):
        assert client.get(path).status_code == 200
