"""A code of another centre at one of our terminals, with the sandbox's national centre."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client

from cards.models import CrossUse
from foundation.audit.models import AuditEntry
from interop.models import Node
from interop.nodes import services
from tests.cards.world import Holder, Hospital, code_of, holder, hospital
from tests.crossdomain.world import CENTRE, FOREIGN_CARD, REASON, foreign_code, national
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-03")]
PATH = "/api/v1/codes/verify"
FROM_RECORD, UNKNOWN, SILENT, BROKEN = "99999900001", "99999900002", "99999900003", "99999900004"
ANOTHER, FORGED, GARBAGE, LOOP = "99999900005", "99999900006", "99999900007", "99999900008"


@pytest.fixture
def here() -> Hospital:
    return hospital()


@pytest.fixture
def upper(sandbox: Sandbox) -> Node:
    return national(sandbox)


def verify(here: Hospital, code: str, **more: Any) -> tuple[int, dict[str, Any]]:
    body = orjson.dumps(
        {"code": code, "scene": "0101012", "terminal_id": here.terminal_id, "request_id": "r-1"} | more
    )
    answer = Client().generic(
        "POST", PATH, body, "application/json", **here.signer.headers("POST", PATH, body)
    )
    return answer.status_code, orjson.loads(answer.content)


def test_the_national_centre_answers_from_its_record(here: Hospital, upper: Node) -> None:
    status, found = verify(here, foreign_code(FROM_RECORD))
    assert status == 200, found
    assert found["health_card_id"] == FOREIGN_CARD
    assert found["issuer"] == FROM_RECORD
    assert found["answered_by"] == upper.node_id
    assert found["person"]["name"] == "国示范"
    row = CrossUse.objects.get(public_id=found["usage_id"])
    assert (row.outcome, row.institution, row.scene) == ("verified", here.public_id, "0101012")
    entry = AuditEntry.objects.get(action="code.verified_elsewhere")
    assert entry.subject_id == row.public_id
    assert FOREIGN_CARD not in str(entry.details)


def test_a_caller_without_the_scope_reads_the_holder_masked(upper: Node) -> None:
    there = hospital(scopes=("code:verify",))
    status, found = verify(there, foreign_code(FROM_RECORD))
    assert status == 200
    assert found["masked"] is True
    assert found["person"]["name"] == "**范"
    assert found["person"]["address"] is None


@pytest.mark.parametrize(
    ("issuer", "status", "code"),
    [
        (UNKNOWN, 422, "route_unknown"),
        ("88888800001", 422, "route_unknown"),
        (BROKEN, 503, "national_unavailable"),
        (ANOTHER, 502, "foreign_answer_untrusted"),
        (FORGED, 502, "foreign_answer_untrusted"),
        (GARBAGE, 502, "foreign_answer_untrusted"),
        (LOOP, 502, "route_loop"),
        ("99999900009", 504, "issuer_no_answer"),
        ("99999900010", 409, "code_used"),
    ],
)
def test_the_terminal_is_told_what_is_wrong_and_what_to_do(
    here: Hospital, upper: Node, issuer: str, status: int, code: str
) -> None:
    got, found = verify(here, foreign_code(issuer))
    assert (got, found["code"]) == (status, code)
    assert found["next_step"]
    assert CrossUse.objects.get().outcome == code


def test_the_same_request_again_meets_the_same_record(here: Hospital, upper: Node) -> None:
    first = verify(here, foreign_code(FROM_RECORD))[1]
    again = verify(here, foreign_code(FROM_RECORD))[1]
    assert first["usage_id"] == again["usage_id"]
    status, found = verify(here, foreign_code(FROM_RECORD, card="B2" * 32))
    assert (status, found["code"]) == (422, "request_id_reused")
    assert CrossUse.objects.count() == 1


def test_without_an_upper_centre_a_foreign_code_is_refused_at_once(here: Hospital, upper: Node) -> None:
    services.suspend_node(node=upper.public_id, actor=CENTRE, reason=REASON)
    status, found = verify(here, foreign_code(FROM_RECORD))
    assert (status, found["code"]) == (422, "code_foreign")
    assert not CrossUse.objects.exists()


def test_a_code_that_names_no_issuer_is_refused(here: Hospital, upper: Node) -> None:
    status, found = verify(here, f"{FOREIGN_CARD}:0:{'9' * 32}")
    assert (status, found["code"]) == (422, "code_foreign")


def test_an_unknown_terminal_is_refused_before_anybody_is_asked(here: Hospital, upper: Node) -> None:
    status, found = verify(here, foreign_code(FROM_RECORD), terminal_id="W99")
    assert (status, found["code"]) == (403, "terminal_unknown")
    assert not CrossUse.objects.exists()


def test_what_the_other_side_seals_for_an_old_key_of_ours_still_opens(here: Hospital, upper: Node) -> None:
    services.prepare_own_keys(actor=CENTRE, reason=REASON)
    services.enrol(node=upper.public_id, code="", actor=CENTRE, reason=REASON)
    services.rotate_own_keys(actor=CENTRE, reason=REASON)
    assert verify(here, foreign_code(FROM_RECORD))[0] == 200


def test_a_rotation_that_the_other_side_was_not_told_of_is_refused_there(here: Hospital, upper: Node) -> None:
    services.rotate_own_keys(actor=CENTRE, reason=REASON)
    status, found = verify(here, foreign_code(FROM_RECORD))
    assert (status, found["code"]) == (502, "national_refused")


@pytest.mark.django_db(transaction=True)
def test_a_hanging_national_centre_holds_up_neither_our_codes_nor_the_terminal_for_long(
    here: Hospital, upper: Node, sandbox: Sandbox
) -> None:
    somebody: Holder = holder()
    sandbox.fault("national", "hang", path="/node/v1/verify")
    asked = threading.Barrier(9)

    def foreign(number: int) -> tuple[int, str]:
        # Connected before anybody asks: connecting takes longer than asking.
        connection.ensure_connection()
        asked.wait()
        try:
            status, found = verify(here, foreign_code(FROM_RECORD), request_id=f"f-{number}")
        finally:
            connection.close()
        return status, str(found["code"])

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(foreign, number) for number in range(8)]
        asked.wait()
        own = [verify(here, code_of(somebody), request_id=f"own-{number}")[0] for number in range(3)]
        outcomes = sorted(each.result() for each in waiting)
    assert own == [200, 200, 200]
    assert {code for _, code in outcomes} == {"cross_domain_busy", "national_no_answer"}
    # Four asked and waited for the deadline; the others were told at once.
    assert [code for _, code in outcomes].count("national_no_answer") == 4
    # The fifth failure in a row opens the breaker, and nobody waits any more.
    verify(here, foreign_code(FROM_RECORD), request_id="f-9")
    status, found = verify(here, foreign_code(FROM_RECORD), request_id="f-10")
    assert (status, found["code"]) == (503, "national_unavailable")
