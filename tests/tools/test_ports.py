import os
import socket
from collections.abc import Iterator

import pytest

from tools.launcher import ports
from tools.launcher.problems import Problem


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        # As granian does: with port reuse a second server would start without an error.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def _free() -> list[str]:
    found = [socket.socket() for _ in range(3)]
    for one in found:
        one.bind(("127.0.0.1", 0))
    numbers = [str(one.getsockname()[1]) for one in found]
    for one in found:
        one.close()
    return numbers


def test_a_port_in_use_is_named_with_its_holder_and_the_way_out(taken: int) -> None:
    _, ws, sandbox = _free()
    with pytest.raises(Problem) as refused:
        ports.choose({"HTTP_PORT": str(taken), "WS_PORT": ws, "SANDBOX_PORT": sandbox})
    sentence = str(refused.value)
    assert f"Port {taken} is in use by process {os.getpid()} (" in sentence
    assert "make run HTTP_PORT=" in sentence


def test_free_ports_are_taken_as_given() -> None:
    http, ws, sandbox = _free()
    chosen = ports.choose({"HTTP_PORT": http, "WS_PORT": ws, "SANDBOX_PORT": sandbox})
    assert chosen == ports.Ports(int(http), int(ws), int(sandbox))


@pytest.mark.parametrize("text", ["0", "65536", "eighty", "-1", "８０"])
def test_what_is_no_port_number_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Problem, match="not a port number"):
        ports.choose({"HTTP_PORT": text})


def test_two_processes_cannot_share_a_port() -> None:
    with pytest.raises(Problem, match="three different ports"):
        ports.choose({"HTTP_PORT": "8123", "WS_PORT": "8123"})
