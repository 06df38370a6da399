"""At the window: newborns on their mother's card, temporary cards, and both named later."""

import re
from typing import Any

import pytest
from django.test import Client

from cards import family
from cards.models import Card, CodePrint
from cards.services.binding import bind_card
from cards.states import CardState, Channel, NumberState
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from identity.models import IdentityCheck
from institutions.rules import Role
from mpi import selectors as mpi
from tests.accounts.people import signed_in
from tests.cards import channels
from tests.cards.families import guardian, number_of, years_ago
from tests.cards.test_window import press_print
from tests.cards.world import Holder, Hospital, citizen_number, holder, hospital, scan
from tests.institutions import people
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-05")]

MOTHER_NAME = "测试甲"


@pytest.fixture
def here() -> Hospital:
    return hospital()


@pytest.fixture
def clerk(here: Hospital) -> Client:
    return people.at_work(Client(), people.staff(Role.WINDOW_CLERK, here.public_id))


def send(clerk: Client, page: str, **fields: Any) -> Any:
    """Fill in a page's form, with its ticket if it has one."""
    ticket = re.search(r'name="ticket" value="(\w+)"', clerk.get(page).content.decode())
    return clerk.post(page, {**({"ticket": ticket[1]} if ticket else {}), **fields})


def read_mother(clerk: Client, number: str) -> str:
    answer = send(clerk, "/window/newborn/", id_number=number, name=MOTHER_NAME, id_type="01")
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.url)


def today() -> str:
    return clock.beijing(clock.now()).date().isoformat()


def born(**changes: Any) -> dict[str, Any]:
    return {
        "record": "B20260001",
        "parity": "1",
        "order": "1",
        "birth_date": today(),
        "sex": "1",
        "name": "",
        "certificate": "",
        **changes,
    }


def card_of(address: str) -> Card:
    return Card.objects.get(public_id=address.rstrip("/").rpartition("/")[2])


def known_here(who: Holder, here: Hospital) -> None:
    bind_card(card_pk=who.card.pk, actor=Actor(kind=ActorKind.STAFF, id="clerk", institution=here.public_id))


def woman() -> Holder:
    who = holder()
    return who if int(who.id_number[16]) % 2 == 0 else woman()


@pytest.mark.row("ID-07")
def test_a_newborn_gets_a_card_and_a_label_and_the_mother_shows_it(
    clerk: Client, here: Hospital, sandbox: Sandbox
) -> None:
    who = guardian()
    shown = family.relatives(who.account.pk)[0].shown
    assert shown is not None
    page = read_mother(clerk, shown.card.face["id_number"])
    answer = clerk.post(page, born(), follow=True)
    text = answer.content.decode()
    assert "母亲的手机上已经可以出示孩子的健康卡" in text
    assert "健康卡已发放" in text
    child = card_of(answer.redirect_chain[-1][0])
    assert (child.channel, child.face["name"]) == (Channel.WINDOW, "测试甲之子")
    assert AuditEntry.objects.filter(action="newborn.registered", institution=here.public_id).count() == 1
    assert [one.person_id for one in family.dependants(who.account.pk)] == [child.subject]
    printed = press_print(clerk, f"/window/cards/{child.public_id}/")
    assert "/window/prints/" in printed.url
    assert CodePrint.objects.get().card_id == child.pk
    assert scan(f"{child.numbers.get().value}:1", here).face()["id_type"] == "99"
    again = clerk.post(page, born(), follow=True)
    assert "此人已有健康卡" in again.content.decode()
    assert Card.objects.filter(face__isnull=False).count() == 2


@pytest.mark.row("ID-07")
def test_twins_are_registered_one_after_the_other_and_told_apart(clerk: Client, sandbox: Sandbox) -> None:
    page = read_mother(clerk, number_of(years_ago(30), sex=2))
    first = clerk.post(page, born(do="next"))
    text = first.content.decode()
    assert first.status_code == 200
    assert "上一个孩子的健康卡已发放" in text
    assert re.search(r'name="order"[^>]*value="2"|value="2"[^>]*name="order"', text)
    assert "B20260001" in text
    second = clerk.post(page, born(order="2"), follow=True)
    text = second.content.decode()
    assert "同一位母亲的孩子" in text
    assert "测试甲之子" in text
    names = sorted(card.face["name"] for card in Card.objects.all())
    assert names == sorted([MOTHER_NAME, "测试甲之子", "测试甲之子二"])


@pytest.mark.row("ID-07")
def test_the_mothers_code_is_enough_only_where_she_is_registered(clerk: Client, here: Hospital) -> None:
    who = woman()
    code = f"{who.number.value}:1"
    refused = send(clerk, "/window/newborn/", id_number=code)
    assert refused.status_code == 422
    assert "没有在本机构建档" in refused.content.decode()
    known_here(who, here)
    page = send(clerk, "/window/newborn/", id_number=code).url
    assert page == f"/window/newborn/{who.card.public_id}/"
    # The code names her; it opens nothing of hers.
    assert clerk.get(f"/window/cards/{who.card.public_id}/").status_code == 404
    assert clerk.post(page, born()).status_code == 302
    other = woman()
    known_here(other, here)
    assert clerk.get(f"/window/newborn/{other.card.public_id}/").status_code == 404


@pytest.mark.row("ID-07")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"record": ""}, "请填写分娩记录号"),
        ({"sex": ""}, "请选择性别"),
        ({"order": "0"}, "请填 1 到 10"),
        ({"birth_date": "2999-01-01"}, "出生日期不能晚于今天"),
    ],
)
def test_what_is_wrong_about_a_birth_is_said_and_nothing_issued(
    clerk: Client, here: Hospital, changes: dict[str, str], said: str
) -> None:
    who = woman()
    known_here(who, here)
    page = send(clerk, "/window/newborn/", id_number=who.number.value).url
    before = Card.objects.count()
    answer = clerk.post(page, born(**changes))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Card.objects.count() == before


@pytest.mark.row("ID-07")
def test_the_childs_own_number_is_bound_by_its_label_and_person_and_card_stay(
    clerk: Client, here: Hospital, sandbox: Sandbox
) -> None:
    who = woman()
    known_here(who, here)
    page = send(clerk, "/window/newborn/", id_number=who.number.value).url
    child = card_of(clerk.post(page, born())["Location"])
    label = f"{child.numbers.get().value}:1"
    later = people.at_work(Client(), people.staff(Role.WINDOW_CLERK, here.public_id, username="later"))
    page = send(later, "/window/label/", code=label).url
    assert "测试甲之子" in later.get(page).content.decode()
    wrong = send(later, page, id_number=number_of(years_ago(3)), name="测小宝", id_type="01")
    assert wrong.status_code == 422
    assert "与出生登记的不一致" in wrong.content.decode()
    own_number = number_of(clock.beijing(clock.now()).date(), sex=1)
    answer = send(later, page, id_number=f"测小宝|{own_number}", id_type="01")
    assert answer.url == f"/window/cards/{child.public_id}/"
    named = Card.objects.get(pk=child.pk)
    assert (named.face["name"], named.face["id_number"]) == ("测小宝", own_number)
    assert (named.subject, mpi.survivor(named.person_id)) == (child.subject, child.person_id)
    assert sorted(named.numbers.values_list("state", flat=True)) == ["current", "superseded"]
    assert scan(label, here).face()["name"] == "测小宝"
    assert IdentityCheck.objects.filter(provider="window", subject_id=child.public_id).count() == 1
    entry = AuditEntry.objects.filter(action="person.updated").latest("pk")
    assert (entry.institution, entry.reason) == (here.public_id, "identified")
    second = send(later, "/window/label/", code=label)
    assert second.status_code == 422
    assert "已经登记过证件" in second.content.decode()


@pytest.mark.row("ID-08")
def test_a_temporary_card_is_issued_at_the_window_and_becomes_a_real_name_card(
    clerk: Client, here: Hospital, sandbox: Sandbox
) -> None:
    assert "请填写院内患者号" in send(clerk, "/window/temporary/", sex="1").content.decode()
    answer = send(clerk, "/window/temporary/", patient_id="ER0009", sex="1")
    card = card_of(answer.url)
    assert (card.channel, card.face["name"], card.valid_until is not None) == (
        Channel.WINDOW,
        "无名氏",
        True,
    )
    page = clerk.get(answer.url).content.decode()
    assert "临时卡，有效至" in page
    assert "确认他的账号" not in page
    printed = press_print(clerk, answer.url)
    assert "证件尾号" not in clerk.get(printed.url).content.decode()
    assert send(clerk, "/window/temporary/", patient_id="ER0009", sex="1").url == answer.url
    wristband = f"{card.numbers.get().value}:9"
    scan(wristband, here)
    name_page = send(clerk, "/window/label/", code=wristband).url
    number = citizen_number()
    assert send(clerk, name_page, id_number=number, name="测试乙", id_type="01").status_code == 302
    known = Card.objects.get(pk=card.pk)
    assert (known.subject, known.valid_until, known.state) == (card.subject, None, CardState.ACTIVE)
    assert known.face["id_number"] == number
    assert scan(wristband, here).face()["name"] == "测试乙"
    current = known.numbers.get(state=NumberState.CURRENT)
    assert current.fixed_text.endswith(":1")


@pytest.mark.row("ID-08")
def test_somebody_elses_certificate_is_not_given_to_a_temporary_card(
    clerk: Client, here: Hospital, sandbox: Sandbox
) -> None:
    other = holder(name="测试乙")
    card = card_of(send(clerk, "/window/temporary/", patient_id="ER0010", sex="0").url)
    page = f"/window/cards/{card.public_id}/certificate/"
    refused = send(clerk, page, id_number=other.id_number, name="测试乙", id_type="01")
    assert refused.status_code == 422
    assert "已登记在另一人名下" in refused.content.decode()
    assert Card.objects.get(pk=card.pk).face["name"] == "无名氏"


def test_who_is_not_at_a_window_opens_none_of_the_pages(client: Client, here: Hospital) -> None:
    pages = ("/window/newborn/", "/window/temporary/", "/window/label/")
    for page in pages:
        assert client.get(page).status_code in (302, 403)
    signed_in(client, guardian().account)
    for page in pages:
        assert client.get(page).status_code == 403


def test_a_stopped_window_registers_no_birth(clerk: Client, here: Hospital) -> None:
    who = woman()
    known_here(who, here)
    page = send(clerk, "/window/newborn/", id_number=who.number.value).url
    channels.stop(Channel.WINDOW)
    before = Card.objects.count()
    answer = clerk.post(page, born())
    assert "暂停" in answer.content.decode()
    assert Card.objects.count() == before
