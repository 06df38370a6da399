"""The played hospitals: events with their faults, what the platform may ask, what it posts."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

import gmcrypto
import sdk
from sdk import webhooks
from tests.sandbox_server import Sandbox
from tests.sdk.flaky import Answer, Asked, Flaky

SECRET = webhooks.PREFIX + b64encode(b"k" * 32).decode()
OURS = webhooks.PREFIX + b64encode(b"o" * 32).decode()
CALLER = {"caller": "platform", "caller_key": "k1", "caller_secret": "caller-secret"}
ROOT = "/his/90001/v1"


@pytest.fixture
def platform() -> Iterator[Flaky]:
    flaky = Flaky([Answer(202, {})])
    yield flaky
    flaky.stop()


@pytest.fixture
def hospital(sandbox: Sandbox, platform: Flaky) -> Sandbox:
    sandbox.order(
        "his/hospitals",
        code="90001",
        name="示范医院",
        base_url=platform.url,
        client="client-1",
        signs={"v1": SECRET},
        checks=[{"version": "v1", "key": OURS}],
        **CALLER,
    )
    return sandbox


def send(hospital: Sandbox, kind: str = "medicine.ready", **order: Any) -> dict[str, Any]:
    said = hospital.order("his/events", hospital="90001", type=kind, **order)
    return dict(said["events"][0])


def ask(
    hospital: Sandbox, path: str, *, body: Any = None, key: str = "", secret: str = "caller-secret"
) -> httpx.Response:
    """Ask the hospital's interface as the platform does, signed by hand."""
    content = b"" if body is None else json.dumps(body).encode()
    method = "GET" if body is None else "POST"
    plain, _, query = path.partition("?")
    nonce, moment = secrets.token_urlsafe(18), str(int(time.time()))
    lines = ("EHC1", "HMAC-SM3", method, ROOT + plain, query, "platform", "k1", moment, nonce, key)
    text = "\n".join((*lines, hashlib.new("sm3", content).hexdigest()))
    headers = {
        "EHC-Client": "platform",
        "EHC-Key": "k1",
        "EHC-Timestamp": moment,
        "EHC-Nonce": nonce,
        "EHC-Algorithm": "HMAC-SM3",
        "EHC-Signature": b64encode(hmac.digest(secret.encode(), text.encode(), "sm3")).decode(),
        **({"Idempotency-Key": key} if key else {}),
    }
    return hospital.http.request(method, ROOT + path, content=content, headers=headers)


def read(asked: Asked) -> dict[str, Any]:
    """An event as the platform reads it; fails unless it is the hospital's."""
    return dict(sdk.Receiver(sdk.SharedKey(SECRET)).read(asked.headers, asked.body).data)


def until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")


@pytest.mark.row("HI-05")
def test_an_event_is_signed_numbered_and_on_record(hospital: Sandbox, platform: Flaky) -> None:
    first = send(hospital, number="P1", patient={"patient_id": "A1"})
    second = send(hospital, number="P1", data={"window": "5", "pick_code": None})
    assert (first["status"], first["aggregate"]) == (202, "prescription:P1")
    told = [read(asked) for asked in platform.asked]
    assert [each["seq"] for each in told] == [1, 2]
    assert told[0]["patient"] == {"patient_id": "A1"}
    assert told[1]["window"] == "5"
    assert "pick_code" not in told[1]
    assert platform.asked[0].headers["ehc-client"] == "client-1"
    found = ask(hospital, "/events?aggregate=prescription%3AP1&after=1").json()
    assert [each["data"]["event_id"] for each in found["events"]] == [second["event_id"]]


@pytest.mark.parametrize("version", ["v1sm3", "v1sm2"])
def test_events_are_signed_with_every_key_of_the_hospital(
    hospital: Sandbox, platform: Flaky, version: str
) -> None:
    private, public = gmcrypto.generate_keypair()
    keys = {"v1sm3": SECRET, "v1sm2": private.to_raw().hex()}
    hospital.order(
        "his/hospitals", code="90001", name="示范医院", base_url=platform.url, client="c", signs=keys
    )
    send(hospital)
    key = sdk.SharedKey(SECRET, "v1sm3") if version == "v1sm3" else sdk.Sm2PublicKey(public.raw.hex()[-128:])
    assert sdk.Receiver(key).read(platform.asked[0].headers, platform.asked[0].body).type == "medicine.ready"


@pytest.mark.row("NT-01")
def test_an_event_is_lost_doubled_or_spoiled_on_the_way(hospital: Sandbox, platform: Flaky) -> None:
    assert send(hospital, number="P1", way={"drop": True})["answer"] == "dropped"
    assert platform.asked == []
    send(hospital, number="P1", way={"copies": 3})
    assert [read(asked)["seq"] for asked in platform.asked] == [2, 2, 2]
    send(hospital, way={"badsign": True})
    send(hospital, way={"skew": -900})
    codes = []
    for asked in platform.asked[3:]:
        with pytest.raises(sdk.SignatureRefused) as caught:
            read(asked)
        codes.append(caught.value.code)
    assert codes == ["webhook_signature_wrong", "webhook_out_of_time"]
    missed = ask(hospital, "/events?aggregate=prescription%3AP1&after=0").json()["events"]
    assert [each["data"]["seq"] for each in missed] == [1, 2]


def test_the_feed_tells_everything_part_by_part(hospital: Sandbox) -> None:
    made = [send(hospital, way={"drop": True})["event_id"] for _ in range(3)]
    said = ask(hospital, "/feed?after=1").json()
    assert [each["data"]["event_id"] for each in said["events"]] == made[1:]
    assert (said["cursor"], said["more"]) == (3, False)
    assert ask(hospital, "/feed?after=3").json() == {"events": [], "cursor": 3, "more": False}
    assert ask(hospital, "/feed?after=x").status_code == 400


@pytest.mark.row("HI-05")
def test_an_event_is_sent_as_a_message_of_hl7(hospital: Sandbox, platform: Flaky) -> None:
    said = send(
        hospital,
        "report.published",
        number="R|1",
        patient={"patient_id": "A1"},
        way={"form": "hl7"},
    )
    (asked,) = platform.asked
    assert (said["status"], asked.path) == (202, "/api/v1/hl7")
    segments = [segment.split("|") for segment in asked.body.decode().rstrip("\r").split("\r")]
    assert [segment[0] for segment in segments[:3]] == ["MSH", "PID", "OBR"]
    assert segments[0][8:10] == ["ORU^R01", said["event_id"]]
    assert segments[1][3] == "A1^^^HIS^MR"
    assert (segments[2][3], segments[2][25]) == ("R\\F\\1", "F")
    # As many engines do, it brings the report as it is printed.
    assert (segments[-1][0], segments[-1][2]) == ("OBX", "ED")
    content = segments[-1][5].rpartition("^")[2]
    assert base64.b64decode(content).startswith(b"%PDF-")
    refused = {"hospital": "90001", "type": "medicine.ready", "way": {"form": "hl7"}}
    assert hospital.http.post("/console/api/his/events", json=refused).json()["code"] == "no_hl7_form"


@pytest.mark.row("NT-01")
def test_an_event_is_overtaken_by_the_next(hospital: Sandbox, platform: Flaky) -> None:
    hospital.fault("his", "reorder", rate=100)
    assert send(hospital, number="P1")["answer"] == "held"
    hospital.repair()
    send(hospital, number="P1")
    until(lambda: len(platform.asked) == 2)
    assert [read(asked)["seq"] for asked in platform.asked] == [2, 1]


def test_a_late_event_comes_after_all(hospital: Sandbox, platform: Flaky) -> None:
    assert send(hospital, way={"delay": 0.3})["answer"] == "late"
    until(lambda: len(platform.asked) == 1)


def test_what_was_not_taken_is_sent_again(hospital: Sandbox, platform: Flaky) -> None:
    platform.script[:] = [Answer(503, {}), Answer(202, {})]
    assert send(hospital, way={"retry": True})["status"] == 503
    until(lambda: len(platform.asked) == 2)
    assert platform.asked[0].headers["webhook-id"] == platform.asked[1].headers["webhook-id"]


@pytest.mark.parametrize("kind", ["duplicate", "drop", "badsign", "skew", "late"])
def test_a_switch_troubles_every_event(hospital: Sandbox, platform: Flaky, kind: str) -> None:
    hospital.fault("his", kind, milliseconds=100)
    send(hospital)
    expected = {"duplicate": 2, "drop": 0}.get(kind, 1)
    until(lambda: len(platform.asked) == expected)


def test_a_list_of_events_is_shuffled(hospital: Sandbox, platform: Flaky) -> None:
    orders = [{"type": "queue.updated", "number": "T1"}] * 20
    hospital.order("his/events", hospital="90001", events=orders, shuffle=True)
    seqs = [read(asked)["seq"] for asked in platform.asked]
    assert sorted(seqs) == list(range(1, 21))
    assert seqs != sorted(seqs)


@pytest.mark.parametrize(
    "order",
    [
        {"type": "unheard.of"},
        {"type": "medicine.ready", "data": []},
        {"type": "medicine.ready", "way": {"copies": 0}},
        {"type": "medicine.ready", "way": {"speed": 1}},
        {"type": "medicine.ready", "way": {"delay": "soon"}},
        {"events": []},
        {"type": "medicine.ready", "hospital": "none"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    hospital: Sandbox, platform: Flaky, order: dict[str, Any]
) -> None:
    answer = hospital.http.post("/console/api/his/events", json={"hospital": "90001", **order})
    assert answer.status_code in {400, 404}
    assert platform.asked == []


def test_only_the_platform_may_ask(hospital: Sandbox) -> None:
    path = "/events?aggregate=a&after=0"
    assert hospital.http.get(ROOT + path).json()["code"] == "caller_unknown"
    assert ask(hospital, path, secret="another").json()["code"] == "signature_invalid"
    assert ask(hospital, path).status_code == 200


def test_a_patient_is_found_and_made_once_for_each_key(hospital: Sandbox) -> None:
    person = {"name": "林知秋", "id_type": "01", "id_number": "11010019900101997X"}
    assert ask(hospital, "/patients/search", body=person).json()["patients"] == []
    first = ask(hospital, "/patients", body=person, key="k" * 16)
    again = ask(hospital, "/patients", body=person, key="k" * 16)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    found = ask(hospital, "/patients/search", body=person).json()["patients"]
    assert [each["patient_id"] for each in found] == [first.json()["patient_id"]]
    # As in many hospitals, another key makes another record.
    ask(hospital, "/patients", body=person, key="m" * 16)
    assert len(ask(hospital, "/patients/search", body=person).json()["patients"]) == 2
    assert ask(hospital, "/patients", body=person).status_code == 400


def test_a_hospital_cannot_tell_two_records_apart(hospital: Sandbox) -> None:
    assert len(ask(hospital, "/patients/search", body={"name": "测重名"}).json()["patients"]) == 2


def test_schedules_are_told_for_the_days_that_are_asked(hospital: Sandbox) -> None:
    said = [{"code": f"S{day}", "date": f"2026-12-0{day}"} for day in (1, 2, 3)]
    hospital.order("his/schedules", hospital="90001", schedules=said)
    told = ask(hospital, "/schedules?from=2026-12-01&to=2026-12-02").json()
    assert [each["code"] for each in told["schedules"]] == ["S1", "S2"]
    assert told["as_of"].endswith("+08:00")
    hospital.order("his/schedules", hospital="90001", schedules=said[2:])
    assert ask(hospital, "/schedules?from=2026-12-01&to=2026-12-02").json()["schedules"] == []


def test_a_report_comes_as_pdf(hospital: Sandbox) -> None:
    send(hospital, "report.published", number="R1")
    answer = ask(hospital, "/reports/R1/document")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.4")
    assert "白细胞计数".encode("utf-16-be").hex().encode() in answer.content
    assert ask(hospital, "/reports/R2/document").status_code == 404


def test_a_queue_is_told_as_it_was_kept(hospital: Sandbox) -> None:
    hospital.order("his/queues", hospital="90001", queue_code="Q1", tickets=[])
    assert ask(hospital, "/queues/Q1").json()["tickets"] == []
    assert ask(hospital, "/queues/Q2").status_code == 404


def test_the_platforms_messages_are_checked(hospital: Sandbox) -> None:
    body = webhooks.encoded(
        {"type": "appointment.booked", "timestamp": "2026-11-21T09:00:00+08:00", "data": {}}
    )

    def post(secret: str, message_id: str = "m1") -> int:
        headers = webhooks.sign(
            [sdk.SharedKey(secret)], message_id=message_id, timestamp=int(time.time()), body=body
        )
        return hospital.http.post("/his/90001/messages", content=body, headers=headers).status_code

    assert [post(OURS), post(OURS), post(SECRET, "m2")] == [204, 204, 401]
    newest, again, first = hospital.show("his/messages")["messages"]
    assert (first["is_new"], again["is_new"], newest["objection"]) == (True, False, "signature_wrong")
    assert first["message"]["type"] == "appointment.booked"


def test_the_page_sends_and_shows(hospital: Sandbox, platform: Flaky) -> None:
    form = {"hospital": "90001", "type": "report.published", "patient": "A1", "number": "R9", "way": "copies"}
    assert hospital.http.post("/console/his", data=form).status_code == 303
    assert len(platform.asked) == 3
    text = hospital.http.get("/console/his").text
    assert "report:R9 #1" in text
    assert SECRET not in text
    assert hospital.http.post("/console/his", data={**form, "hospital": "no"}).status_code == 404


def test_every_kind_has_an_example_and_no_key_is_shown(hospital: Sandbox) -> None:
    kinds = hospital.show("his/kinds")["kinds"]
    assert len(kinds) > 20
    # In the form of the platform's own page, and of today.
    (report,) = (each for each in kinds if each["type"] == "report.amended")
    assert report["about"] == "report"
    assert report["data"]["report_no"].isdecimal()
    (plan,) = (each for each in kinds if each["type"] == "schedule.changed")
    assert plan["data"]["date"] >= datetime.fromtimestamp(time.time(), UTC).date().isoformat()
    orders = [{"type": kind["type"]} for kind in kinds]
    said = hospital.order("his/events", hospital="90001", events=orders)["events"]
    assert {each["status"] for each in said} == {202}
    assert SECRET not in str(hospital.show("his/hospitals"))
