"""The resident API about applications and the card: what the pages do, for the mini-program."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from cards.models import CardApplication
from cards.services import review
from foundation.accounts import sessions
from foundation.accounts.models import Account
from tests.cards.applying import applicant
from tests.cards.holding import CardHolder, card_holder
from tests.cards.world import citizen_number
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = "/api/resident/v1/"


class Phone:
    """The mini-program of one resident."""

    def __init__(self, account: Account) -> None:
        client = Client()
        client.force_login(account, backend=sessions.BACKEND)
        # A token names a session; the cookie that made it is thrown away.
        self.token = client.session.session_key
        self.http = Client(headers={"X-Session-Token": str(self.token)})

    def get(self, path: str) -> Any:
        return self.http.get(ROOT + path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.http.post(ROOT + path, body or {}, content_type="application/json")

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self.http.put(ROOT + path, body, content_type="application/json")

    def delete(self, path: str) -> Any:
        return self.http.delete(ROOT + path)


@pytest.fixture
def holder() -> CardHolder:
    with transaction.atomic():
        return card_holder()


def answers(**changes: Any) -> dict[str, Any]:
    return {"id_type": "01", "id_number": citizen_number(), "name": "测试甲", "nation": "01"} | changes


def test_applying_once_or_twice_is_one_application(sandbox: Sandbox) -> None:
    phone = Phone(applicant().account)
    body = answers()
    first, second = phone.post("applications", body), phone.post("applications", body)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    review.check_submitted(public_id=first.json()["id"])
    assert phone.get("applications/latest").json()["state"] == "issued"
    card = phone.get("card").json()
    assert (card["state"], card["holder"]) == ("active", "**甲")
    assert body["id_number"] not in str(card)


def test_answers_are_not_given_back(sandbox: Sandbox) -> None:
    phone = Phone(applicant().account)
    body = answers()
    made = phone.post("applications", body).json()
    shown = phone.get(f"applications/{made['id']}").json()
    assert set(shown) == {"id", "state", "submitted_at", "decided_at", "reason", "card"}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"id_number": "110100199001019971"}, 422, "answers_invalid"),
        ({"id_type": "77"}, 422, "answers_invalid"),
        ({"birth_date": "1999-01-01"}, 422, "answers_invalid"),
        ({"name": "甲1"}, 422, "answers_invalid"),
        ({"nation": "ZZ"}, 400, "invalid_input"),
        ({"name": ""}, 400, "invalid_input"),
        ({"name": ["x"]}, 400, "invalid_input"),
        ({"id_number": {"a": 1}}, 400, "invalid_input"),
        ({"birth_date": "yesterday"}, 400, "invalid_input"),
        ({"phone": "x" * 999}, 400, "invalid_input"),
    ],
)
def test_wrong_answers_get_a_code_and_lose_nothing(changes: dict[str, Any], status: int, code: str) -> None:
    phone = Phone(applicant().account)
    answer = phone.post("applications", answers(**changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert not CardApplication.objects.exclude(state="draft").exists()


def test_without_consent_nothing_is_submitted() -> None:
    phone = Phone(applicant(consents=False).account)
    answer = phone.post("applications", answers())
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_missing")
    assert CardApplication.objects.get().name is None


def test_an_application_is_taken_back(sandbox: Sandbox) -> None:
    phone = Phone(applicant().account)
    made = phone.post("applications", answers()).json()
    assert phone.delete(f"applications/{made['id']}").status_code == 204
    assert phone.get("applications/latest").json()["state"] == "withdrawn"


def test_strangers_find_nothing(holder: CardHolder) -> None:
    stranger = Phone(applicant("13900001002").account)
    assert stranger.get("card").status_code == 404
    assert stranger.get("card/codes").status_code == 404
    assert stranger.get("applications/latest").status_code == 404
    assert stranger.get("applications/" + "0" * 26).status_code == 404
    assert Client().get(ROOT + "card").status_code == 401


def test_freezing_by_the_mini_program_stops_the_codes(holder: CardHolder) -> None:
    phone = Phone(holder.account)
    assert len(phone.get("card/codes").json()["codes"]) >= 1
    assert phone.post("card/freeze").json()["state"] == "frozen"
    answer = phone.get("card/codes")
    assert (answer.status_code, answer.json()["code"]) == (409, "card_frozen")
    assert phone.post("card/unfreeze").json()["state"] == "active"
    assert phone.post("card/unfreeze").status_code == 409


def test_the_static_code_is_switched(holder: CardHolder) -> None:
    phone = Phone(holder.account)
    assert phone.put("card/static-code", {"enabled": False}).json()["static_code_enabled"] is False
    assert phone.get("card/codes").json()["static"] is None
    assert phone.put("card/static-code", {"enabled": "maybe"}).status_code == 400
