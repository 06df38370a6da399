"""Messages of HL7 v2 as an integration engine sends them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine
from django.test import Client

from appointments.models import Booking
from cards.services.binding import link_patient
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.events import relay
from foundation.events.models import InboxMessage
from foundation.events.types import InboxState
from interop.hl7.mapping import events_of
from interop.hl7.parsing import NotHl7, moment_of, parse
from sdk.errors import EhcError
from sdk.webhooks import EventSender, SharedKey
from tests.appointments.booking import session
from tests.cards.world import Holder
from tests.interop.senders import Sender, sender_of
from tests.interop.world import Place

pytestmark = pytest.mark.django_db
PATH = "/api/v1/hl7"


def header(kind: str, control: str = "MSG00001", at: str = "20261121093000+0800") -> str:
    return f"MSH|^~\\&|LIS|TESTHOSP|EHC|CENTRE|{at}||{kind}|{control}|P|2.5.1||||||UNICODE UTF-8"


def report(control: str = "MSG00001", *, status: str = "F", patient: str = "P-1001") -> str:
    return "\r".join(
        [
            header("ORU^R01^ORU_R01", control),
            f"PID|1||110101199001011234^^^^NI~{patient}^^^TESTHOSP^MR||测试^甲",
            "PV1|1|O|||||||||||||||||V20261121",
            f"OBR|1|P77|R20261121-1|CBC^血常规|||20261121083000|||||||||||||||20261121092500||LAB|{status}"
            "|||||||D01^示范医生乙",
            "OBX|1|NM|WBC^白细胞计数||12.5|10\\S\\9/L|3.5-9.5|H|||F",
            "OBX|2|SN|CRP^C反应蛋白||<^0.5|mg/L|0-8||||F",
            "OBX|3|TX|NOTE&IMP^提示||建议复查~三天后||||||F",
            "OBX|4|ED|PDF^报告||^application^pdf^Base64^JVBERi0=||||||F",
        ]
    )


@pytest.fixture
def sender(place: Place) -> Sender:
    return sender_of(place)


@pytest.fixture
def patient(place: Place, who: Holder) -> Holder:
    hospital = Actor(kind=ActorKind.CLIENT, id=place.client, institution=place.public_id)
    link_patient(card_pk=who.card.pk, patient_id="P-1001", actor=hospital)
    return who


def send(sender: Sender, text: str, **headers: Any) -> tuple[int, list[list[str]]]:
    """Status and the acknowledgement, as fields of segments."""
    answer = sender.send(text.encode(), PATH, content_type="application/hl7-v2", **headers)
    lines = answer.content.decode().strip("\r").split("\r")
    return answer.status_code, [line.split("|") for line in lines]


@pytest.mark.row("HI-05")
def test_a_report_is_acknowledged_and_becomes_an_event(sender: Sender, patient: Holder) -> None:
    status, ack = send(sender, report())
    assert (status, ack[1][:3]) == (200, ["MSA", "AA", "MSG00001"])
    assert ack[0][8] == "ACK^R01^ACK"
    assert ack[0][4:6] == ["LIS", "TESTHOSP"]
    row = InboxMessage.objects.get()
    assert (row.topic, row.aggregate) == ("report.published", "report:R20261121-1")
    relay.work_inbox()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (InboxState.DONE, "")


def test_what_a_report_says_is_read_field_by_field() -> None:
    [told] = events_of(parse(report().encode())) or []
    data = told["data"]
    assert data["patient"] == {"patient_id": "P-1001"}
    assert data["kind"] == "lab"
    assert data["title"] == "血常规"
    assert data["doctor"] == "示范医生乙"
    assert data["encounter_no"] == "V20261121"
    assert data["reported_at"] == "2026-11-21T09:25:00+08:00"
    assert data["conclusion"] == "建议复查\n三天后"
    assert data["results"] == [
        {
            "code": "WBC",
            "name": "白细胞计数",
            "value": "12.5",
            "unit": "10^9/L",
            "range": "3.5-9.5",
            "mark": "H",
        },
        {"code": "CRP", "name": "C反应蛋白", "value": "<0.5", "unit": "mg/L", "range": "0-8"},
    ]


@pytest.mark.parametrize(
    ("status", "kinds"),
    [("F", ["report.published"]), ("C", ["report.amended"]), ("X", ["report.revoked"]), ("P", [])],
)
def test_the_status_of_a_report_decides_what_it_is(status: str, kinds: list[str]) -> None:
    assert [told["type"] for told in events_of(parse(report(status=status).encode())) or []] == kinds


@pytest.mark.row("HI-05")
def test_a_message_sent_again_is_acknowledged_again_and_kept_once(sender: Sender) -> None:
    for _ in range(2):
        assert send(sender, report())[1][1][1] == "AA"
    assert InboxMessage.objects.count() == 1


def test_two_orders_of_a_message_are_two_reports() -> None:
    second = f"OBR|2||R20261121-2|XR^胸部正位片|||20261121{'|' * 17}RAD|F"
    told = events_of(parse(f"{report()}\r{second}".encode())) or []
    assert [one["data"]["kind"] for one in told] == ["lab", "imaging"]
    assert len({one["data"]["event_id"] for one in told}) == 2


def test_the_sdk_hands_a_message_over(sender: Sender) -> None:
    def product(request: httpx.Request) -> httpx.Response:
        answer = Client().generic(
            "POST", request.url.path, request.content, headers=dict(request.headers.items())
        )
        return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.items()))

    transport = httpx.MockTransport(product)
    with EventSender(
        "http://testserver", sender.client, SharedKey(sender.secret), transport=transport
    ) as his:
        assert "MSA|AA|MSG00001" in his.send_hl7(report())
        with pytest.raises(EhcError) as refused:
            his.send_hl7("nothing")
    assert refused.value.code == "not_hl7"


@pytest.mark.row("HI-05")
def test_what_is_missing_is_named_in_the_acknowledgement(sender: Sender) -> None:
    text = report().replace("R20261121-1", "").replace("P77", "")
    status, ack = send(sender, text)
    assert (status, ack[1][1]) == (200, "AE")
    assert ack[2][2:4] == ["OBR[1]-3", "101"]
    assert not InboxMessage.objects.exists()


def test_nothing_is_kept_of_a_message_of_which_a_part_is_wrong(sender: Sender) -> None:
    second = f"OBR|2||{'R' * 65}|XR^胸部正位片|||20261121{'|' * 17}RAD|F"
    _status, ack = send(sender, f"{report()}\r{second}")
    assert (ack[1][1], ack[2][2]) == ("AE", "data.report_no")
    assert not InboxMessage.objects.exists()


def test_a_kind_that_is_not_heard_is_rejected(sender: Sender) -> None:
    status, ack = send(sender, header("ADT^A01"))
    assert (status, ack[1][1], ack[2][3]) == (200, "AR", "200")


@pytest.mark.parametrize("body", [b"", b"PID|1", b"MSH|", b"MSH|||||||||", b"MSH|^~\\&|\xff\xfe|x"])
def test_what_is_no_message_is_a_problem(sender: Sender, body: bytes) -> None:
    answer = sender.send(body, PATH, content_type="application/hl7-v2")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_hl7")


def test_a_wrong_signature_is_refused_before_anything_is_read(sender: Sender) -> None:
    stranger = Sender(client=sender.client, secret="whsec_" + "A" * 44)
    answer = stranger.send(report().encode(), PATH, content_type="application/hl7-v2")
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")


def test_line_ends_framing_and_the_charset_are_as_systems_write_them() -> None:
    text = report().replace("UNICODE UTF-8", "GB 18030-2000").replace("\r", "\r\n")
    framed = b"\x0b" + text.encode("gb18030") + b"\x1c\r"
    [told] = events_of(parse(framed)) or []
    assert told["data"]["title"] == "血常规"
    with pytest.raises(NotHl7):
        parse(text.replace("GB 18030-2000", "UNICODE UTF-8").encode("gb18030"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("20261121", "2026-11-21T00:00:00+08:00"),
        ("202611210930", "2026-11-21T09:30:00+08:00"),
        ("20261121013000.25+0000", "2026-11-21T01:30:00.250000+00:00"),
        ("20261321", None),
        ("yesterday", None),
    ],
)
def test_times_are_read_as_beijings_unless_they_say_otherwise(text: str, shown: str | None) -> None:
    moment = moment_of(text)
    assert (moment.isoformat() if moment else None) == shown


# Appointments


def appointment(trigger: str, code: str, starts: str, control: str, at: str) -> str:
    return "\r".join(
        [
            header(f"SIU^{trigger}^SIU_S12", control, at),
            f"SCH|PL1|YY-1|||{code}|R^患者来电取消|||||^^30^{starts}",
            "PID|1||P-1001^^^TESTHOSP^MR",
        ]
    )


@pytest.mark.row("HI-05")
def test_a_place_is_booked_moved_and_cancelled_by_messages(
    place: Place, sender: Sender, patient: Holder
) -> None:
    clinic = session(institution=place.public_id, bands=2)
    first, second = (f"{clock.beijing(slot.starts_at):%Y%m%d%H%M%S}" for slot in clinic.slots)
    code, base = clinic.schedule.code, clock.now()
    steps = [("S12", first, "booked"), ("S13", second, "booked"), ("S15", second, "cancelled")]
    for number, (trigger, starts, state) in enumerate(steps):
        at = f"{clock.beijing(base + timedelta(seconds=number)):%Y%m%d%H%M%S}"
        _status, ack = send(sender, appointment(trigger, code, starts, f"C{number}", at))
        assert ack[1][1] == "AA", ack
        relay.work_inbox()
        row = Booking.objects.get(hospital_ref="YY-1")
        assert (row.state, row.slot.starts_at) == (state, clinic.slots[min(number, 1)].starts_at)
    assert not InboxMessage.objects.exclude(state=InboxState.DONE).exists()


def test_a_cancellation_that_comes_before_its_booking_has_the_last_word(
    place: Place, sender: Sender, patient: Holder
) -> None:
    clinic = session(institution=place.public_id)
    starts = f"{clock.beijing(clinic.slots[0].starts_at):%Y%m%d%H%M%S}"
    base = clock.now()
    for trigger, second in (("S15", 1), ("S12", 0)):
        at = f"{clock.beijing(base + timedelta(seconds=second)):%Y%m%d%H%M%S}"
        send(sender, appointment(trigger, clinic.schedule.code, starts, f"C{second}", at))
    for hours in range(4):
        with time_machine.travel(base + timedelta(hours=hours)):
            relay.work_inbox()
    assert not Booking.objects.filter(state="booked").exists()


def test_who_did_not_come_is_noted_once_their_time_has_come(
    place: Place, sender: Sender, patient: Holder
) -> None:
    clinic = session(institution=place.public_id)
    starts = f"{clock.beijing(clinic.slots[0].starts_at):%Y%m%d%H%M%S}"
    now = f"{clock.beijing(clock.now()):%Y%m%d%H%M%S}"
    send(sender, appointment("S12", clinic.schedule.code, starts, "C0", now))
    relay.work_inbox()
    with time_machine.travel(clinic.slots[0].starts_at + timedelta(hours=1)):
        later = f"{clock.beijing(clock.now()):%Y%m%d%H%M%S}"
        _status, ack = send(sender, appointment("S26", clinic.schedule.code, starts, "C1", later))
        assert ack[1][1] == "AA"
        relay.work_inbox()
    assert Booking.objects.get(hospital_ref="YY-1").state == "missed"
