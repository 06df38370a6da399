"""310 and 312: registering on the hospital's own form, agreed to before and confirmed after."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from cards.models import Card, CardApplication, PreRegistration
from cards.services import review
from foundation.gateway import services as gateway
from tests.accounts.people import signed_in
from tests.cards.applying import applicant as somebody
from tests.cards.holding import card_holder
from tests.cards.world import CENTRE
from tests.concurrency.waiting import overtaken
from tests.interop.answers import refused
from tests.interop.programs import Program
from tests.interop.world import Place
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.row("ID-18"), pytest.mark.row("HI-09")]

HOST = "his.example.com"
PAGES = {
    "successRedirectUrl": f"https://{HOST}/ok",
    "failRedirectUrl": f"https://{HOST}/no",
    "userFormPageUrl": f"https://{HOST}/form?step=2",
    "patientType": "1",
}


@pytest.fixture(autouse=True)
def _own_host(place: Place) -> None:
    gateway.set_hosts(client=place.client, hosts=[HOST], actor=CENTRE)


def begun(program: Program) -> str:
    url = program.ok("registerHealthCardPreAuth", PAGES)["bindCardUrl"]
    return str(urlsplit(url).path)


def led_to(answer: Any, path: str) -> dict[str, str]:
    assert answer.status_code == 302, answer.content.decode()
    parts = urlsplit(answer["Location"])
    assert (parts.netloc, parts.path) == (HOST, path)
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def filled(applicant: dict[str, Any], code: str, **changes: Any) -> dict[str, Any]:
    return {**applicant, "wechatCode": "", "authCode": code, **changes}


def test_agreed_filled_in_confirmed_and_led_back_with_a_card(
    sandbox: Sandbox, program: Program, client: Client, applicant: dict[str, Any]
) -> None:
    signed_in(client, somebody("13900001009").account)
    page = begun(program)
    assert "同意并去填写" in client.get(page).content.decode()
    found = led_to(client.post(page), "/form")
    assert found["step"] == "2"
    url = program.ok("registerHealthCardPreFill", filled(applicant, found["authCode"]))["verifyUrl"]
    confirm = urlsplit(url).path
    shown = client.get(confirm).content.decode()
    assert "这是您的信息吗" in shown
    assert applicant["idNumber"] not in shown
    assert not CardApplication.objects.exists()
    assert client.post(confirm).status_code == 302
    application = CardApplication.objects.get()
    assert application.channel == "hospital_account"
    assert client.get(f"{confirm}progress/").json()["done"] is False
    review.check_submitted(public_id=application.public_id)
    assert client.get(f"{confirm}progress/").json()["done"] is True
    back = led_to(client.get(confirm), "/ok")
    card = program.ok("getHealthCardByHealthCode", {"healthCode": back["healthCode"]})["card"]
    assert card["idNumber"] == applicant["idNumber"]
    assert PreRegistration.objects.get().state == "done"
    assert client.get(confirm).status_code == 410


def test_whoever_has_a_card_needs_no_form(program: Program, client: Client) -> None:
    who = card_holder()
    signed_in(client, who.account)
    back = led_to(client.post(begun(program), {"card": who.card.public_id}), "/ok")
    program.ok("getHealthCardByHealthCode", {"healthCode": back["healthCode"]})


def test_a_code_is_used_once_and_by_its_hospital(
    program: Program, client: Client, applicant: dict[str, Any]
) -> None:
    signed_in(client, somebody("13900001009").account)
    code = led_to(client.post(begun(program)), "/form")["authCode"]
    other = Place().program
    other.sign_in()
    answer = other.call("registerHealthCardPreFill", filled(applicant, code))
    refused(answer, "pre_registration_over", {"verifyUrl"})
    program.ok("registerHealthCardPreFill", filled(applicant, code))
    answer = program.call("registerHealthCardPreFill", filled(applicant, code))
    refused(answer, "pre_registration_over", {"verifyUrl"})
    assert not Card.objects.exists()


def test_nobody_else_confirms_the_form(program: Program, client: Client, applicant: dict[str, Any]) -> None:
    signed_in(client, somebody("13900001009").account)
    code = led_to(client.post(begun(program)), "/form")["authCode"]
    url = program.ok("registerHealthCardPreFill", filled(applicant, code))["verifyUrl"]
    other = signed_in(Client(), somebody("13900001010").account)
    assert other.get(urlsplit(url).path).status_code == 410
    assert other.post(urlsplit(url).path).status_code == 410
    assert not CardApplication.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_second_click_that_meets_a_form_just_confirmed_goes_on_with_it(
    program: Program, client: Client, applicant: dict[str, Any]
) -> None:
    signed_in(client, somebody("13900001009").account)
    code = led_to(client.post(begun(program)), "/form")["authCode"]
    url = program.ok("registerHealthCardPreFill", filled(applicant, code))["verifyUrl"]
    confirm = urlsplit(url).path
    answer = overtaken(
        first=lambda: PreRegistration.objects.update(state="handed_in"),
        then=lambda: client.post(confirm),
    )
    assert (answer.status_code, answer.headers.get("Location")) == (302, confirm)
    assert not CardApplication.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"successRedirectUrl": ""}, "tencent_missing_parameter"),
        ({"userFormPageUrl": "https://elsewhere.example.com/"}, "address_not_allowed"),
        ({"successRedirectUrl": "http://his.example.com/"}, "address_not_allowed"),
    ],
)
def test_what_does_not_fit_begins_nothing(program: Program, changes: dict[str, str], error: str) -> None:
    answer = program.call("registerHealthCardPreAuth", {**PAGES, **changes})
    refused(answer, error, {"bindCardUrl"})
    assert not PreRegistration.objects.exists()


def test_a_person_who_cannot_be_is_not_handed_in(program: Program, applicant: dict[str, Any]) -> None:
    answer = program.call("registerHealthCardPreFill", filled(applicant, "0" * 32, idNumber="1"))
    refused(answer, "invalid_certificate_number", {"verifyUrl"})
