"""100, 140, 142 and 303, with the pages between them: one-tap claim and the pack (ID-18)."""

import re
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from django.test import Client

from cards.models import Card, CardBinding, OneTimeCode, PackedCard
from cards.services import handover, life
from foundation.audit.models import AuditEntry
from foundation.core import ratelimit
from foundation.events.models import OutboxMessage
from foundation.gateway import services as gateway
from mpi import selectors as mpi
from tests.accounts.people import signed_in
from tests.cards.families import child_of, guardian
from tests.cards.holding import CardHolder, card_holder
from tests.cards.world import CENTRE, Holder, code_of, static_of
from tests.interop.answers import CARD_KEYS, refused
from tests.interop.programs import Program
from tests.interop.world import Place, bind

pytestmark = pytest.mark.row("ID-18")

HOST = "his.example.com"
BACK = f"https://{HOST}/h5/back?from=menu"
CLAIM_KEYS = {"isSelf", "card"}


@pytest.fixture
def own(place: Place) -> Place:
    gateway.set_hosts(client=place.client, hosts=[HOST], actor=CENTRE)
    return place


@pytest.fixture
def resident(db: None, client: Client) -> CardHolder:
    found = card_holder()
    signed_in(client, found.account)
    return found


def claim_page(place: Place, **changes: str) -> str:
    asked = {"app_id": place.key.kid, "redirect_uri": BACK, "state": "s 1", **changes}
    return "/open/claim/?" + urlencode(asked)


def answer_of(response: Any) -> dict[str, str]:
    assert response.status_code == 302, response.content.decode()
    parts = urlsplit(response["Location"])
    assert (parts.scheme, parts.netloc, parts.path) == ("https", HOST, "/h5/back")
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def tap(client: Client, page: str, who: CardHolder) -> dict[str, str]:
    return answer_of(client.post(page, {"card": who.card.public_id}))


def number_of(who: CardHolder) -> str:
    return str(who.card.numbers.get(state="current").value)


def test_one_tap_hands_the_card_over_and_the_code_works_once(
    own: Place, program: Program, client: Client, resident: CardHolder
) -> None:
    page = claim_page(own)
    shown = client.get(page).content.decode()
    assert "测试医院" in shown
    assert resident.id_number not in shown
    answer = tap(client, page, resident)
    assert answer.keys() == {"from", "healthCode", "state"}
    assert answer["state"] == "s 1"
    rsp = program.ok("getHealthCardByHealthCode", {"healthCode": answer["healthCode"]})
    assert rsp["isSelf"] is True
    assert set(rsp["card"]) == CARD_KEYS
    assert rsp["card"]["healthCardId"] == number_of(resident)
    assert CardBinding.objects.filter(card=resident.card, institution=own.public_id).exists()
    assert OutboxMessage.objects.filter(topic="card.claimed.v1").count() == 1
    assert AuditEntry.objects.filter(action="card.claimed").count() == 1
    again = program.call("getHealthCardByHealthCode", {"healthCode": answer["healthCode"]})
    refused(again, "claim_code_invalid", CLAIM_KEYS)


def test_the_hospital_then_links_its_own_number(
    own: Place, program: Program, client: Client, resident: CardHolder
) -> None:
    code = tap(client, claim_page(own), resident)["healthCode"]
    card = program.ok("getHealthCardByHealthCode", {"healthCode": code})["card"]
    rsp = program.ok("bindCardRelation", {"patid": "P0007", "qrCodeText": card["qrCodeText"]})
    assert rsp == {"result": True}
    assert mpi.local_id_of(resident.card.person_id, own.public_id) == "P0007"


def test_a_code_is_of_the_hospital_that_it_was_made_for(
    own: Place, client: Client, resident: CardHolder
) -> None:
    code = tap(client, claim_page(own), resident)["healthCode"]
    other = Place().program
    other.sign_in()
    refused(other.call("getHealthCardByHealthCode", {"healthCode": code}), "claim_code_invalid", CLAIM_KEYS)


def test_a_code_lives_five_minutes(
    own: Place, program: Program, client: Client, resident: CardHolder
) -> None:
    code = tap(client, claim_page(own), resident)["healthCode"]
    with time_machine.travel(time.time() + 301, tick=True):
        answer = program.call("getHealthCardByHealthCode", {"healthCode": code})
    refused(answer, "claim_code_invalid", CLAIM_KEYS)


def test_a_frozen_card_is_not_handed_over_and_its_code_stays_good(
    own: Place, program: Program, client: Client, resident: CardHolder
) -> None:
    code = tap(client, claim_page(own), resident)["healthCode"]
    life.freeze_card(card_pk=resident.card.pk, actor=CENTRE, reason="测试")
    refused(program.call("getHealthCardByHealthCode", {"healthCode": code}), "card_frozen", CLAIM_KEYS)
    assert client.post(claim_page(own), {"card": resident.card.public_id}).status_code == 409
    life.unfreeze_card(card_pk=resident.card.pk, actor=CENTRE, reason="测试")
    program.ok("getHealthCardByHealthCode", {"healthCode": code})


def test_nobody_hands_over_somebody_elses_card(own: Place, client: Client, resident: CardHolder) -> None:
    stranger = card_holder("13900001002", name="测试乙")
    answer = client.post(claim_page(own), {"card": stranger.card.public_id})
    assert answer.status_code == 403
    assert not OneTimeCode.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example.com/",
        "http://his.example.com/",
        "https://his.example.com@elsewhere.example.com/",
        "https://elsewhere.example.com\\@his.example.com/",
        "//his.example.com/",
        "javascript:alert(1)//his.example.com",
        "https://his.example.com.elsewhere.example.com/",
        "https://his.example.com:0/",
        "",
    ],
)
def test_the_page_leads_nowhere_but_to_the_hospitals_own_host(
    own: Place, client: Client, resident: CardHolder, address: str
) -> None:
    for method in (client.get, client.post):
        answer = method(claim_page(own, redirect_uri=address), {"card": resident.card.public_id})
        assert "Location" not in answer
        assert client.post(claim_page(own, redirect_uri=address)).status_code == 422
    assert not OneTimeCode.objects.exists()


def test_whoever_is_not_signed_in_is_led_to_sign_in_and_back(own: Place, client: Client) -> None:
    answer = client.get(claim_page(own))
    assert answer["Location"].startswith("/sign-in/?next=%2Fopen%2Fclaim%2F%3Fapp_id%3D")


def test_a_suspended_program_gets_no_page(own: Place, client: Client, resident: CardHolder) -> None:
    gateway.suspend_client(client=own.client, actor=CENTRE, reason="测试")
    assert client.get(claim_page(own)).status_code == 422


def test_the_forms_policy_names_the_hospitals_host(own: Place, client: Client, resident: CardHolder) -> None:
    policy = client.get(claim_page(own))["Content-Security-Policy"]
    found = re.search(r"form-action ([^;]*)", policy)
    assert found is not None
    assert f"https://{HOST}" in found[1].split()


# 142, 303 and the pack


def order(program: Program, text: str) -> str:
    return str(program.ok("getOrderIdByOutAppId", {"appId": "wx0", "qrCodeText": text})["orderId"])


def take_page(order_id: str) -> str:
    return "/open/takeMsCard?" + urlencode({"order_id": order_id, "redirect_uri": BACK})


def claimed(own: Place, program: Program, client: Client, resident: CardHolder) -> str:
    code = tap(client, claim_page(own), resident)["healthCode"]
    card = program.ok("getHealthCardByHealthCode", {"healthCode": code})["card"]
    return str(card["qrCodeText"])


def test_an_order_takes_the_card_into_the_pack_once(
    own: Place, program: Program, client: Client, resident: CardHolder
) -> None:
    order_id = order(program, claimed(own, program, client, resident))
    info = program.ok("getOrderInfoByOrderId", {"orderId": order_id, "verifyType": "1"})
    assert info == {"idCard": resident.id_number, "cardType": "01", "name": "测试甲"}
    assert "领取到卡包" in client.get(take_page(order_id)).content.decode()
    answer = answer_of(client.post(take_page(order_id)))
    program.ok("getHealthCardByHealthCode", {"healthCode": answer["healthCode"]})
    packed = PackedCard.objects.get()
    assert (packed.account_id, packed.card_id) == (resident.account.pk, resident.card.pk)
    assert "测试医院" in client.get("/card/pack/").content.decode()
    assert client.post(take_page(order_id)).status_code == 410
    refused(
        program.call("getOrderInfoByOrderId", {"orderId": order_id}),
        "pack_order_invalid",
        {"idCard", "cardType", "name"},
    )


def test_an_order_stays_open_where_no_code_can_be_made(
    own: Place, program: Program, client: Client, resident: CardHolder
) -> None:
    order_id = order(program, claimed(own, program, client, resident))
    limit = f"claim:{resident.card.public_id}"
    for _ in range(handover.CODES_PER_HOUR - ratelimit.count(limit)):
        ratelimit.hit(limit, limit=handover.CODES_PER_HOUR, per_seconds=3_600)
    assert client.post(take_page(order_id)).status_code == 429
    ratelimit.forget(limit)
    assert answer_of(client.post(take_page(order_id)))["healthCode"]


def test_somebody_elses_order_is_not_taken(own: Place, program: Program, client: Client, who: Holder) -> None:
    bind(who, own)
    order_id = order(program, static_of(who))
    signed_in(client, card_holder().account)
    assert client.get(take_page(order_id)).status_code == 403
    assert client.post(take_page(order_id)).status_code == 403
    assert not PackedCard.objects.exists()


def test_an_order_is_shown_to_its_own_hospital_alone(own: Place, program: Program, who: Holder) -> None:
    bind(who, own)
    order_id = order(program, static_of(who))
    other = Place().program
    other.sign_in()
    answer = other.call("getOrderInfoByOrderId", {"orderId": order_id, "verifyType": 1})
    refused(answer, "pack_order_invalid", {"idCard", "cardType", "name"})


@pytest.mark.parametrize(
    ("operation", "req", "keys"),
    [
        ("bindCardRelation", {"patid": "P1"}, {"result"}),
        ("getOrderIdByOutAppId", {"appId": "wx0"}, {"orderId"}),
    ],
)
def test_a_static_code_of_a_stranger_binds_nobody(
    program: Program, who: Holder, operation: str, req: dict[str, Any], keys: set[str]
) -> None:
    answer = program.call(operation, {**req, "qrCodeText": static_of(who)})
    refused(answer, "person_not_bound", keys)
    # A dynamic one neither, as long as nobody has shown it at a window.
    answer = program.call(operation, {**req, "qrCodeText": code_of(who)})
    refused(answer, "no_scan_session", keys)
    assert not CardBinding.objects.exists()


def test_inside_a_scan_the_hospital_links_its_number(program: Program, place: Place, who: Holder) -> None:
    text = code_of(who)
    program.ok("getHealthCardByQRCode", {"qrCodeText": text})
    assert program.ok("bindCardRelation", {"patid": "P9", "qrCodeText": text}) == {"result": True}
    answer = program.call("bindCardRelation", {"patid": "", "qrCodeText": text})
    refused(answer, "tencent_missing_parameter", {"result"})


def test_all_cards_are_activated_at_once(
    own: Place, program: Program, client: Client, resident: CardHolder
) -> None:
    page = "/open/batchActiveCard?" + urlencode({"open_id": "o-anybody", "redirect_uri": BACK})
    assert "全部激活" in client.get(page).content.decode()
    answer = answer_of(client.post(page))
    card = program.ok("getHealthCardByHealthCode", {"healthCode": answer["healthCode"]})["card"]
    assert card["healthCardId"] == number_of(resident)
    assert PackedCard.objects.count() == 1
    assert OneTimeCode.objects.count() == 1
    foreign = page.replace(HOST, "elsewhere.example.com")
    assert client.post(foreign).status_code == 422


@pytest.mark.usefixtures("sandbox")
def test_a_guardian_hands_over_the_childs_card_and_the_record_says_for_whom(
    own: Place, program: Program, client: Client
) -> None:
    who = guardian()
    child = child_of(who)
    signed_in(client, who.account)
    card = Card.objects.get(subject=child)
    shown = client.get("/card/pack/").content.decode()
    assert "子女" in shown
    answer = answer_of(client.post(claim_page(own), {"card": card.public_id}))
    rsp = program.ok("getHealthCardByHealthCode", {"healthCode": answer["healthCode"]})
    assert rsp["isSelf"] is False
    assert rsp["card"]["healthCardId"] == card.numbers.get().value
    assert AuditEntry.objects.get(action="claim.code_made").on_behalf_of == child


@pytest.mark.usefixtures("sandbox")
def test_of_a_whole_family_one_card_is_handed_over_and_one_code_made(
    own: Place, program: Program, client: Client
) -> None:
    who = guardian()
    child_of(who)
    signed_in(client, who.account)
    page = "/open/batchActiveCard?" + urlencode({"open_id": "o-anybody", "redirect_uri": BACK})
    answer = answer_of(client.post(page))
    assert PackedCard.objects.filter(account=who.account).count() == 2
    assert OneTimeCode.objects.count() == 1
    rsp = program.ok("getHealthCardByHealthCode", {"healthCode": answer["healthCode"]})
    assert rsp["isSelf"] is True
