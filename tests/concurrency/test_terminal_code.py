"""An activation code lets one caller sign a terminal in; and what happens without the guard."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from cards import centre as card_centre
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from institutions import selectors
from institutions.errors import TerminalActivationRefused
from institutions.models import Terminal
from institutions.services import terminals
from tests.cards.world import CENTRE, Hospital, hospital
from tests.concurrency.waiting import overtaken
from tests.institutions import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("CC-08")]

# Fewer than the tries that a terminal has in an hour.
CALLERS = 8


@pytest.fixture
def here() -> Hospital:
    card_centre.forget()
    with transaction.atomic():
        where = hospital()
    terminals.bind_terminal(terminal=where.terminal, client=where.signer.client, actor=CENTRE, reason="测试")
    return where


def caller(where: Hospital, client: str = "") -> Actor:
    return Actor(kind=ActorKind.CLIENT, id=client or where.signer.client, institution=where.public_id)


def code_for(where: Hospital) -> str:
    return terminals.issue_activation_code(terminal=where.terminal, actor=CENTRE, reason="测试")


def race(sign_in: Callable[[], object]) -> list[str]:
    barrier = threading.Barrier(CALLERS, timeout=30)

    def one(_: int) -> str:
        try:
            connection.ensure_connection()
            barrier.wait()
            sign_in()
        except TerminalActivationRefused:
            return "refused"
        finally:
            connections.close_all()
        return "signed in"

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(one, range(CALLERS)))


def test_of_several_callers_with_one_code_one_signs_in(here: Hospital) -> None:
    code = code_for(here)
    outcomes = race(
        lambda: terminals.sign_in_terminal(terminal_id=here.terminal_id, code=code, actor=caller(here))
    )
    assert outcomes.count("signed in") == 1
    assert outcomes.count("refused") == CALLERS - 1


def test_reading_first_and_saving_afterwards_would_let_several_in(here: Hospital) -> None:
    code = code_for(here)
    reading = threading.Barrier(CALLERS, timeout=30)

    def without_the_conditional_update() -> None:
        row = Terminal.objects.get(public_id=here.terminal)
        if row.activation_digest != selectors.session_digest(f"{row.public_id}:{code}"):
            raise TerminalActivationRefused
        # As slow as checks in between are.
        reading.wait()
        row.activation_digest = ""
        row.last_seen_at = clock.now()
        row.save()

    assert race(without_the_conditional_update).count("signed in") == CALLERS


def test_a_sign_in_that_waits_for_another_binding_finds_its_code_gone(here: Hospital) -> None:
    code = code_for(here)
    other = people.system(here.public_id, name="另一个系统").signer.client

    def bound_anew_and_back() -> None:
        for client in (other, here.signer.client):
            terminals.bind_terminal(terminal=here.terminal, client=client, actor=CENTRE, reason="测试")

    def sign_in() -> str:
        try:
            terminals.sign_in_terminal(terminal_id=here.terminal_id, code=code, actor=caller(here))
        except TerminalActivationRefused:
            return "refused"
        return "signed in"

    assert overtaken(first=bound_anew_and_back, then=sign_in) == "refused"
    assert not Terminal.objects.get(public_id=here.terminal).session_digest
