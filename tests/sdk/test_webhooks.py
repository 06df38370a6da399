"""Signed messages: made, checked, and sent again where that is safe."""

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest
import time_machine

import gmcrypto
import sdk
from sdk import webhooks
from tests.sdk.flaky import HANG_UP, Answer, Flaky

SECRET = webhooks.PREFIX + b64encode(bytes(range(32))).decode()
OTHER = webhooks.PREFIX + b64encode(bytes(32)).decode()
BODY = webhooks.encoded(
    {"type": "booking.booked", "timestamp": "2026-11-21T09:00:00+08:00", "data": {"booking_id": "b1"}}
)
TAKEN = Answer(202, {"accepted": True})


@pytest.fixture
def platform() -> Iterator[Callable[..., Flaky]]:
    running: list[Flaky] = []

    def start(*script: Answer) -> Flaky:
        running.append(Flaky(list(script)))
        return running[-1]

    yield start
    for each in running:
        each.stop()


def signed(*keys: webhooks.SigningKey, at: int | None = None, body: bytes = BODY) -> dict[str, str]:
    return webhooks.sign(keys, message_id="m1", timestamp=int(time.time()) if at is None else at, body=body)


def refusal(receiver: sdk.Receiver, headers: Mapping[str, str], body: bytes = BODY) -> str:
    with pytest.raises(sdk.EhcError) as caught:
        receiver.read(headers, body)
    return caught.value.code


def test_the_signature_is_the_hmac_of_id_time_and_bytes() -> None:
    headers = webhooks.sign([sdk.SharedKey(SECRET)], message_id="m1", timestamp=1795305600, body=b"{}")
    digest = hmac.digest(bytes(range(32)), b"m1.1795305600.{}", hashlib.sha256)
    assert headers == {
        "webhook-id": "m1",
        "webhook-timestamp": "1795305600",
        "webhook-signature": "v1," + b64encode(digest).decode(),
    }


@pytest.mark.row("NT-01")
@pytest.mark.parametrize("version", ["v1", "v1sm3"])
def test_a_message_under_a_shared_key_is_read(version: str) -> None:
    headers = {name.title(): value for name, value in signed(sdk.SharedKey(SECRET, version)).items()}
    message = sdk.Receiver(sdk.SharedKey(OTHER, version), sdk.SharedKey(SECRET, version)).read(headers, BODY)
    assert (message.id, message.type, message.data) == ("m1", "booking.booked", {"booking_id": "b1"})
    assert message.sent_at == datetime(2026, 11, 21, 1, tzinfo=UTC)


def test_a_message_under_an_sm2_key_is_read_on_either_side() -> None:
    private, public = gmcrypto.generate_keypair()
    headers = signed(sdk.Sm2Key(private.to_raw().hex()))
    receiver = sdk.Receiver(sdk.Sm2PublicKey(public.raw.hex()[-128:]))
    assert receiver.read(headers, BODY).id == "m1"
    assert refusal(receiver, headers, BODY + b" ") == "webhook_signature_wrong"


def test_of_several_signatures_one_that_fits_is_enough() -> None:
    headers = signed(sdk.SharedKey(OTHER), sdk.SharedKey(SECRET))
    headers["webhook-signature"] = "v9,abc nonsense v1,%% " + headers["webhook-signature"]
    assert sdk.Receiver(sdk.SharedKey(SECRET)).read(headers, BODY).id == "m1"


def test_a_message_of_another_key_version_time_or_text_is_refused() -> None:
    receiver = sdk.Receiver(sdk.SharedKey(SECRET))
    right = signed(sdk.SharedKey(SECRET))
    assert refusal(receiver, signed(sdk.SharedKey(OTHER))) == "webhook_signature_wrong"
    assert refusal(receiver, signed(sdk.SharedKey(SECRET, "v1sm3"))) == "webhook_signature_wrong"
    assert refusal(receiver, {**right, "webhook-id": "m2"}) == "webhook_signature_wrong"
    assert refusal(receiver, right, BODY + b"\n") == "webhook_signature_wrong"
    # The clock stands: a second later the early one would be in time.
    with time_machine.travel(int(time.time()), tick=False):
        for off in (-301, 301):
            late = signed(sdk.SharedKey(SECRET), at=int(time.time()) + off)
            assert refusal(receiver, late) == "webhook_out_of_time"
    assert refusal(receiver, {**right, "webhook-timestamp": "now"}) == "webhook_headers_missing"
    assert refusal(receiver, {}) == "webhook_headers_missing"
    assert refusal(receiver, signed(sdk.SharedKey(SECRET), body=b"[]"), b"[]") == "not_understood"


@pytest.mark.parametrize("secret", ["whsec_", "whsec_AAAA", "whsec_%%%", "whsec_" + "A" * 88])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        sdk.SharedKey(secret)


def test_an_sm2_public_key_is_a_point_of_the_curve() -> None:
    for key in ("", "00" * 64, "zz" * 64):
        with pytest.raises(ValueError, match=r".+"):
            sdk.Sm2PublicKey(key)


@pytest.mark.row("HI-05")
def test_an_event_is_sent_again_with_the_same_id_until_it_is_taken(platform: Callable[..., Flaky]) -> None:
    flaky = platform(HANG_UP, Answer(503, {"code": "unavailable"}), TAKEN)
    with sdk.EventSender(flaky.url, "client-1", sdk.SharedKey(SECRET), backoff=0.01) as events:
        event_id = events.send(
            "medicine.ready",
            {"window": "3"},
            aggregate="medicine:P1",
            seq=1,
            patient=sdk.Patient(patient_id="A100"),
        )
    assert {asked.headers["webhook-id"] for asked in flaky.asked} == {event_id}
    assert len(flaky.asked) == 3
    last = flaky.asked[-1]
    assert (last.path, last.headers["ehc-client"]) == ("/api/v1/events", "client-1")
    assert sdk.Receiver(sdk.SharedKey(SECRET)).read(last.headers, last.body).type == "medicine.ready"
    data = json.loads(last.body)["data"]
    assert data["patient"] == {"patient_id": "A100"}
    assert (data["event_id"], data["seq"], data["aggregate"]) == (event_id, 1, "medicine:P1")


@pytest.mark.row("HI-05")
def test_an_event_that_is_wrong_is_not_sent_again(platform: Callable[..., Flaky]) -> None:
    flaky = platform(Answer(422, {"code": "event_invalid", "detail": "…", "field": "data.window"}))
    with (
        sdk.EventSender(flaky.url, "client-1", sdk.SharedKey(SECRET), backoff=0.01) as events,
        pytest.raises(sdk.InvalidRequest) as caught,
    ):
        events.send("medicine.ready", aggregate="medicine:P1", seq=1)
    assert caught.value.field == "data.window"
    assert len(flaky.asked) == 1


def test_sender_and_receiver_need_a_key() -> None:
    with pytest.raises(ValueError, match="key"):
        sdk.Receiver()
    with pytest.raises(ValueError, match="key"):
        sdk.EventSender("http://127.0.0.1", "client-1")
