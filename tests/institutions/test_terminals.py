"""Terminals: added, bound, activated, signed in, switched off."""

import itertools
import re
import secrets
from datetime import timedelta
from typing import Any

import orjson
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cards import centre as card_centre
from foundation.audit.models import AuditEntry
from foundation.core import clock, redis
from foundation.gateway import credentials
from foundation.gateway import services as gateway
from institutions import selectors
from institutions.models import Terminal
from institutions.rules import Role, TerminalKind
from tests.cards.world import Holder, Hospital, code_of, holder, hospital
from tests.gateway.signing import Signer
from tests.institutions import people
from tests.institutions.test_admin import submit

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-08")]

SIGN_IN = "/api/v1/terminals/sign-in"
HEARTBEAT = "/api/v1/terminals/heartbeat"
VERIFY = "/api/v1/codes/verify"
_serials = itertools.count()


@pytest.fixture
def here() -> Hospital:
    card_centre.forget()
    return hospital()


@pytest.fixture
def somebody() -> Holder:
    return holder()


@pytest.fixture
def staff(here: Hospital) -> Client:
    return people.at_work(Client(), people.staff(Role.INSTITUTION_ADMIN, here.public_id))


def new_key() -> str:
    return secrets.token_urlsafe(16)


def call(signer: Signer, path: str, data: dict[str, Any], token: str = "", *, key: str = "") -> Any:
    body = orjson.dumps(data)
    headers = signer.headers("POST", path, body, idempotency_key=key)
    if token:
        headers["HTTP_EHC_TERMINAL_TOKEN"] = token
    return Client().post(path, body, content_type="application/json", **headers)


def address(here: Hospital, act: str) -> str:
    return f"/institution/institutions/terminal/{here.terminal}/do/{act}/"


def activation(staff: Client, here: Hospital) -> str:
    """Bind the terminal to the hospital's client, and make a code for it."""
    submit(staff, address(here, "bind"), app=here.signer.client)
    page = submit(staff, address(here, "activate")).content.decode()
    found = re.search(r'once">([0-9A-Z]{5}-[0-9A-Z]{5})<', page)
    assert found, page
    return found[1]


def sign_in(here: Hospital, code: str, signer: Signer | None = None) -> Any:
    return call(signer or here.signer, SIGN_IN, {"terminal_id": here.terminal_id, "activation_code": code})


def scan(here: Hospital, somebody: Holder, token: str = "", signer: Signer | None = None) -> Any:
    # Codes of one second are the same code.
    with time_machine.travel(clock.now() + timedelta(seconds=next(_serials) % 20), tick=False):
        text = code_of(somebody)
        data = {"code": text, "scene": "0101012", "terminal_id": here.terminal_id}
        return call(signer or here.signer, VERIFY, data, token)


def code_of_answer(answer: Any) -> str:
    return str(orjson.loads(answer.content).get("code", "")) if answer.status_code != 200 else ""


@pytest.fixture
def token(staff: Client, here: Hospital) -> str:
    answer = sign_in(here, activation(staff, here))
    assert answer.status_code == 200, answer.content
    return str(orjson.loads(answer.content)["terminal_token"])


def test_a_terminal_signs_in_once_by_its_code_and_scans_with_its_token(
    here: Hospital, somebody: Holder, token: str
) -> None:
    assert scan(here, somebody, token).status_code == 200
    assert Terminal.objects.get(public_id=here.terminal).last_seen_at is not None
    assert AuditEntry.objects.filter(action="terminal.signed_in").count() == 1


def test_without_a_token_or_with_a_wrong_one_it_scans_nothing(
    here: Hospital, somebody: Holder, token: str
) -> None:
    assert code_of_answer(scan(here, somebody)) == "terminal_not_signed_in"
    assert code_of_answer(scan(here, somebody, token[:-1] + "0")) == "terminal_not_signed_in"


def test_a_terminal_that_never_had_a_code_works_as_before(here: Hospital, somebody: Holder) -> None:
    assert scan(here, somebody).status_code == 200


def test_a_code_is_good_once_for_a_day_and_for_its_terminal(staff: Client, here: Hospital) -> None:
    code = activation(staff, here)
    assert code_of_answer(sign_in(here, "00000-00000")) == "terminal_activation_refused"
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1)):
        assert code_of_answer(sign_in(here, code)) == "terminal_activation_refused"
    assert sign_in(here, code.lower().replace("-", " ")).status_code == 200
    assert code_of_answer(sign_in(here, code)) == "terminal_activation_refused"
    assert AuditEntry.objects.filter(action="terminal.sign_in_refused").count() == 3


def test_a_code_of_before_is_void_when_the_terminal_is_bound_anew(staff: Client, here: Hospital) -> None:
    code = activation(staff, here)
    other = people.system(here.public_id, name="另一个系统").signer
    submit(staff, address(here, "bind"), app=other.client)
    assert code_of_answer(sign_in(here, code, other)) == "terminal_activation_refused"
    submit(staff, address(here, "bind"), app=here.signer.client)
    assert code_of_answer(sign_in(here, code)) == "terminal_activation_refused"


def test_codes_are_not_guessed(staff: Client, here: Hospital) -> None:
    activation(staff, here)
    answers = [sign_in(here, f"00000-0000{digit}").status_code for digit in range(11)]
    assert answers == [403] * 10 + [429]


def test_another_client_of_the_same_house_neither_signs_it_in_nor_names_it(
    staff: Client, here: Hospital, somebody: Holder
) -> None:
    other = people.system(here.public_id, name="另一个系统").signer
    code = activation(staff, here)
    assert code_of_answer(sign_in(here, code, other)) == "terminal_activation_refused"
    token = orjson.loads(sign_in(here, code).content)["terminal_token"]
    assert code_of_answer(scan(here, somebody, token, other)) == "terminal_bound_elsewhere"


def test_a_client_of_another_house_cannot_be_bound(staff: Client, here: Hospital) -> None:
    stranger = people.system(people.hospital(7)).client
    submit(staff, address(here, "bind"), app=stranger)
    assert Terminal.objects.get(public_id=here.terminal).client == ""
    assert staff.get(address(here, "activate")).status_code == 409


def test_a_heartbeat_keeps_the_session_and_a_switched_off_terminal_is_refused(
    staff: Client, here: Hospital, somebody: Holder, token: str
) -> None:
    beat = {"terminal_id": here.terminal_id}
    assert call(here.signer, HEARTBEAT, beat, token).status_code == 200
    assert code_of_answer(call(here.signer, HEARTBEAT, beat)) == "terminal_not_signed_in"
    with time_machine.travel(clock.now() + timedelta(days=91)):
        assert code_of_answer(call(here.signer, HEARTBEAT, beat, token)) == "terminal_not_signed_in"
    submit(staff, address(here, "disable"))
    assert code_of_answer(call(here.signer, HEARTBEAT, beat, token)) == "terminal_disabled"
    submit(staff, address(here, "enable"))
    # Whoever held the token while it was off has to be let in anew.
    assert code_of_answer(call(here.signer, HEARTBEAT, beat, token)) == "terminal_not_signed_in"
    assert code_of_answer(scan(here, somebody, token)) == "terminal_not_signed_in"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stop", ["terminal", "app"])
def test_a_stop_bites_at_the_next_scan_though_a_process_remembers_the_terminal(
    staff: Client, here: Hospital, somebody: Holder, token: str, stop: str
) -> None:
    assert scan(here, somebody, token).status_code == 200
    remembered = dict(selectors._hot_terminals)
    assert remembered
    if stop == "terminal":
        submit(staff, address(here, "disable"))
    else:
        submit(staff, f"/institution/gateway/apiclient/{here.signer.client}/do/suspend/")
    # As in a process that nobody told.
    selectors._hot_terminals.update(remembered)
    refused = code_of_answer(scan(here, somebody, token))
    assert refused == ("terminal_disabled" if stop == "terminal" else "client_suspended")


@pytest.mark.django_db(transaction=True)
def test_a_terminal_that_is_switched_off_while_the_call_is_under_way_is_refused(
    here: Hospital, somebody: Holder, token: str
) -> None:
    assert scan(here, somebody, token).status_code == 200
    # The row has changed and the generation has moved; neither the credential nor the terminal in
    # this process's memory knows it yet.
    Terminal.objects.filter(public_id=here.terminal).update(state="disabled")
    redis.client().incr(credentials.generation_name())
    assert code_of_answer(scan(here, somebody, token)) == "terminal_disabled"


LIST = """终端编号,名称,类型,位置,科室,设备备案号
T0101,门诊 1 号窗口,人工窗口,门诊一楼,收费处,BA-2026-001
T0102,自助机,02,门诊大厅,,
T0102,重复,人工窗口,,,
T 0103,编号不对,人工窗口,,,
T0104,类型不对,机器人,,,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_imported_line_by_line(staff: Client, here: Hospital, encoding: str) -> None:
    upload = SimpleUploadedFile("list.csv", LIST.encode(encoding))
    data = {"institution": here.public_id, "file": upload, "reason": "新门诊楼启用"}
    page = staff.post("/institution/institutions/terminal/import/", data).content.decode()
    assert "共 5 行，已添加 2 台终端" in page
    assert "该机构已有这个终端编号" in page
    assert "终端编号只能用" in page
    added = Terminal.objects.get(terminal_id="T0101")
    assert (added.department, added.filing_number) == ("收费处", "BA-2026-001")


def test_what_is_no_list_and_another_houses_list_are_refused(staff: Client, here: Hospital) -> None:
    other = people.hospital(8)
    for place, content in (
        (here.public_id, b"\x00\x01"),
        (here.public_id, b"a,b\n1,2\n"),
        (other, LIST.encode()),
    ):
        data = {"institution": place, "file": SimpleUploadedFile("list.csv", content), "reason": "测试"}
        staff.post("/institution/institutions/terminal/import/", data)
    assert not Terminal.objects.filter(terminal_id="T0101").exists()


def test_a_clerk_imports_and_activates_nothing(here: Hospital) -> None:
    clerk = people.at_work(Client(), people.staff(Role.WINDOW_CLERK, here.public_id))
    assert clerk.get("/institution/institutions/terminal/import/").status_code == 403
    gateway.note_change()
    assert clerk.post(address(here, "activate"), {"reason": "测试"}).status_code == 403


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("终端编号,名称,类型\n" + "A" * 33 + ",窗口,01\n", "终端编号只能用"),
        ("终端编号,名称,类型\nA1,窗口\r一,01\n", "文件"),
        ('终端编号,名称,类型\nA1,"' + "长" * 140_000 + '",01\n', "文件"),
    ],
)
def test_a_list_that_is_none_is_told_so(staff: Client, here: Hospital, content: str, sentence: str) -> None:
    data = {
        "institution": here.public_id,
        "file": SimpleUploadedFile("list.csv", content.encode()),
        "reason": "测试",
    }
    page = staff.post("/institution/institutions/terminal/import/", data)
    assert page.status_code == 200
    assert sentence in page.content.decode()


def test_a_terminal_that_signs_in_shows_no_scan_without_its_token(here: Hospital, token: str) -> None:
    asked_for = {"terminal_id": here.terminal_id, "scene": "010101"}
    refused = call(here.signer, "/api/v1/scans", asked_for, key=new_key())
    assert code_of_answer(refused) == "terminal_not_signed_in"
    assert call(here.signer, "/api/v1/scans", asked_for, token, key=new_key()).status_code == 201


@pytest.mark.row("ID-06")
def test_a_machine_that_signs_in_begins_nothing_without_its_token(here: Hospital, token: str) -> None:
    Terminal.objects.filter(public_id=here.terminal).update(kind=TerminalKind.SELF_SERVICE)
    path, machine = "/api/v1/kiosk/sessions", {"terminal_id": here.terminal_id}
    assert code_of_answer(call(here.signer, path, machine, key=new_key())) == "terminal_not_signed_in"
    assert call(here.signer, path, machine, token, key=new_key()).status_code == 201
    another = people.system(here.public_id, name="另一个系统").signer
    answer = call(another, path, machine, token, key=new_key())
    assert code_of_answer(answer) == "terminal_bound_elsewhere"
