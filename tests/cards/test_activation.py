"""Holders of a physical card make it an electronic one (ID-04)."""

import re
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from cards.models import Card, PhysicalActivation, PhysicalCard
from cards.selectors import own_card
from cards.services import activation, claims, physical
from cards.states import ActivationState, Channel, PhysicalState
from foundation.accounts.models import Account, SmsDispatch
from foundation.audit.models import AuditEntry
from foundation.core import clock
from identity import services as identity
from identity.models import Holding
from identity.rules import Evidence, Level
from institutions.rules import Role
from mpi import selectors as persons
from mpi.errors import InvalidParticulars
from mpi.rules import check_digit_of
from tests.accounts.people import signed_in
from tests.cards.applying import applicant
from tests.cards.asking import fill
from tests.cards.channels import stop
from tests.cards.holding import card_holder
from tests.cards.test_api_resident import Phone
from tests.cards.test_physical_register import HEADER
from tests.cards.world import CENTRE, citizen_number
from tests.institutions import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-04")]

NUMBER = "A1100990001"
NAME = "测试甲"
PHONE = "13900005001"


@pytest.fixture
def id_number() -> str:
    return citizen_number()


@pytest.fixture
def card(db: None, id_number: str) -> PhysicalCard:
    content = f"{HEADER}\n{NUMBER},{NAME},01,{id_number},{PHONE}\n".encode()
    assert physical.load_cards(content=content, actor=CENTRE, reason="测试").count == 1
    return PhysicalCard.objects.get()


def claim(account: Account, id_number: str, **changes: str) -> Any:
    """Answer the questions."""
    body = {"number": NUMBER, "name": NAME, "id_type": "01", "id_number": id_number, **changes}
    return fill(signed_in(Client(), account), "/card/activate/number/", body)


def worked(address: str) -> PhysicalActivation:
    """What the worker does with the claim behind this address."""
    public_id = address.rstrip("/").rpartition("/")[2]
    claims.match(public_id=public_id)
    return PhysicalActivation.objects.get(public_id=public_id)


def sent_code(phone: str = PHONE) -> str:
    return next(row.code for row in SmsDispatch.objects.order_by("-pk") if row.phone == phone) or ""


def give(account: Account, address: str, code: str) -> Any:
    return signed_in(Client(), account).post(address, {"code": code})


def test_from_the_physical_card_to_the_electronic_one(card: PhysicalCard, id_number: str) -> None:
    who = applicant()
    page = claim(who.account, id_number).url
    assert worked(page).state == ActivationState.SENT
    assert give(who.account, page, sent_code()).url == "/card/activate/done/"
    shown = own_card(who.account.pk)
    assert shown is not None
    assert (shown.card.channel, shown.is_active, shown.level) == (
        Channel.PHYSICAL,
        True,
        Level.HOLDER_PROVED,
    )
    card.refresh_from_db()
    assert (card.state, card.card_id) == (PhysicalState.ACTIVATED, shown.card.pk)
    assert Holding.objects.get().evidence == Evidence.PHONE_ON_RECORD
    assert AuditEntry.objects.filter(action="physical_card.activated").count() == 1
    done = signed_in(Client(), who.account).get("/card/activate/done/").content.decode()
    assert "电子健康卡已激活" in done


@pytest.mark.parametrize(
    "changes", [{"number": "A1100990009"}, {"name": "测试乙"}, {"id_number": "of somebody else"}]
)
def test_what_does_not_match_gets_the_same_pages_and_no_message(
    card: PhysicalCard, id_number: str, changes: dict[str, str]
) -> None:
    other = citizen_number() if changes.pop("id_number", "") else id_number
    right, wrong = applicant(), applicant("13900001002")
    pages = [claim(right.account, id_number).url, claim(wrong.account, other, **changes).url]
    states = [worked(page).state for page in pages]
    assert states == [ActivationState.SENT, ActivationState.UNMATCHED]
    assert SmsDispatch.objects.count() == 1
    texts = [
        signed_in(Client(), who.account).get(page).content.decode()
        for who, page in zip((right, wrong), pages, strict=True)
    ]
    answers = [give(who.account, page, "000000") for who, page in zip((right, wrong), pages, strict=True)]
    assert plain(texts[0]) == plain(texts[1])
    assert PHONE[-4:] not in texts[0]
    assert answers[0].status_code == answers[1].status_code == 422
    assert plain(answers[0].content.decode()) == plain(answers[1].content.decode())
    assert not Card.objects.exists()


def plain(page: str) -> str:
    """A page without what differs from one drawing to the next."""
    return re.sub(
        r'(csrfmiddlewaretoken" value|data-token|data-since|nonce)="[^"]+"|/card/activate/\w{26}/', "", page
    )


def test_tries_are_counted_and_the_right_code_comes_too_late(card: PhysicalCard, id_number: str) -> None:
    who = applicant()
    page = claim(who.account, id_number).url
    worked(page)
    code = sent_code()
    wrong = "000000" if code != "000000" else "111111"
    assert [give(who.account, page, wrong).status_code for _ in range(5)] == [422] * 5
    answer = give(who.account, page, code)
    assert (answer.status_code, "携带证件" in answer.content.decode()) == (410, True)
    assert not Card.objects.exists()


def test_claims_are_limited_also_for_cards_that_do_not_exist(id_number: str) -> None:
    for serial in range(5):
        who = applicant(f"139000020{serial:02d}")
        assert claim(who.account, id_number).status_code == 302
    answer = claim(applicant("13900002099").account, id_number)
    assert (answer.status_code, "太频繁" in answer.content.decode()) == (422, True)


def test_what_was_claimed_is_erased_when_it_was_compared(card: PhysicalCard, id_number: str) -> None:
    activation = worked(claim(applicant().account, id_number, name="测试乙").url)
    assert activation.answers is None


def test_a_code_that_was_just_sent_makes_the_worker_wait(card: PhysicalCard, id_number: str) -> None:
    accounts_code = applicant(PHONE)
    Client().post("/sign-in/", {"phone": PHONE})
    page = claim(accounts_code.account, id_number).url
    public_id = page.rstrip("/").rpartition("/")[2]
    assert 0 < claims.match(public_id=public_id) <= 60
    assert PhysicalActivation.objects.get().state == ActivationState.WAITING


def test_a_person_with_a_weaker_holder_changes_hands(db: None) -> None:
    with transaction.atomic():
        earlier = card_holder("13900001009", NAME)
    load(earlier.id_number)
    who = applicant()
    page = claim(who.account, earlier.id_number).url
    worked(page)
    assert give(who.account, page, sent_code()).status_code == 302
    shown = own_card(who.account.pk)
    assert shown is not None
    assert shown.card.pk == earlier.card.pk
    assert own_card(earlier.account.pk) is None


def test_a_person_seen_at_a_window_is_not_taken_from_the_holder(db: None) -> None:
    with transaction.atomic():
        earlier = card_holder("13900001009", NAME)
        identity.open_self_holding(
            account_pk=earlier.account.pk,
            person_pk=earlier.card.person_id,
            evidence=Evidence.WINDOW,
            actor=CENTRE,
        )
    load(earlier.id_number)
    who = applicant()
    page = claim(who.account, earlier.id_number).url
    worked(page)
    answer = give(who.account, page, sent_code())
    assert (answer.status_code, "窗口" in answer.content.decode()) == (422, True)
    assert own_card(who.account.pk) is None
    assert PhysicalCard.objects.get().state == PhysicalState.REGISTERED


def test_a_card_is_activated_once(card: PhysicalCard, id_number: str) -> None:
    who = applicant()
    page = claim(who.account, id_number).url
    worked(page)
    give(who.account, page, sent_code())
    # A second click with the code that is used is led to the same page; nobody else is.
    assert give(who.account, page, sent_code()).url == "/card/activate/done/"
    assert AuditEntry.objects.filter(action="physical_card.activated").count() == 1
    other = applicant("13900001002")
    assert give(other.account, page, sent_code()).status_code == 410
    assert worked(claim(other.account, id_number).url).state == ActivationState.UNMATCHED


def test_a_child_is_led_to_the_window(card: PhysicalCard) -> None:
    year = clock.beijing(clock.now()).year - 5
    body = f"110199{year}0101901"
    answer = claim(applicant().account, body + check_digit_of(body))
    assert (answer.status_code, "监护人" in answer.content.decode()) == (422, True)


def test_nothing_is_asked_before_the_consent() -> None:
    client = signed_in(Client(), applicant(consents=False).account)
    assert client.get("/card/activate/")["Location"] == "/consent/?next=%2Fcard%2Factivate%2F"


def test_the_try_of_somebody_else_is_over(card: PhysicalCard, id_number: str) -> None:
    page = claim(applicant().account, id_number).url
    worked(page)
    assert give(applicant("13900001002").account, page, sent_code()).status_code == 410


# A certificate that tells no birth date


PASSPORT = "E12345678"
BORN = "1980-05-06"


@pytest.fixture
def foreign(db: None) -> PhysicalCard:
    """A card that was made for somebody with a passport."""
    content = f"{HEADER},出生日期\n{NUMBER},{NAME},03,{PASSPORT},{PHONE},1980/05/06\n".encode()
    assert physical.load_cards(content=content, actor=CENTRE, reason="测试").problems == ()
    return PhysicalCard.objects.get()


def test_with_a_passport_the_birth_date_is_asked_for_and_must_match(foreign: PhysicalCard) -> None:
    who, wrong = applicant(), applicant("13900001002")
    asked = claim(who.account, PASSPORT, id_type="03")
    assert (asked.status_code, "请填写出生日期" in asked.content.decode()) == (422, True)
    other = claim(wrong.account, PASSPORT, id_type="03", birth_date="1980-05-07").url
    assert worked(other).state == ActivationState.UNMATCHED
    page = claim(who.account, PASSPORT, id_type="03", birth_date=BORN).url
    assert worked(page).state == ActivationState.SENT
    assert give(who.account, page, sent_code()).status_code == 302
    shown = own_card(who.account.pk)
    assert shown is not None
    assert persons.particulars(shown.card.person_id).birth_date == date(1980, 5, 6)


def test_a_card_registered_without_a_birth_date_is_not_activated_online(foreign: PhysicalCard) -> None:
    PhysicalCard.objects.update(birth_date=None)
    page = claim(applicant().account, PASSPORT, id_type="03", birth_date=BORN).url
    assert worked(page).state == ActivationState.UNMATCHED
    assert not SmsDispatch.objects.exists()


def test_a_child_with_a_passport_is_led_to_the_window(foreign: PhysicalCard) -> None:
    born = f"{clock.beijing(clock.now()).year - 5}-01-01"
    answer = claim(applicant().account, PASSPORT, id_type="03", birth_date=born)
    assert (answer.status_code, "监护人" in answer.content.decode()) == (422, True)


def test_a_birth_date_that_is_not_that_of_the_number_is_refused(card: PhysicalCard, id_number: str) -> None:
    who = applicant()
    with pytest.raises(InvalidParticulars) as refused:
        activation.begin(
            account_pk=who.account.pk,
            number=NUMBER,
            id_type="01",
            id_number=id_number,
            name=NAME,
            birth_date=date(1949, 1, 1),
            actor=who.actor,
        )
    assert "出生日期与身份证号不一致" in refused.value.text()


def test_an_identity_card_tells_the_birth_date_and_nobody_is_asked_for_it(
    card: PhysicalCard, id_number: str
) -> None:
    client = signed_in(Client(), applicant().account)
    assert client.get("/card/activate/birth/")["Location"] == "/card/activate/"
    assert (
        fill(
            client,
            "/card/activate/number/",
            {"number": NUMBER, "name": NAME, "id_type": "01", "id_number": id_number},
        ).status_code
        == 302
    )
    assert client.get("/card/activate/birth/")["Location"] == "/card/activate/"


def test_questions_come_one_by_one_keep_their_answers_and_nothing_readable(card: PhysicalCard) -> None:
    client = signed_in(Client(), applicant().account)
    # Nobody gets ahead of the questions before.
    assert client.get("/card/activate/name/")["Location"] == "/card/activate/"
    assert (
        client.post("/card/activate/number/", {"number": NUMBER})["Location"] == "/card/activate/certificate/"
    )
    assert client.post("/card/activate/certificate/", {"id_type": "99x"}).status_code == 422
    assert client.get("/card/activate/document/")["Location"] == "/card/activate/"
    again = client.get("/card/activate/number/").content.decode()
    assert f'value="{NUMBER}"' in again
    assert NUMBER not in str(dict(client.session.items()))


def test_what_cannot_be_is_said_on_the_page_that_asked_for_it(card: PhysicalCard, id_number: str) -> None:
    wrong = id_number[:-1] + ("0" if id_number[-1] != "0" else "1")
    answer = claim(applicant().account, wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'action="/card/activate/document/"' in page
    assert f'value="{wrong}"' in page


def test_a_row_whose_certificate_tells_no_birth_date_needs_one(db: None) -> None:
    rows = [
        f"A00000{line},{NAME},03,E1234567{line},{PHONE},{born}" for line, born in enumerate(["", "5月", BORN])
    ]
    content = "\n".join([f"{HEADER},出生日期", *rows]).encode()
    loaded = physical.load_cards(content=content, actor=CENTRE, reason="测试")
    assert (loaded.count, [line for line, _ in loaded.problems]) == (1, [2, 3])
    assert "出生日期" in loaded.problems[0][1]


def test_an_account_names_only_so_many_cards_a_day(id_number: str) -> None:
    who = applicant()
    for serial in range(5):
        assert claim(who.account, id_number, number=f"A11009900{serial:02d}").status_code == 302
    answer = claim(who.account, id_number, number="A1100990099")
    assert (answer.status_code, "太频繁" in answer.content.decode()) == (422, True)


def test_what_ran_out_is_ended(card: PhysicalCard, id_number: str) -> None:
    claim(applicant().account, id_number)
    PhysicalActivation.objects.update(expires_at=clock.now())
    assert claims.end_abandoned() == 1
    assert PhysicalActivation.objects.get().answers is None


@pytest.mark.row("ID-19")
def test_a_stopped_activation_says_what_to_do_instead() -> None:
    stop(Channel.PHYSICAL)
    answer = signed_in(Client(), applicant().account).get("/card/activate/")
    assert (answer.status_code, "窗口" in answer.content.decode()) == (403, True)


# The register


def load(id_number: str) -> None:
    content = f"{HEADER}\n{NUMBER},{NAME},01,{id_number},{PHONE}\n".encode()
    physical.load_cards(content=content, actor=CENTRE, reason="测试")


def test_a_stopped_card_is_not_activated_and_shown_masked(card: PhysicalCard, id_number: str) -> None:
    physical.switch_card(card_pk=card.pk, is_open=False, reason="测试", actor=CENTRE)
    assert worked(claim(applicant().account, id_number).url).state == ActivationState.UNMATCHED
    centre = people.at_work(Client(), people.staff(Role.CENTRE_ADMIN))
    page = centre.get(f"/admin/cards/physicalcard/{card.public_id}/change/").content.decode()
    assert id_number not in page
    assert "已停用" in page
    found = centre.get("/admin/cards/physicalcard/", {"q": f" {NUMBER.lower()} "}).content.decode()
    assert card.public_id in found
    assert card.public_id not in centre.get("/admin/cards/physicalcard/?q=A9999999").content.decode()


def test_an_application_activates_by_the_same_services(card: PhysicalCard, id_number: str) -> None:
    who = applicant()
    phone = Phone(who.account)
    body = {"number": NUMBER, "name": NAME, "id_type": "01", "id_number": id_number}
    begun = phone.post("activations", body)
    unknown = Phone(applicant("13900005009").account).post("activations", body | {"number": "A1100990099"})
    assert (begun.status_code, unknown.status_code) == (202, 202)
    assert set(begun.json()) == set(unknown.json()) == {"id"}
    address = f"activations/{begun.json()['id']}/code"
    assert worked(begun.json()["id"]).state == ActivationState.SENT
    wrong = phone.post(address, {"code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "phone_code_refused")
    stranger = Phone(applicant("13900005010").account).post(address, {"code": sent_code()})
    assert stranger.json()["code"] == "activation_over"
    done = phone.post(address, {"code": sent_code()}).json()
    assert (done["state"], done["holder"]) == ("active", "**甲")
    assert phone.get("card").json()["id"] == done["id"]
    assert phone.post("activations", body | {"id_type": "77"}).json()["field"] == "id_type"
