"""Applications of others, each channel counted, stopped alone, and one card for all (ID-19)."""

import re
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cards import ways
from cards.models import Card, CardApplication, IssuingChannel, ResidentApp
from cards.rules.channels import channel_of_browser
from cards.services import apps, review
from cards.services.channels import switch_channel
from cards.states import Channel
from foundation.accounts import sessions
from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from institutions.rules import Role
from tests.accounts.people import signed_in
from tests.cards.applying import applicant
from tests.cards.channels import stop
from tests.cards.families import guardian, number_of, years_ago
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.world import citizen_number
from tests.institutions import people
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-19")]

ROOT = "/api/resident/v1/"
ALIPAY = "Mozilla/5.0 (Linux; Android 14) Mobile AlipayClient/10.6"


def app(channel: Channel, name: str = "示范应用") -> ResidentApp:
    return apps.register_app(name=name, channel=channel, reason="测试", actor=CENTRE)


class Phone:
    """An application on a resident's phone."""

    def __init__(self, account: Account, app_id: str = "") -> None:
        client = Client()
        client.force_login(account, backend=sessions.BACKEND)
        headers = {"X-Session-Token": str(client.session.session_key)}
        self.http = Client(headers=headers | ({"EHC-App": app_id} if app_id else {}))

    def apply(self, **changes: str) -> Any:
        body = {"id_type": "01", "id_number": citizen_number(), "name": "测试甲", "nation": "01"} | changes
        return self.http.post(f"{ROOT}applications", body, content_type="application/json")


def held(phone: str = "13900001001") -> CardHolder:
    with transaction.atomic():
        return card_holder(phone)


@pytest.mark.parametrize("channel", [Channel.APP, Channel.ALIPAY, Channel.BANK])
def test_the_application_that_calls_names_the_channel(sandbox: Sandbox, channel: Channel) -> None:
    who = applicant()
    made = Phone(who.account, app(channel).public_id).apply()
    assert made.status_code == 202
    review.check_submitted(public_id=made.json()["id"])
    assert (CardApplication.objects.get().channel, Card.objects.get().channel) == (channel, channel)


def test_a_childs_application_counts_to_the_application_that_calls(sandbox: Sandbox) -> None:
    who = guardian()
    phone = Phone(who.account, app(Channel.ALIPAY).public_id)
    child = {
        "id_type": "01",
        "id_number": number_of(years_ago(6)),
        "name": "测小宝",
        "proof_kind": "08",
        "proof_number": "R110100001",
    }
    made = phone.http.post(f"{ROOT}family/children", child, content_type="application/json")
    assert made.status_code == 202
    assert CardApplication.objects.get(relation="child").channel == Channel.ALIPAY


def test_a_call_that_names_no_application_is_the_mini_programs(sandbox: Sandbox) -> None:
    Phone(applicant().account).apply()
    assert CardApplication.objects.get().channel == Channel.WEIXIN_MINI


def test_a_second_application_elsewhere_returns_the_same_card(sandbox: Sandbox) -> None:
    who = applicant()
    bank, own = app(Channel.BANK).public_id, app(Channel.APP).public_id
    made = Phone(who.account, bank).apply().json()
    review.check_submitted(public_id=made["id"])
    again = Phone(who.account, own).apply()
    assert (again.status_code, again.json()["state"]) == (200, "issued")
    assert again.json()["card"] == Card.objects.get().public_id
    assert Phone(who.account, own).http.get(f"{ROOT}card").json()["id"] == again.json()["card"]


def test_a_card_that_came_without_an_application_is_returned_as_well() -> None:
    holder = held()
    answer = Phone(holder.account, app(Channel.APP).public_id).apply()
    assert (answer.status_code, answer.json()["card"]) == (200, holder.card.public_id)


def test_an_unknown_or_stopped_application_gets_nothing(sandbox: Sandbox) -> None:
    holder = held()
    stopped, other = app(Channel.BANK, "甲银行"), app(Channel.BANK, "乙银行")
    apps.switch_app(app_pk=stopped.pk, is_open=False, reason="测试", actor=CENTRE)
    for app_id in (stopped.public_id, "0" * 26):
        answer = Phone(holder.account, app_id).http.get(f"{ROOT}card")
        assert (answer.status_code, answer.json()["code"]) == (403, "resident_app_refused")
    assert Phone(holder.account, other.public_id).http.get(f"{ROOT}card").status_code == 200


def test_stopping_one_channel_stops_it_alone_in_the_api(sandbox: Sandbox) -> None:
    bank, own = app(Channel.BANK).public_id, app(Channel.APP).public_id
    holder = held("13900001009")
    stop(Channel.BANK)
    answer = Phone(applicant().account, bank).apply()
    assert (answer.status_code, answer.json()["code"]) == (403, "channel_stopped")
    assert answer.json()["next_step"]
    assert Phone(holder.account, bank).http.get(f"{ROOT}card").status_code == 200
    assert Phone(applicant("13900001002").account, own).apply().status_code == 202


def test_a_draft_of_another_channel_is_no_way_around_the_stop(sandbox: Sandbox) -> None:
    who = applicant()
    who.draft()
    stop(Channel.BANK)
    assert Phone(who.account, app(Channel.BANK).public_id).apply().status_code == 403
    assert Phone(who.account, app(Channel.APP).public_id).apply().status_code == 202
    assert CardApplication.objects.get().channel == Channel.APP


def test_a_stopped_page_says_what_to_do_instead() -> None:
    app(Channel.BANK, "示范银行")
    stop(Channel.H5)
    page = signed_in(Client(), applicant().account)
    for answer in (page.get("/card/apply/"), page.post("/card/apply/")):
        text = answer.content.decode()
        assert answer.status_code == 403
        assert "在“示范银行”中申领" in text
        assert "/card/activate/" in text
    stop(Channel.PHYSICAL)
    assert "/card/activate/" not in page.get("/card/apply/").content.decode()
    in_weixin = Client(headers={"user-agent": "Mobile MicroMessenger/8.0"})
    assert signed_in(in_weixin, applicant("13900001002").account).get("/card/apply/").status_code == 200


def test_a_page_inside_another_application_counts_to_its_channel() -> None:
    page = signed_in(Client(headers={"user-agent": ALIPAY}), applicant().account)
    assert page.post("/card/apply/").status_code == 302
    assert CardApplication.objects.get().channel == Channel.ALIPAY
    assert channel_of_browser("MicroMessenger/8.0 miniProgram") == Channel.WEIXIN_MINI
    assert channel_of_browser("") == Channel.H5


# What the centre sees


def act(centre: Client, address: str, **fields: str) -> Any:
    ticket = re.search(r'name="ticket" value="(\w+)"', centre.get(address).content.decode())
    assert ticket is not None
    return centre.post(address, {"ticket": ticket[1], "reason": "测试", **fields}, follow=True)


@pytest.fixture
def centre(db: None) -> Client:
    return people.at_work(Client(), people.staff(Role.CENTRE_ADMIN))


def test_every_channel_is_listed_with_what_it_brought(centre: Client) -> None:
    holder = held()
    Card.objects.filter(pk=holder.card.pk).update(channel=Channel.KIOSK)
    counts = ways.channel_counts()
    assert counts[Channel.KIOSK].cards == (1, 1, 1)
    assert counts[Channel.BANK] == ways.Counts()
    page = centre.get("/admin/cards/issuingchannel/").content.decode()
    assert all(channel.label in page for channel in Channel)
    assert page.count('class="field-label"') == len(Channel)


def test_the_counts_cost_two_queries_however_many_channels_there_are(centre: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        ways.channel_counts()
    assert len(queries) == 2
    centre.get("/admin/cards/issuingchannel/")
    with CaptureQueriesContext(connection) as queries:
        centre.get("/admin/cards/issuingchannel/")
    counting = [each for each in queries if "COUNT" in each["sql"] and "FILTER" in each["sql"]]
    assert len(counting) == 2


def test_the_centre_stops_and_opens_a_channel_with_a_reason(centre: Client) -> None:
    centre.get("/admin/cards/issuingchannel/")
    row = IssuingChannel.objects.get(code=Channel.BANK)
    root = f"/admin/cards/issuingchannel/{row.public_id}/do/"
    assert "渠道已停用" in act(centre, f"{root}stop/").content.decode()
    row.refresh_from_db()
    assert not row.is_open
    assert AuditEntry.objects.get(action="channel.switched").details["channel"] == "bank"
    assert "渠道已恢复" in act(centre, f"{root}open/").content.decode()
    assert IssuingChannel.objects.filter(is_open=False).count() == 0


def test_the_centre_registers_an_application_and_reads_its_id(centre: Client) -> None:
    page = act(centre, "/admin/cards/residentapp/add/", name="示范银行", channel="bank").content.decode()
    made = ResidentApp.objects.get()
    assert made.public_id in page
    assert "应用已停用" in act(centre, f"/admin/cards/residentapp/{made.public_id}/do/stop/").content.decode()
    assert act(centre, "/admin/cards/residentapp/add/", name="x", channel="window").status_code == 200
    assert ResidentApp.objects.count() == 1


def test_a_reviewer_reads_the_channels_and_stops_none() -> None:
    switch_channel(channel=Channel.BANK, is_open=True, reason="测试", actor=CENTRE)
    reviewer = people.at_work(Client(), people.staff(Role.REVIEWER))
    assert reviewer.get("/admin/cards/issuingchannel/").status_code == 200
    row = IssuingChannel.objects.get(code=Channel.BANK)
    assert reviewer.post(f"/admin/cards/issuingchannel/{row.public_id}/do/stop/").status_code == 403
