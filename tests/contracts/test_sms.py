"""The SMS client against the gateway, over the wire."""

import pytest
from pytest_django import Settings

from foundation.carriers import sms
from foundation.carriers.errors import (
    CarrierMisconfigured,
    CarrierRefused,
    CarrierTemporary,
    CarrierTimeout,
    RecipientRejected,
)
from tests.sandbox_server import Sandbox

PHONE = "19900001234"


def send(phone: str = PHONE, code: str = "402817", template: str = "sign_in_code") -> str:
    return sms.send(
        template=template, phone=phone, params={"code": code, "minutes": 5}, request_id="request-1"
    )


def test_a_message_arrives_with_its_code(sandbox: Sandbox) -> None:
    message_id = send()
    (message,) = sandbox.messages(PHONE)
    assert message["message_id"] == message_id
    assert message["code"] == "402817"


def test_the_same_request_is_sent_once(sandbox: Sandbox) -> None:
    assert send() == send()
    assert len(sandbox.messages(PHONE)) == 1


def test_a_request_id_is_not_for_two_messages(sandbox: Sandbox) -> None:
    send()
    with pytest.raises(CarrierRefused) as refused:
        send(code="111111")
    assert refused.value.code == "request_id_reused"


@pytest.mark.parametrize("phone", ["19900004030", "110"])
def test_a_number_that_cannot_be_reached_is_refused_for_good(sandbox: Sandbox, phone: str) -> None:
    with pytest.raises(RecipientRejected):
        send(phone=phone)


def test_a_wrong_key_is_our_own_mistake(sandbox: Sandbox, settings: Settings) -> None:
    settings.SMS_KEY = "wrong"
    with pytest.raises(CarrierMisconfigured):
        send()


def test_a_template_that_the_gateway_refuses_is_refused_for_good(sandbox: Sandbox) -> None:
    with pytest.raises(CarrierRefused) as refused:
        send(template="no such/template")
    assert refused.value.code == "template_invalid"


@pytest.mark.parametrize("kind", ["error", "outage"])
def test_a_broken_gateway_is_a_matter_of_time(sandbox: Sandbox, kind: str) -> None:
    sandbox.fault("sms", kind)
    with pytest.raises(CarrierTemporary):
        send()
    sandbox.repair()
    assert send()


def test_garbage_is_no_success(sandbox: Sandbox) -> None:
    sandbox.fault("sms", "garbage")
    with pytest.raises(CarrierRefused) as refused:
        send()
    assert refused.value.code == "protocol_error"


def test_after_no_answer_the_same_request_may_be_made_again(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Less than a silent gateway takes, and more than one that answers.
    monkeypatch.setattr(sms, "TIMEOUT_SECONDS", 3.0)
    sms._outbound.cache_clear()
    sandbox.fault("sms", "hang")
    with pytest.raises(CarrierTimeout):
        send()
    sandbox.repair()
    assert send() == send()
    assert len(sandbox.messages(PHONE)) == 1
    sms._outbound.cache_clear()


def test_a_gateway_that_is_not_there_is_a_matter_of_time(settings: Settings) -> None:
    settings.SMS_BASE = "http://127.0.0.1:9"
    with pytest.raises(CarrierTemporary):
        send()
