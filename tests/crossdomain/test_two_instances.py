"""Two instances of the product and a national centre, over real HTTP."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django import DjangoDbBlocker

from mpi.rules import check_digit_of
from sdk import EhcError, MintedCode
from tests.crossdomain.instances import Instance, instances
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.row("CC-03")
USING, ISSUING = "37010100001", "37020200001"


class Town:
    """A centre with its demo hospital, and somebody who has a card of it."""

    def __init__(self, instance: Instance, serial: int) -> None:
        self.instance = instance
        self.client, self.terminal = instance.hospital()
        self._serial = serial

    def code(self) -> str:
        """A fresh code of a new person of this centre."""
        self._serial += 1
        body = f"110199{1950 + self._serial % 50}0101{900 + self._serial % 100}"
        card = self.client.register_card(name="测试乙", id_type="01", id_number=body + check_digit_of(body))
        minted: MintedCode = self.client.mint_code(card.health_card_id)
        return minted.code

    def verify(self, code: str, *, request_id: str = "") -> Any:
        """At the demo hospital's window."""
        return self.client.verify(
            code=code,
            scene="0101012",
            terminal_id=self.terminal,
            idempotency_key=request_id or secrets.token_hex(16),
        )

    def refusal(self, code: str) -> str:
        """With what the window is refused."""
        with pytest.raises(EhcError) as caught:
            self.verify(code)
        assert caught.value.next_step
        return caught.value.code


@pytest.fixture(scope="module")
def pair(
    sandbox_url: str,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Town, Town]]:
    httpx.post(f"{sandbox_url}/console/api/reset", timeout=60).raise_for_status()
    folder: Path = tmp_path_factory.mktemp("nodes")
    with (
        django_db_blocker.unblock(),
        instances([USING, ISSUING], sandbox_url, folder) as (using, issuing),
    ):
        yield Town(using, 0), Town(issuing, 50)


@pytest.fixture
def using(pair: tuple[Town, Town]) -> Town:
    return pair[0]


@pytest.fixture
def issuing(pair: tuple[Town, Town]) -> Town:
    return pair[1]


@pytest.fixture
def national(sandbox_url: str, using: Town) -> Iterator[Sandbox]:
    """The national centre, whose faults end with the test; nobody remembers that it failed."""
    with httpx.Client(base_url=sandbox_url, timeout=10, trust_env=False) as http:
        running = Sandbox(sandbox_url, http)
        yield running
        running.repair()
    using.instance.forget_failures()


def test_a_card_of_one_centre_is_verified_at_the_other(using: Town, issuing: Town, national: Sandbox) -> None:
    code = issuing.code()
    found = using.verify(code, request_id="cross-request-0001")
    assert found.person.name == "测试乙"
    assert found.health_card_id == code[:64]
    again = using.verify(code, request_id="cross-request-0001")
    assert (again.usage_id, again.replayed) == (found.usage_id, True)
    # Consumed there: neither a second verification here nor one at home gets it any more.
    assert using.refusal(code) == "code_used"
    assert issuing.refusal(code) == "code_used"
    assert issuing.instance.rows(
        "SELECT using_centre, issuing_centre, outcome, institution_name <> '' FROM cards_cross_use "
        "WHERE crossing = 'ours_elsewhere' AND outcome = 'verified'"
    ) == [(USING, ISSUING, "verified", True)]
    assert issuing.instance.rows(
        "SELECT count(*) FROM cards_usage WHERE operation = 'cross_domain' AND kind = 'direct'"
    ) == [(1,)]
    assert using.instance.rows(
        "SELECT using_centre, issuing_centre, answered_by FROM cards_cross_use "
        "WHERE crossing = 'foreign_here' AND outcome = 'verified'"
    ) == [(USING, ISSUING, ISSUING)]
    assert using.instance.rows("SELECT count(*) FROM cards_usage") == [(0,)]


def test_it_works_in_the_other_direction_as_well(using: Town, issuing: Town, national: Sandbox) -> None:
    assert issuing.verify(using.code()).person.name == "测试乙"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("unroute", "route_unknown"),
        ("loop", "route_loop"),
        ("badsign", "foreign_answer_untrusted"),
        ("wrongcode", "foreign_answer_untrusted"),
        ("outage", "national_unavailable"),
        ("garbage", "foreign_answer_untrusted"),
    ],
)
def test_a_fault_on_the_way_is_told_to_the_terminal(
    using: Town, issuing: Town, national: Sandbox, fault: str, code: str
) -> None:
    text = issuing.code()
    national.fault("national", fault, path="/node/v1/verify")
    assert using.refusal(text) == code
    national.repair()
    using.instance.forget_failures()
    if fault in {"wrongcode", "badsign"}:
        # The issuing centre had verified it: what was lost on the way back is asked for anew.
        assert issuing.refusal(text) == "code_used"
    else:
        assert using.verify(text).person.name == "测试乙"


def test_a_hanging_national_centre_leaves_our_own_codes_alone(
    using: Town, issuing: Town, national: Sandbox
) -> None:
    foreign = [issuing.code() for _ in range(6)]
    own = [using.code() for _ in range(3)]
    national.fault("national", "hang", path="/node/v1/verify")
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(using.refusal, text) for text in foreign]
        assert [using.verify(text).person.name for text in own] == ["测试乙"] * 3
        page = httpx.get(f"{using.instance.url}/", timeout=60, trust_env=False)
        outcomes = {each.result() for each in waiting}
    assert page.status_code == 200
    assert outcomes == {"national_no_answer", "cross_domain_busy"}


def test_an_issuing_centre_that_stands_still_or_is_gone_is_told_apart(
    using: Town, issuing: Town, national: Sandbox
) -> None:
    text = issuing.code()
    with issuing.instance.frozen():
        assert using.refusal(text) == "issuer_no_answer"
    other = issuing.code()
    issuing.instance.stop()
    assert using.refusal(other) == "issuer_unavailable"
    issuing.instance.start()
    assert using.verify(issuing.code()).person.name == "测试乙"
