"""Issuing at a window: a clerk with both factors, a document, a label (ID-05)."""

import re
from typing import Any

import pytest
import zxingcpp
from django.db import transaction
from django.test import Client

from cards.models import Card, CardBinding, CodePrint
from cards.selectors import own_card
from cards.services import life
from cards.states import Channel
from foundation.accounts.selectors import account_by_phone
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events import relay
from identity.models import IdentityCheck, TakeOver
from identity.rules import Level
from institutions.rules import Role
from mpi.rules import check_digit_of
from notifications.models import Message
from tests.accounts.people import last_code, signed_in
from tests.cards import channels
from tests.cards.applying import applicant
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.world import citizen_number, set_rules
from tests.institutions import people
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-05")]

NAME = "测试甲"
# The sandbox's population database knows this number by another name.
KNOWN_BY_ANOTHER_NAME = "110100199001019910"


@pytest.fixture
def hospital(db: None) -> str:
    return people.hospital()


@pytest.fixture
def clerk(hospital: str) -> Client:
    return people.at_work(Client(), people.staff(Role.WINDOW_CLERK, hospital))


def held(name: str = NAME) -> CardHolder:
    with transaction.atomic():
        return card_holder(name=name)


def read(clerk: Client, text: str, **fields: Any) -> Any:
    """Type into the first field, or let the reader do so, and press Enter."""
    ticket = re.search(r'name="ticket" value="(\w+)"', clerk.get("/window/").content.decode())
    assert ticket is not None
    body = {"id_number": text, "id_type": "01", "ticket": ticket[1], **fields}
    return clerk.post("/window/", body)


def press_print(clerk: Client, page: str, **fields: str) -> Any:
    ticket = re.search(r'name="ticket" value="(\w+)"', clerk.get(page).content.decode())
    assert ticket is not None
    return clerk.post(f"{page}print/", {"ticket": ticket[1], **fields})


def test_a_document_is_typed_and_the_card_issued(clerk: Client, hospital: str, sandbox: Sandbox) -> None:
    answer = read(clerk, citizen_number(), name=NAME, phone="13900000000")
    card = Card.objects.get()
    assert answer.url == f"/window/cards/{card.public_id}/"
    assert card.channel == Channel.WINDOW
    assert card.institution is not None
    assert card.institution.public_id == hospital
    assert CardBinding.objects.get().institution == hospital
    seen = IdentityCheck.objects.get(provider="window")
    assert (seen.level, seen.subject_id, seen.person_id) == (
        Level.SEEN_IN_PERSON,
        card.public_id,
        card.person_id,
    )
    assert "健康卡已发放" in clerk.get(answer.url).content.decode()


@pytest.mark.parametrize("form", ["{name}|{number}", "{name}|男|汉|19500101|测试路 1 号|{number}|签发机关|x"])
def test_a_reader_types_the_whole_line(clerk: Client, sandbox: Sandbox, form: str) -> None:
    number = citizen_number()
    assert read(clerk, form.format(name=NAME, number=number)).status_code == 302
    assert Card.objects.get().face["id_number"] == number


def test_a_person_with_a_card_gets_the_same_card(clerk: Client, sandbox: Sandbox) -> None:
    holder = held()
    answer = read(clerk, holder.id_number, name=NAME)
    assert answer.url == f"/window/cards/{holder.card.public_id}/"
    assert Card.objects.get().channel == Channel.H5
    assert "沿用原来的健康卡" in clerk.get(answer.url).content.decode()


@pytest.mark.parametrize(
    ("number", "name", "said"),
    [
        ("110100199001019971", NAME, "最后一位"),
        ("", NAME, "请读取证件"),
        (None, "", "姓名"),
        (KNOWN_BY_ANOTHER_NAME, NAME, "姓名与证件号码不一致"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_issued(
    clerk: Client, sandbox: Sandbox, number: str | None, name: str, said: str
) -> None:
    answer = read(clerk, citizen_number() if number is None else number, name=name)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert page.count("autofocus") == 1
    assert not Card.objects.exists()


def test_after_a_mismatch_the_form_is_sent_again_and_counts_anew(clerk: Client, sandbox: Sandbox) -> None:
    refused = read(clerk, KNOWN_BY_ANOTHER_NAME, name=NAME).content.decode()
    ticket = re.search(r'name="ticket" value="(\w+)"', refused)
    assert ticket is not None
    body = {"id_number": citizen_number(), "name": NAME, "id_type": "01", "ticket": ticket[1]}
    assert clerk.post("/window/", body).status_code == 302


def test_another_name_on_file_is_for_the_centre(clerk: Client, sandbox: Sandbox) -> None:
    holder = held(name="测试乙")
    answer = read(clerk, holder.id_number, name=NAME)
    assert (answer.status_code, "转交卡管中心" in answer.content.decode()) == (422, True)


def test_the_label_names_nobody_in_full_and_its_code_can_be_read(clerk: Client, sandbox: Sandbox) -> None:
    number = citizen_number()
    page = read(clerk, number, name=NAME).url
    label = clerk.get(press_print(clerk, page).url)
    text = label.content.decode()
    assert number not in text
    assert NAME not in text
    assert f"证件尾号 {number[-4:]}" in text
    assert "no-store" in label["Cache-Control"]
    drawing = text[text.index("<svg", text.index("label-code")) :]
    assert 'viewBox="0 0 41 41"' in drawing[:200]
    card = Card.objects.get()
    assert AuditEntry.objects.get(action="code.printed").details["count"] == 1
    code = zxingcpp.create_barcode(
        f"{card.numbers.get().value}:1", zxingcpp.BarcodeFormat.QRCode, ec_level="Q"
    )
    assert code.to_svg(add_quiet_zones=True)[-200:] in text


def test_a_reprint_asks_why_and_is_counted(clerk: Client, sandbox: Sandbox) -> None:
    page = read(clerk, citizen_number(), name=NAME).url
    press_print(clerk, page)
    refused = press_print(clerk, page)
    assert (refused.status_code, "补打原因" in refused.content.decode()) == (422, True)
    assert press_print(clerk, page, reason="lost").status_code == 302
    entry = AuditEntry.objects.filter(action="code.printed").latest("pk")
    assert (entry.reason, entry.details["count"]) == ("标签丢失", 2)
    assert ">2<" in clerk.get(page).content.decode()


def test_two_clicks_are_one_print(clerk: Client, sandbox: Sandbox) -> None:
    page = read(clerk, citizen_number(), name=NAME).url
    ticket = re.search(r'name="ticket" value="(\w+)"', clerk.get(page).content.decode())
    assert ticket is not None
    first, second = (clerk.post(f"{page}print/", {"ticket": ticket[1]}) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert CodePrint.objects.count() == 1


def test_a_stopped_card_is_not_printed_and_the_page_says_why(clerk: Client, sandbox: Sandbox) -> None:
    holder = held()
    life.freeze_card(card_pk=holder.card.pk, reason="测试", actor=CENTRE)
    page = read(clerk, holder.id_number, name=NAME).url
    text = clerk.get(page).content.decode()
    assert "不能打印静态码" in text
    assert "冻结" in text
    assert clerk.post(f"{page}print/", {"ticket": "x"}).status_code == 422
    assert not CodePrint.objects.exists()


def test_a_label_is_gone_when_the_card_is_stopped(clerk: Client, sandbox: Sandbox) -> None:
    page = read(clerk, citizen_number(), name=NAME).url
    label = press_print(clerk, page).url
    life.freeze_card(card_pk=Card.objects.get().pk, reason="测试", actor=CENTRE)
    assert clerk.get(label).status_code == 410


def test_where_the_centre_takes_no_static_codes_none_are_printed(clerk: Client, sandbox: Sandbox) -> None:
    page = read(clerk, citizen_number(), name=NAME).url
    set_rules(static_allowed=False)
    assert "不能打印静态码" in clerk.get(page).content.decode()


def test_cards_and_labels_of_others_are_not_opened_by_address(
    clerk: Client, hospital: str, sandbox: Sandbox
) -> None:
    page = read(clerk, citizen_number(), name=NAME).url
    label = press_print(clerk, page).url
    elsewhere = people.at_work(Client(), people.staff(Role.WINDOW_CLERK, people.hospital(2)))
    colleague = people.at_work(Client(), people.staff(Role.WINDOW_CLERK, hospital, username="second"))
    assert elsewhere.get(page).status_code == colleague.get(page).status_code == 404
    assert elsewhere.get(label).status_code == 410


def test_the_window_is_for_staff_who_work_there(clerk: Client, hospital: str) -> None:
    assert 'href="/window/"' in clerk.get("/institution/").content.decode()
    assert Client().get("/window/").status_code == 302
    reviewer = people.at_work(Client(), people.staff(Role.REVIEWER))
    assert reviewer.get("/window/").status_code == 403
    assert 'href="/window/"' not in reviewer.get("/admin/").content.decode()


@pytest.mark.row("ID-19")
def test_a_stopped_window_issues_nothing(clerk: Client, sandbox: Sandbox) -> None:
    channels.stop(Channel.WINDOW)
    answer = clerk.get("/window/")
    assert (answer.status_code, "暂停领卡" in answer.content.decode()) == (403, True)


# The account of the person at the window


SEEN = {"document": "01", "reason": "another", "compared": "on"}


def confirm(clerk: Client, page: str, phone: str, code: str = "") -> Any:
    address = f"{page}account/"
    clerk.post(address, {"phone": phone, "do": "send", **SEEN})
    return clerk.post(address, {"phone": phone, "code": code or last_code(), "do": "confirm", **SEEN})


def test_the_account_of_the_person_at_the_window_is_held_at_the_highest_level(
    clerk: Client, sandbox: Sandbox
) -> None:
    who = applicant("13900003001")
    page = read(clerk, citizen_number(), name=NAME).url
    assert confirm(clerk, page, "139 0000 3001").url == page
    shown = own_card(who.account.pk)
    assert shown is not None
    assert (shown.card.pk, shown.level) == (Card.objects.get().pk, Level.SEEN_IN_PERSON)
    assert "已确认本人" in clerk.get(page).content.decode()
    entry = AuditEntry.objects.get(action="holding.opened")
    assert entry.reason == "自己的卡在别人的账号里"
    check = AuditEntry.objects.filter(action="identity.checked").latest("pk")
    assert check.details["kind"] == "01"


@pytest.mark.parametrize("left_out", ["document", "reason", "compared"])
def test_without_a_reason_and_a_look_at_the_document_nobody_is_confirmed(
    clerk: Client, sandbox: Sandbox, left_out: str
) -> None:
    page = read(clerk, citizen_number(), name=NAME).url
    seen = {name: value for name, value in SEEN.items() if name != left_out}
    answer = clerk.post(f"{page}account/", {"phone": "13900003001", "do": "send", **seen})
    assert (answer.status_code, f'name="{left_out}"' in answer.content.decode()) == (422, True)
    assert not AuditEntry.objects.filter(action="card.window_code_sent").exists()


# Where another account holds the person


@pytest.fixture
def colleague(hospital: str) -> Client:
    return people.at_work(Client(), people.staff(Role.WINDOW_CLERK, hospital, username="second"))


def stated(clerk: Client, earlier: CardHolder) -> str:
    """The first clerk confirms the account of somebody whom another account holds; the second's page."""
    page = read(clerk, earlier.id_number, name=NAME).url
    assert confirm(clerk, page, "13900003001").url == "/window/seconds/"
    return f"/window/seconds/{TakeOver.objects.latest('pk').public_id}/"


def test_two_clerks_give_the_card_back_and_the_earlier_account_is_told(
    clerk: Client, colleague: Client, sandbox: Sandbox
) -> None:
    earlier = held()
    page = stated(clerk, earlier)
    assert own_card(earlier.account.pk) is not None
    listed = colleague.get("/window/seconds/").content.decode()
    assert page in listed
    assert earlier.id_number not in listed
    assert "自己的卡在别人的账号里" in colleague.get(page).content.decode()
    answer = colleague.post(page, {"do": "confirm", "number": earlier.id_number})
    assert answer["Location"] == "/window/seconds/"
    assert own_card(earlier.account.pk) is None
    account = account_by_phone("13900003001")
    assert account is not None
    now = own_card(account.pk)
    assert now is not None
    assert (now.card.pk, now.level) == (earlier.card.pk, Level.SEEN_IN_PERSON)
    row = TakeOver.objects.get()
    assert (row.state, row.asked_by != row.decided_by) == ("done", True)
    assert IdentityCheck.objects.filter(provider="window", subject_type="identity.TakeOver").count() == 1
    relay.expand()
    relay.deliver()
    told = Message.objects.get(account=earlier.account)
    assert (told.kind, told.params) == ("holding.taken_over", {})
    inbox = signed_in(Client(), earlier.account).get("/messages/").content.decode()
    assert "这个账号不再持有健康卡" in inbox
    assert page not in colleague.get("/window/seconds/").content.decode()


def test_the_first_clerk_is_not_the_second(clerk: Client, sandbox: Sandbox) -> None:
    earlier = held()
    page = stated(clerk, earlier)
    assert 'name="number"' not in clerk.get(page).content.decode()
    answer = clerk.post(page, {"do": "confirm", "number": earlier.id_number})
    assert (answer.status_code, "第二位工作人员" in answer.content.decode()) == (422, True)
    assert own_card(earlier.account.pk) is not None


def test_the_second_clerk_reads_the_document_too_and_may_refuse(
    clerk: Client, colleague: Client, sandbox: Sandbox
) -> None:
    earlier = held()
    page = stated(clerk, earlier)
    wrong = colleague.post(page, {"do": "confirm", "number": citizen_number()})
    assert (wrong.status_code, "与登记的不一致" in wrong.content.decode()) == (422, True)
    colleague.post(page, {"do": "refuse"})
    assert colleague.post(page, {"do": "confirm", "number": earlier.id_number}).status_code == 410
    assert own_card(earlier.account.pk) is not None
    assert AuditEntry.objects.filter(action="holding.take_over_refused").count() == 1


def test_readings_are_limited(clerk: Client, colleague: Client, sandbox: Sandbox) -> None:
    earlier = held()
    page = stated(clerk, earlier)
    for _ in range(5):
        colleague.post(page, {"do": "confirm", "number": citizen_number()})
    assert colleague.post(page, {"do": "confirm", "number": earlier.id_number}).status_code in {422, 429}
    assert own_card(earlier.account.pk) is not None


def test_what_waits_too_long_or_elsewhere_is_over(clerk: Client, colleague: Client, sandbox: Sandbox) -> None:
    page = stated(clerk, held())
    elsewhere = people.at_work(Client(), people.staff(Role.WINDOW_CLERK, people.hospital(2), username="far"))
    assert elsewhere.get(page).status_code == 410
    assert page not in elsewhere.get("/window/seconds/").content.decode()
    TakeOver.objects.update(expires_at=clock.now())
    assert colleague.get(page).status_code == 410
    assert "没有等待复核的居民" in colleague.get("/window/seconds/").content.decode()


def test_a_wrong_code_confirms_nobody(clerk: Client, sandbox: Sandbox) -> None:
    who = applicant("13900003001")
    page = read(clerk, citizen_number(), name=NAME).url
    clerk.post(f"{page}account/", {"phone": "13900003001", "do": "send", **SEEN})
    wrong = "000000" if last_code() != "000000" else "111111"
    answer = clerk.post(f"{page}account/", {"phone": "13900003001", "code": wrong, "do": "confirm", **SEEN})
    assert (answer.status_code, answer.content.decode().count("autofocus")) == (422, 1)
    assert own_card(who.account.pk) is None


def test_an_account_that_is_somebody_else_is_left_alone(clerk: Client, sandbox: Sandbox) -> None:
    other = held("测试乙")
    page = read(clerk, citizen_number(), name=NAME).url
    answer = confirm(clerk, page, "13900001001")
    assert (answer.status_code, "已经登记了本人" in answer.content.decode()) == (422, True)
    shown = own_card(other.account.pk)
    assert shown is not None
    assert shown.card.pk == other.card.pk


def test_a_childs_card_is_not_given_to_an_account_of_its_own(clerk: Client, sandbox: Sandbox) -> None:
    body = f"110199{clock.beijing(clock.now()).year - 5}0101901"
    page = read(clerk, body + check_digit_of(body), name=NAME).url
    answer = confirm(clerk, page, "13900003001")
    assert (answer.status_code, "监护人" in answer.content.decode()) == (422, True)
