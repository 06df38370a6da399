"""What carriers tell afterwards: only from them, once, in any order."""

import json
import time
from datetime import time as day_time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

import gmcrypto
from foundation.accounts.models import MethodKind
from foundation.carriers import weixin_push
from foundation.core import clock
from foundation.events import relay
from foundation.events.models import InboxMessage
from foundation.events.services import Message as Event
from notifications import services
from notifications.handlers import receipts
from notifications.models import Dispatch, Grant
from notifications.rules.topics import Channel, DispatchState
from sandbox.weixin import push as played
from tests.accounts import people
from tests.notifications.sending import daytime, dispatch, send, template, told, weixin_user, with_openid
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("NT-02")]

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APPID = "wxb11529c136998cb6"


# The published vectors of WeChat's documents, as the reference has them.


def test_the_published_signature_of_a_push_holds() -> None:
    assert weixin_push.is_signed(
        "AAAAA", "1714037059", "486452656", signature="899cf89e464efb63f54ddac96b0a0a235f53aa78"
    )
    assert not weixin_push.is_signed(
        "AAAAB", "1714037059", "486452656", signature="899cf89e464efb63f54ddac96b0a0a235f53aa78"
    )
    assert not weixin_push.is_signed("", signature="da39a3ee5e6b4b0d3255bfef95601890afd80709")


def test_the_published_message_opens() -> None:
    sealed = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    assert weixin_push.decrypted(sealed, key=KEY, appid=APPID) == "我是中文abcd123".encode()
    assert weixin_push.decrypted(sealed, key=KEY, appid="wx-another") is None
    assert weixin_push.decrypted(sealed, key=KEY[::-1], appid=APPID) is None
    assert weixin_push.decrypted("AAAA", key=KEY, appid=APPID) is None
    again = played.encrypted("我是中文abcd123".encode(), key=KEY, appid=APPID, random=b"aaaabbbbccccdddd")
    assert again == sealed


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<xml>", b'<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>', b"{"]
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(weixin_push.PushRefused):
        weixin_push.parsed(body)


def sealed_push(said: dict[str, Any], *, appid: str = "", key: str = KEY) -> tuple[str, bytes]:
    sealed = played.encrypted(json.dumps(said).encode(), key=key, appid=appid or settings.WEIXIN_MINI_APPID)
    query = played.signed(settings.WEIXIN_PUSH_TOKEN, "1700000000", "n1", sealed)
    address = "/carriers/weixin/mini?" + "&".join(f"{name}={value}" for name, value in query.items())
    return address, json.dumps({"ToUserName": "gh_1", "Encrypt": sealed}).encode()


def push(client: Client, said: dict[str, Any], **more: str) -> int:
    address, body = sealed_push(said, **more)
    return client.post(address, body, content_type="application/json").status_code


def answer(openid: str, status: str = "accept", event: str = "subscribe_msg_popup_event") -> dict[str, Any]:
    entry = {"TemplateId": "sandbox-visit", "SubscribeStatusString": status, "PopupScene": "0"}
    return {"FromUserName": openid, "CreateTime": 1, "MsgType": "event", "Event": event, "List": entry}


def test_weixin_proves_the_address(client: Client) -> None:
    signature = played.signed(settings.WEIXIN_PUSH_TOKEN, "1", "2", "")["signature"]
    told_back = client.get(
        "/carriers/weixin/mini", {"timestamp": "1", "nonce": "2", "signature": signature, "echostr": "e"}
    )
    assert told_back.content == b"e"
    assert (
        client.get(
            "/carriers/weixin/mini", {"timestamp": "1", "nonce": "3", "signature": signature}
        ).status_code
        == 403
    )
    assert client.get("/carriers/weixin/other", {"signature": signature}).status_code == 404


def test_a_grant_is_counted_once_however_often_weixin_tells_it(client: Client) -> None:
    with_openid(people.citizen(), MethodKind.WEIXIN_MINI, "o-citizen")
    for _ in range(3):
        assert push(client, answer("o-citizen")) == 200
    assert InboxMessage.objects.count() == 1
    relay.work_inbox()
    assert Grant.objects.get().left == 1
    assert push(client, answer("o-citizen", "reject", "subscribe_msg_change_event")) == 200
    relay.work_inbox()
    assert (Grant.objects.get().left, Grant.objects.get().is_refused) == (0, True)


def test_what_is_not_from_weixin_changes_nothing(client: Client) -> None:
    with_openid(people.citizen(), MethodKind.WEIXIN_MINI, "o-citizen")
    assert push(client, answer("o-citizen"), appid="wx-another") == 403
    assert push(client, answer("o-citizen"), key=KEY[::-1]) == 403
    address, body = sealed_push(answer("o-citizen"))
    assert client.post(address + "0", body, content_type="application/json").status_code == 403
    # Plain text is not believed where a key is set up.
    plain = json.dumps(answer("o-citizen")).encode()
    assert client.post(address, plain, content_type="application/json").status_code == 403
    assert not InboxMessage.objects.exists()


def sms_receipt(client: Client, said: dict[str, Any], *, key: str = "", stamp: int = 0) -> int:
    body = json.dumps(said).encode()
    at = str(stamp or int(time.time()))
    secret = (key or settings.SMS_KEY).encode()
    signature = gmcrypto.hmac_sm3(secret, f"{at}.".encode() + body).hex()
    headers = {"X-Timestamp": at, "X-Signature": signature}
    return client.post(
        "/carriers/sms/sms", body, content_type="application/json", headers=headers
    ).status_code


def test_a_receipt_of_a_stranger_is_refused(client: Client) -> None:
    said = {"message_id": "sms-1", "status": "delivered"}
    assert sms_receipt(client, said) == 200
    assert sms_receipt(client, said, key="another") == 401
    assert sms_receipt(client, said, stamp=1_700_000_000) == 401
    wrongs: list[Any] = ["eaten", ["delivered"], {}]
    for wrong in wrongs:
        assert sms_receipt(client, {"message_id": "sms-1", "status": wrong}) == 400
    endless = client.post(
        "/carriers/sms/sms", b"{}", content_type="application/json", headers={"X-Timestamp": "9" * 5_000}
    )
    assert endless.status_code == 401
    assert InboxMessage.objects.count() == 1


def test_a_receipt_that_overtakes_the_answer_counts(client: Client, sandbox: Sandbox) -> None:
    template("appointment.booked")
    with daytime():
        row = dispatch(told(people.citizen()))
    Dispatch.objects.filter(pk=row.pk).update(state=DispatchState.SENDING, supplier="sms", attempts=1)
    event = Event(
        "e1",
        "sms.receipt.v1",
        {
            "request_id": row.public_id,
            "message_id": "sms-1",
            "status": "delivered",
            "supplier": "sms",
        },
    )
    receipts.on_sms_receipt(event)
    receipts.on_sms_receipt(event)
    row.refresh_from_db()
    assert row.state == DispatchState.DELIVERED
    assert row.sent_at is not None


def test_a_receipt_without_its_message_waits_a_minute_and_is_done_with() -> None:
    said = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": "5", "Status": "success", "FromUserName": "o"}
    with daytime() as moving:
        event = Event("e1", "weixin.push.v1", {**said, "received_at": clock.now().isoformat()})
        with pytest.raises(receipts.ReceiptTooEarly):
            receipts.on_weixin_push(event)
        moving.shift(61)
        receipts.on_weixin_push(event)


def test_a_receipt_that_says_no_sends_the_message_another_way(sandbox: Sandbox) -> None:
    account = people.citizen()
    weixin_user(sandbox, account, "official")
    template("appointment.booked", Channel.OFFICIAL)
    template("appointment.booked")
    with daytime():
        message = told(account)
        send()
        number = dispatch(message, Channel.OFFICIAL).provider_reference
        said = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": number, "Status": "failed:user block"}
        receipts.on_weixin_push(
            Event("e1", "weixin.push.v1", {**said, "received_at": clock.now().isoformat()})
        )
        send()
    row = dispatch(message, Channel.OFFICIAL)
    assert (row.state, row.error) == (DispatchState.PERMANENT_FAILURE, "failed:user block")
    assert dispatch(message, Channel.SMS).state == DispatchState.SENT


@pytest.mark.django_db(transaction=True)
def test_the_carriers_receipts_come_in_over_http(
    sandbox: Sandbox, live_server: LiveServer, settings: Settings
) -> None:
    sandbox.order("portal", url=live_server.url)
    account = people.citizen()
    user = weixin_user(sandbox, account)
    template("appointment.booked", Channel.SUBSCRIBE)
    template("appointment.stopped")
    sandbox.order("weixin/grants", user=user["id"], template_id="sandbox-visit")
    assert eventually(lambda: Grant.objects.filter(left=1).exists())
    # The carriers sign with the time that it is; so nobody may have a quiet night now.
    services.set_quiet_hours(account_pk=account.pk, starts=day_time(22), ends=day_time(7), is_on=False)
    booked, stopped = told(account), told(account, "appointment.stopped")
    send()
    assert eventually(
        lambda: (
            dispatch(booked, Channel.SUBSCRIBE).state == DispatchState.DELIVERED
            and dispatch(stopped).state == DispatchState.DELIVERED
        )
    )


def eventually(holds: Any) -> bool:
    """Work the inbox until it holds; the carriers take their time."""
    for _ in range(600):
        relay.work_inbox()
        if holds():
            return True
        time.sleep(0.1)
    return False
