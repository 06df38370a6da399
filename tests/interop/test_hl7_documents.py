"""PDFs inside messages of HL7 v2: kept with their reports, or refused with the field's name."""

import base64
from datetime import timedelta

import pytest

from cards.services.binding import link_patient
from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.events import relay
from foundation.events.models import InboxMessage
from foundation.gateway import inbound
from interop.hl7.views import MAX_BODY_BYTES
from records.models import ArrivedDocument, Document, Report
from records.selectors.reports import document_of
from tests.cards.world import Holder
from tests.interop.senders import Sender, event, sender_of
from tests.interop.test_hl7 import header, send
from tests.interop.world import Place

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-05"), pytest.mark.row("OP-12")]
PDF = b"%PDF-1.4\n% printed by a hospital of the tests\n%%EOF\n"
OTHER = b"%PDF-1.4\n% another one\n%%EOF\n"


def ed(content: bytes = PDF, *, kind: str = "^application^pdf^Base64", text: str = "") -> str:
    return f"OBX|2|ED|PDF^报告||{kind}^{text or base64.b64encode(content).decode()}||||||F"


def group(number: str, *observed: str, status: str = "F") -> list[str]:
    return [
        f"OBR|1|P77|{number}|CBC^血常规|||20261121083000|||||||||||||||20261121092500||LAB|{status}",
        "OBX|1|NM|WBC^白细胞计数||12.5|10\\S\\9/L|3.5-9.5|H|||F",
        *observed,
    ]


def report(*groups: list[str], control: str = "MSG1", patient: str = "P-1001") -> str:
    lines = [header("ORU^R01^ORU_R01", control), f"PID|1||{patient}^^^TESTHOSP^MR||测试^甲"]
    return "\r".join([*lines, *(line for each in groups for line in each)])


@pytest.fixture
def sender(place: Place) -> Sender:
    return sender_of(place)


def known(place: Place, who: Holder, patient: str = "P-1001") -> None:
    hospital = Actor(kind=ActorKind.CLIENT, id=place.client, institution=place.public_id)
    link_patient(card_pk=who.card.pk, patient_id=patient, actor=hospital)


def documents() -> dict[str, bytes | None]:
    return {row.number: document_of(row.public_id, row.version) for row in Report.objects.all()}


def test_the_pdf_in_a_message_is_the_documents_of_its_report(
    place: Place, who: Holder, sender: Sender
) -> None:
    known(place, who)
    assert send(sender, report(group("R1", ed()), group("R2", ed(OTHER)), group("R3")))[1][1][1] == "AA"
    assert ArrivedDocument.objects.count() == 2
    relay.work_inbox()
    assert documents() == {"R1": PDF, "R2": OTHER, "R3": None}
    assert not ArrivedDocument.objects.exists()
    assert AuditEntry.objects.filter(action=Action.REPORT_DOCUMENT_KEPT).count() == 2


def test_the_same_message_again_leaves_nothing_behind(place: Place, who: Holder, sender: Sender) -> None:
    known(place, who)
    for _ in range(2):
        assert send(sender, report(group("R1", ed())))[1][1][1] == "AA"
        relay.work_inbox()
    assert documents() == {"R1": PDF}
    assert not ArrivedDocument.objects.exists()


def test_it_waits_with_its_report_until_the_patient_is_known(
    place: Place, who: Holder, sender: Sender
) -> None:
    send(sender, report(group("R1", ed())))
    relay.work_inbox()
    assert documents() == {}
    known(place, who)
    InboxMessage.objects.update(next_attempt_at=clock.now() - timedelta(seconds=1))
    relay.work_inbox()
    assert documents() == {"R1": PDF}


def test_a_corrected_report_has_the_corrected_pdf(place: Place, who: Holder, sender: Sender) -> None:
    known(place, who)
    send(sender, report(group("R1", ed())))
    relay.work_inbox()
    corrected = report(group("R1", ed(OTHER), status="C"), control="MSG2").replace("|12.5|", "|11.5|")
    send(sender, corrected.replace("20261121093000", "20261121100000"))
    relay.work_inbox()
    assert documents() == {"R1": OTHER}
    assert Document.objects.count() == 2


def test_a_report_that_was_told_without_gets_its_pdf_afterwards(
    place: Place, who: Holder, sender: Sender
) -> None:
    known(place, who)
    send(sender, report(group("R1")))
    relay.work_inbox()
    again = report(group("R1", ed()), control="MSG2").replace("20261121093000", "20261121100000")
    send(sender, again)
    relay.work_inbox()
    assert documents() == {"R1": PDF}
    assert Report.objects.get().version == 1


@pytest.mark.parametrize(
    "observed",
    [
        ed(b"<html>"),
        ed(text="JVBERi0*"),
        ed(kind="^application^pdf^Hex", text="255044462D"),
        "OBX|2|ED|PDF^报告||^AP^PDF^Base64^||||||F",
    ],
)
def test_what_calls_itself_a_pdf_and_is_none_is_refused_with_its_field(sender: Sender, observed: str) -> None:
    status, ack = send(sender, report(group("R1", observed)))
    assert (status, ack[1][1]) == (200, "AE")
    assert ack[2][2] == "OBX[2]-5"
    assert not InboxMessage.objects.exists()
    assert not ArrivedDocument.objects.exists()


@pytest.mark.parametrize("kind", ["^image^jpeg^Base64", "^application^rtf^Base64", "^TEXT^XML^Base64"])
def test_files_of_other_kinds_are_passed_over(place: Place, who: Holder, sender: Sender, kind: str) -> None:
    known(place, who)
    assert send(sender, report(group("R1", ed(kind=kind))))[1][1][1] == "AA"
    relay.work_inbox()
    assert documents() == {"R1": None}


def test_a_broken_pdf_of_a_report_that_is_not_final_holds_up_nothing(
    place: Place, who: Holder, sender: Sender
) -> None:
    known(place, who)
    text = report(group("R0", ed(b"<html>"), status="P"), group("R1", ed()))
    assert send(sender, text)[1][1][1] == "AA"
    relay.work_inbox()
    assert documents() == {"R1": PDF}


def test_a_message_that_is_too_large_is_refused_before_it_is_read(sender: Sender) -> None:
    large = report(group("R1", ed(PDF + b"0" * MAX_BODY_BYTES)))
    answer = sender.send(large.encode(), "/api/v1/hl7", content_type="application/hl7-v2")
    assert answer.status_code == 413
    nearly = report(group("R1", ed(PDF + b"0" * 700_000)))
    assert len(nearly.encode()) < MAX_BODY_BYTES
    assert send(sender, nearly)[1][1][1] == "AA"


def test_a_hospital_cannot_take_the_pdf_of_another(place: Place, who: Holder, sender: Sender) -> None:
    send(sender, report(group("R1", ed())))
    digest = ArrivedDocument.objects.get().digest
    other = Place()
    told = event(
        "report.published",
        aggregate="report:R1",
        report_no="R1",
        title="血常规",
        reported_at=clock.now().isoformat(),
        document_sm3=digest,
        patient={"health_card_id": who.number.value},
    )
    told["data"]["kind"] = "lab"
    inbound.accept(told, institution=other.public_id)
    InboxMessage.objects.update(next_attempt_at=clock.now() - timedelta(seconds=1))
    relay.work_inbox()
    assert documents() == {"R1": None}
    assert ArrivedDocument.objects.count() == 1
