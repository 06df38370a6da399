"""155, 156 and 159, with the resident's page between them: active scan (CC-02)."""

import base64
import re
import struct
import time
import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
import zxingcpp
from django.test import Client
from pytest_django import Settings

from cards.models import ScanRequest, UsageRecord
from cards.services import life
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events import relay
from foundation.gateway import services as gateway
from interop.dialects.tencent import callbacks
from interop.models import Callback
from tests.accounts.people import signed_in
from tests.cards.holding import CardHolder, card_holder
from tests.cards.world import CENTRE
from tests.interop.answers import refused
from tests.interop.programs import Program
from tests.interop.receiver import Receiver, receiver
from tests.interop.world import TERMINAL, Place

pytestmark = pytest.mark.row("CC-02")

START_KEYS = {"imageContent", "uid"}
POLL_KEYS = {"statusCode", "healthCardId"}
WAITING, SCANNED, AGREED, REFUSED, EXPIRED = range(5)


@pytest.fixture
def resident(db: None, client: Client) -> CardHolder:
    found = card_holder()
    signed_in(client, found.account)
    return found


@pytest.fixture
def his(place: Place) -> Iterator[Receiver]:
    gateway.set_hosts(client=place.client, hosts=["127.0.0.1"], actor=CENTRE)
    with receiver() as listening:
        yield listening


def read_back(png_base64: str) -> str:
    """The text of the code in an unfiltered greyscale PNG."""
    png = base64.b64decode(png_base64, validate=True)
    width, height = struct.unpack(">II", png[16:24])
    at = png.index(b"IDAT")
    lines = zlib.decompress(png[at + 4 : at + 4 + int.from_bytes(png[at - 4 : at])])
    grey = b"".join(lines[row * (width + 1) + 1 : (row + 1) * (width + 1)] for row in range(height))
    found = zxingcpp.read_barcode(memoryview(grey).cast("B", (height, width)))
    assert found is not None
    return str(found.text)


def started(program: Program, **changes: Any) -> tuple[str, str]:
    """The scan's number, and the path that the phone opens."""
    rsp = program.ok("ssmGenQrCode", {"ssmId": TERMINAL, **changes})
    assert set(rsp) == START_KEYS
    text = read_back(rsp["imageContent"])
    found = re.fullmatch(r"http://[^/]+(/open/scan/[0-9a-z]{26}/)", text)
    assert found is not None, text
    return str(rsp["uid"]), found[1]


def poll(program: Program, uid: str) -> tuple[int, str]:
    rsp = program.ok("ssmQueryQrCodeResult", {"uid": uid})
    assert set(rsp) == POLL_KEYS
    return rsp["statusCode"], rsp["healthCardId"]


def agree(client: Client, page: str, who: CardHolder) -> Any:
    return client.post(page, {"card": who.card.public_id})


def test_the_resident_scans_reads_who_asks_and_agrees(
    program: Program, client: Client, resident: CardHolder
) -> None:
    uid, page = started(program, scene="0101012")
    assert poll(program, uid) == (WAITING, "")
    shown = client.get(page).content.decode()
    for said in ("测试医院", "一号窗口", "挂号"):
        assert said in shown
    assert poll(program, uid) == (SCANNED, "")
    assert agree(client, page, resident).status_code == 302
    number = resident.card.numbers.get().value
    assert poll(program, uid) == (AGREED, number)
    assert "已同意" in client.get(page).content.decode()
    row = UsageRecord.objects.get()
    assert (row.kind, row.operation, row.scene, row.terminal) == (
        "direct",
        "active_scan",
        "0101012",
        TERMINAL,
    )
    assert AuditEntry.objects.filter(action="scan.answered").count() == 1
    card = program.ok("getHealthCardByHealthCardId", {"healthCardId": number})["card"]
    assert card["name"] == "测试甲"


def test_the_resident_refuses(program: Program, client: Client, resident: CardHolder) -> None:
    uid, page = started(program)
    client.get(page)
    client.post(page, {"answer": "refuse"})
    assert poll(program, uid) == (REFUSED, "")
    assert "已拒绝" in client.get(page).content.decode()
    assert agree(client, page, resident).status_code == 410
    assert not UsageRecord.objects.exists()


def test_a_code_is_answered_once_and_by_whoever_scanned_it_first(
    program: Program, client: Client, resident: CardHolder
) -> None:
    uid, page = started(program)
    client.get(page)
    other = card_holder("13900001002", name="测试乙")
    second = signed_in(Client(), other.account)
    assert second.get(page).status_code == 409
    assert agree(second, page, other).status_code == 409
    agree(client, page, resident)
    # The same answer again leads to the same page; another one comes too late.
    assert agree(client, page, resident).status_code == 302
    assert UsageRecord.objects.count() == 1
    assert client.post(page, {}).status_code == 410
    assert poll(program, uid) == (AGREED, resident.card.numbers.get().value)


def test_a_code_lives_three_minutes(program: Program, client: Client, resident: CardHolder) -> None:
    uid, page = started(program)
    client.get(page)
    with time_machine.travel(time.time() + 181, tick=True):
        program.sign_in()
        assert poll(program, uid) == (EXPIRED, "")
        assert client.get(page).status_code == 410
        assert agree(client, page, resident).status_code == 410
    assert not UsageRecord.objects.exists()


def test_nobody_agrees_with_somebody_elses_card_or_a_frozen_one(
    program: Program, client: Client, resident: CardHolder
) -> None:
    uid, page = started(program)
    stranger = card_holder("13900001002", name="测试乙")
    client.get(page)
    assert agree(client, page, stranger).status_code == 403
    life.freeze_card(card_pk=resident.card.pk, actor=CENTRE, reason="测试")
    assert "同意（本人）" not in client.get(page).content.decode()
    assert agree(client, page, resident).status_code == 409
    assert poll(program, uid) == (SCANNED, "")


def test_a_scan_is_told_to_the_program_alone_that_started_it(program: Program, place: Place) -> None:
    uid, _page = started(program)
    _, _, lis = place.new_program("LIS")
    lis.sign_in()
    refused(lis.call("ssmQueryQrCodeResult", {"uid": uid}), "scan_unknown", POLL_KEYS)
    refused(program.call("ssmQueryQrCodeResult", {"uid": "x"}), "scan_unknown", POLL_KEYS)


def test_an_unknown_code_is_explained(client: Client, resident: CardHolder) -> None:
    assert client.get(f"/open/scan/{'0' * 26}/").status_code == 404


@pytest.mark.parametrize(
    ("req", "error"),
    [
        ({}, "tencent_missing_parameter"),
        ({"ssmId": "x" * 65}, "tencent_bad_parameter"),
        ({"ssmId": "x", "scene": "9"}, "tencent_bad_parameter"),
        ({"ssmId": "x", "notifyUrl": "http://127.0.0.1:1/"}, "address_not_allowed"),
        ({"ssmId": "x", "notifyUrl": "http://169.254.169.254/latest"}, "address_not_allowed"),
    ],
)
def test_what_does_not_fit_starts_no_scan(program: Program, req: dict[str, Any], error: str) -> None:
    refused(program.call("ssmGenQrCode", req), error, START_KEYS)
    assert not ScanRequest.objects.exists()


# 159


def answered(program: Program, client: Client, resident: CardHolder, url: str) -> Callback:
    _uid, page = started(program, notifyUrl=url, ssmId="gate-7")
    client.get(page)
    agree(client, page, resident)
    relay.expand()
    relay.deliver()
    return Callback.objects.get()


def test_the_notice_is_signed_like_a_request(
    program: Program, place: Place, client: Client, resident: CardHolder, his: Receiver
) -> None:
    row = answered(program, client, resident, his.url)
    assert callbacks.send(row.public_id)
    (notice,) = his.notices
    assert his.paths == ["/ssm/notify?from=centre"]
    assert notice["sign"] == program.sign({name: notice[name] for name in notice if name != "sign"})
    assert notice["hospitalId"] == place.hospital_id
    assert (notice["statusCode"], notice["ext"]) == (AGREED, "gate-7")
    assert notice["healthCardId"] == resident.card.numbers.get().value
    assert set(notice) == {
        *("requestId", "hospitalId", "timestamp", "uid", "statusCode", "healthCardId"),
        *("openId", "unionId", "ext", "sign"),
    }
    assert not callbacks.send(row.public_id)
    assert len(his.notices) == 1


def test_a_notice_that_was_not_taken_is_sent_again_and_once_taken_no_more(
    program: Program, client: Client, resident: CardHolder, his: Receiver
) -> None:
    row = answered(program, client, resident, his.url)
    his.status = 503
    assert not callbacks.send(row.public_id)
    assert callbacks.due() == []
    row.refresh_from_db()
    assert (row.state, row.attempts, row.last_error) == ("pending", 1, "OutsideUnavailable")
    Callback.objects.update(next_attempt_at=clock.now() - timedelta(seconds=1))
    his.status = 200
    assert callbacks.due() == [row.public_id]
    assert callbacks.send(row.public_id)
    row.refresh_from_db()
    assert (row.state, row.attempts, len(his.notices)) == ("done", 2, 2)


def test_in_the_end_a_notice_is_given_up_visibly(
    program: Program, client: Client, resident: CardHolder, his: Receiver
) -> None:
    row = answered(program, client, resident, his.url)
    his.status = 500
    for _ in range(len(callbacks.BACKOFF_SECONDS) + 1):
        Callback.objects.update(next_attempt_at=clock.now() - timedelta(seconds=1))
        callbacks.send(row.public_id)
    row.refresh_from_db()
    assert row.state == "dead"
    assert callbacks.due() == []


def test_nothing_is_sent_to_a_host_that_is_no_longer_registered(
    program: Program, place: Place, client: Client, resident: CardHolder, his: Receiver
) -> None:
    row = answered(program, client, resident, his.url)
    gateway.set_hosts(client=place.client, hosts=["his.example.com"], actor=CENTRE)
    assert not callbacks.send(row.public_id)
    row.refresh_from_db()
    assert (row.state, row.last_error, his.notices) == ("dead", "AddressNotAllowed", [])


def test_nothing_is_sent_into_a_network_that_no_setting_names(
    program: Program, client: Client, resident: CardHolder, his: Receiver, settings: Settings
) -> None:
    row = answered(program, client, resident, his.url)
    settings.CALLBACK_NETWORKS = []
    assert not callbacks.send(row.public_id)
    row.refresh_from_db()
    assert (row.state, row.last_error, his.notices) == ("pending", "AddressNotPublic", [])


def test_without_an_address_no_notice_is_owed(program: Program, client: Client, resident: CardHolder) -> None:
    _uid, page = started(program)
    client.get(page)
    agree(client, page, resident)
    relay.expand()
    relay.deliver()
    assert not Callback.objects.exists()
