"""Self-service issue over HTTP, signed: document, check, card, label (ID-06)."""

import base64
import secrets
from datetime import timedelta
from typing import Any

import orjson
import pytest
import time_machine
import zxingcpp
from django.db import transaction
from django.test import Client

from cards.errors import KioskSessionOver
from cards.models import Card, CardNumber, CodePrint, KioskSession
from cards.services import kiosk, life
from cards.states import Channel
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from identity.models import IdentityCheck
from institutions import services as institutions
from tests.cards.channels import stop
from tests.cards.holding import card_holder
from tests.cards.world import CENTRE, NAME, Hospital, citizen_number, hospital
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-06")]

ROOT = "/api/v1/kiosk/sessions"
KNOWN_BY_ANOTHER_NAME = "110100199001019910"
FACE = {"kind": "face", "passed": True, "reference": "face-0001"}


class Machine:
    """A terminal in the hall of a hospital, registered as self-service."""

    def __init__(self, where: Hospital, *, kind: str = "02", terminal_id: str = "K01") -> None:
        self.where = where
        self.terminal_id = terminal_id
        self.terminal = institutions.add_terminal(
            institution=where.public_id, terminal_id=terminal_id, name="自助机", kind=kind, actor=CENTRE
        )
        self.session = ""

    def call(self, path: str, body: Any = None, *, method: str = "POST", key: str = "") -> Any:
        content = orjson.dumps(body) if body is not None else b""
        key = key or secrets.token_urlsafe(16)
        headers = self.where.signer.headers(method, path, content, idempotency_key=key)
        return Client().generic(method, path, content, content_type="application/json", **headers)

    def step(self, word: str, body: Any = None, *, key: str = "") -> Any:
        return self.call(f"{ROOT}/{self.session}/{word}", body, key=key)

    def start(self) -> Any:
        answer = self.call(ROOT, {"terminal_id": self.terminal_id})
        if answer.status_code == 201:
            self.session = answer.json()["session_id"]
        return answer

    def read(self, number: str = "", **changes: Any) -> Any:
        body = {"name": NAME, "id_type": "01", "id_number": number or citizen_number(), **changes}
        return self.step("document", body)

    def up_to_card(self, number: str = "") -> Any:
        self.start()
        self.read(number)
        self.step("check", FACE)
        return self.step("card")


@pytest.fixture
def machine(db: None) -> Machine:
    return Machine(hospital())


def test_from_the_greeting_to_the_label(machine: Machine, sandbox: Sandbox) -> None:
    number = citizen_number()
    assert machine.start().json()["next"] == "document"
    assert machine.read(number, phone="13900000000").json()["next"] == "check"
    assert machine.step("check", FACE).json()["next"] == "card"
    issued = machine.step("card").json()
    card = Card.objects.get()
    assert (card.channel, issued["card"]["created"], issued["next"]) == (Channel.KIOSK, True, "print")
    seen = IdentityCheck.objects.get(provider="face")
    assert (seen.level, seen.reference, seen.person_id) == (2, "face-0001", card.person_id)
    printed = machine.step("print")
    label = printed.json()
    assert number not in printed.content.decode()
    assert label["ending"] == number[-4:]
    assert label["code"] == f"{CardNumber.objects.get().value}:1"
    assert base64.b64decode(label["png"])[1:4] == b"PNG"
    assert machine.step("done").json()["state"] == "done"
    assert machine.step("print").json()["code"] == "kiosk_session_over"


def test_the_drawing_for_paper_is_the_code(machine: Machine, sandbox: Sandbox) -> None:
    machine.up_to_card()
    label = machine.step("print").json()
    drawn = zxingcpp.create_barcode(label["code"], zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    assert label["svg"][-200:] == drawn.to_svg(add_quiet_zones=True)[-200:]


def test_what_was_read_is_destroyed_at_the_end(machine: Machine, sandbox: Sandbox) -> None:
    machine.start()
    machine.read()
    assert KioskSession.objects.get().document is not None
    machine.step("done")
    assert KioskSession.objects.get().document is None


def test_every_step_may_be_asked_again(machine: Machine, sandbox: Sandbox) -> None:
    machine.start()
    body = {"name": NAME, "id_type": "01", "id_number": citizen_number()}
    key = secrets.token_urlsafe(16)
    answers = [machine.step("document", body, key=key) for _ in range(2)]
    assert answers[0].content == answers[1].content
    for word, sent in (("check", FACE), ("card", None), ("print", None), ("done", None)):
        first, other_key = machine.step(word, sent), machine.step(word, sent)
        assert first.status_code == other_key.status_code == 200
        assert first.json() == other_key.json()
    assert (Card.objects.count(), CodePrint.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(action="code.printed").count() == 1


def test_a_person_with_a_card_gets_the_same_card(machine: Machine, sandbox: Sandbox) -> None:
    with transaction.atomic():
        holder = card_holder()
    told = machine.up_to_card(holder.id_number).json()["card"]
    assert (told["created"], told["health_card_id"]) == (False, holder.card.numbers.get().value)
    assert Card.objects.get().channel == Channel.H5


def test_another_name_at_the_population_database_says_what_to_do(machine: Machine, sandbox: Sandbox) -> None:
    machine.start()
    problem = machine.read(KNOWN_BY_ANOTHER_NAME).json()
    assert (problem["code"], problem["field"]) == ("real_name_mismatch", "name")
    assert "窗口" in problem["next_step"]
    assert machine.read().status_code == 200


def test_steps_are_not_skipped(machine: Machine, sandbox: Sandbox) -> None:
    machine.start()
    for word, body in (("check", FACE), ("card", None), ("print", None)):
        answer = machine.step(word, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "kiosk_step_refused")
    machine.read()
    assert machine.step("card").json()["code"] == "kiosk_step_refused"
    machine.step("check", FACE)
    assert machine.read().json()["code"] == "kiosk_step_refused"
    assert not Card.objects.exists()


def test_three_failed_checks_end_it(machine: Machine, sandbox: Sandbox) -> None:
    machine.start()
    machine.read()
    failed = {**FACE, "passed": False}
    codes = [machine.step("check", failed).json()["code"] for _ in range(3)]
    assert codes == ["kiosk_check_failed", "kiosk_check_failed", "kiosk_session_over"]
    assert machine.step("check", FACE).json()["code"] == "kiosk_session_over"
    assert KioskSession.objects.get().document is None


def test_a_session_runs_out_and_is_cleaned_up(machine: Machine, sandbox: Sandbox) -> None:
    machine.start()
    machine.read()
    later = clock.now() + timedelta(minutes=10, seconds=1)
    actor = Actor(ActorKind.CLIENT, machine.where.caller.public_id, institution=machine.where.public_id)
    with time_machine.travel(later, tick=False):
        assert kiosk.end_abandoned() == 1
        with pytest.raises(KioskSessionOver):
            kiosk.issue(session_id=machine.session, actor=actor)
    assert KioskSession.objects.get().document is None


def test_only_an_enabled_self_service_terminal_of_the_institution_issues(sandbox: Sandbox) -> None:
    where = hospital()
    desk = Machine(where, kind="01", terminal_id="D01")
    assert desk.start().json()["code"] == "terminal_not_self_service"
    desk.terminal_id = "nothing"
    assert desk.start().json()["code"] == "terminal_unknown"
    machine = Machine(where)
    machine.start()
    institutions.disable_terminal(terminal=machine.terminal, actor=CENTRE, reason="测试")
    assert machine.read().json()["code"] == "terminal_disabled"
    assert machine.start().json()["code"] == "terminal_disabled"


def test_a_stopped_card_is_not_printed(machine: Machine, sandbox: Sandbox) -> None:
    machine.up_to_card()
    life.freeze_card(card_pk=Card.objects.get().pk, reason="测试", actor=CENTRE)
    answer = machine.step("print")
    assert (answer.status_code, answer.json()["code"]) == (409, "card_frozen")


def test_sessions_of_others_are_not_found(machine: Machine, sandbox: Sandbox) -> None:
    machine.start()
    stranger = Machine(hospital())
    stranger.session = machine.session
    assert stranger.step("done").json()["code"] == "kiosk_session_not_found"
    assert stranger.call(f"{ROOT}/{machine.session}", method="GET").status_code == 404


def test_without_the_scope_there_is_no_kiosk(sandbox: Sandbox) -> None:
    machine = Machine(hospital(scopes=("card:register",)))
    assert machine.start().json()["code"] == "scope_missing"


@pytest.mark.row("ID-19")
def test_a_stopped_kiosk_begins_nothing(machine: Machine, sandbox: Sandbox) -> None:
    stop(Channel.KIOSK)
    answer = machine.start()
    assert (answer.status_code, answer.json()["code"]) == (403, "channel_stopped")
    assert "窗口" in answer.json()["next_step"]
