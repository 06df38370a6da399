"""The one outbound client against a server that misbehaves."""

import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from foundation.core.http import (
    MAX_ANSWER_BYTES,
    Outbound,
    OutsideRefused,
    OutsideTimeout,
    OutsideUnavailable,
    OutsideUnreached,
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


class Server:
    """Answers one connection with bytes, some of them late."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.heard = b""
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def answer(self, *parts: bytes, pause: float = 0.0) -> None:
        threading.Thread(target=self._serve, args=(parts, pause), daemon=True).start()

    def _serve(self, parts: tuple[bytes, ...], pause: float) -> None:
        connection, _ = self._listener.accept()
        with connection:
            self.heard = self._request(connection)
            for part in parts:
                try:
                    connection.sendall(part)
                except OSError:
                    return
                time.sleep(pause)

    @staticmethod
    def _request(connection: socket.socket) -> bytes:
        """The whole of it: a connection that is closed before all was read is reset, answer and all."""
        heard = b""
        while part := connection.recv(65536):
            heard += part
            head, _, body = heard.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: *([0-9]+)", head, re.IGNORECASE)
            if b"\r\n\r\n" in heard and len(body) >= int(length[1] if length else 0):
                break
        return heard

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def get(server: Server, timeout: float = 5.0) -> dict[str, object]:
    return Outbound(server.url, name="test", timeout=timeout).get_json("/")


def test_an_object_is_returned(server: Server) -> None:
    server.answer(HEAD + b'\r\n{"a": "\xe4\xb8\xad"}')
    assert get(server) == {"a": "中"}


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"{", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(server: Server, body: bytes) -> None:
    server.answer(HEAD + b"\r\n" + body)
    with pytest.raises(OutsideRefused):
        get(server)


def test_an_answer_that_drips_in_is_dropped(server: Server) -> None:
    server.answer(HEAD + b"\r\n", *[b" "] * 30, b"{}", pause=0.1)
    # Its end would come, and would be an answer, after three seconds.
    with pytest.raises(OutsideTimeout):
        get(server, timeout=0.5)


def test_an_answer_without_end_is_refused(server: Server) -> None:
    server.answer(HEAD + b"\r\n", *[b" " * 100_000] * (MAX_ANSWER_BYTES // 100_000 + 2))
    with pytest.raises(OutsideRefused, match="too large"):
        get(server)


def test_a_silent_server_is_left(server: Server) -> None:
    with pytest.raises(OutsideTimeout):
        get(server, timeout=0.5)


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.answer(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.1.1/\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(OutsideRefused):
        get(server)


def test_a_refusal_brings_the_other_sides_code(server: Server) -> None:
    server.answer(b'HTTP/1.1 422 No\r\nContent-Length: 21\r\n\r\n{"code": "no_way_at"}')
    with pytest.raises(OutsideRefused) as refused:
        get(server)
    assert (refused.value.status, refused.value.answer) == (422, {"code": "no_way_at"})


@pytest.mark.parametrize("status", [b"429 Slow down", b"500 Broken", b"503 Closed"])
def test_what_may_pass_is_unavailable(server: Server, status: bytes) -> None:
    server.answer(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(OutsideUnavailable):
        get(server)


def test_a_broken_connection_is_unavailable(server: Server) -> None:
    server.answer(b"")
    with pytest.raises(OutsideUnavailable):
        get(server)
    assert not isinstance(_unavailable(server), OutsideUnreached)


def test_where_nobody_listens_nothing_was_heard() -> None:
    with pytest.raises(OutsideUnreached):
        Outbound("http://127.0.0.1:9", name="test").get_json("/")


def _unavailable(server: Server) -> OutsideUnavailable:
    server.answer(b"")
    with pytest.raises(OutsideUnavailable) as broken:
        get(server)
    return broken.value


@pytest.mark.parametrize("status", [b"200 Yes", b"302 There", b"404 No", b"429 Slow down", b"500 Broken"])
def test_a_whole_answer_is_given_back_whatever_it_says(server: Server, status: bytes) -> None:
    server.answer(b"HTTP/1.1 " + status + b"\r\nRequest-Id: 7-1\r\nContent-Length: 2\r\n\r\nno")
    answer = Outbound(server.url, name="test").exchange("GET", "/a?b=%2F")
    assert (answer.status, answer.body, answer.headers["request-id"]) == (int(status[:3]), b"no", "7-1")


def test_a_query_is_sent_as_it_is_and_not_logged(
    server: Server, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer(HEAD + b"\r\n{}")
    with caplog.at_level("INFO"):
        Outbound(server.url, name="test").exchange("POST", "/a?token=secret%2F1", content=b"x")
    assert server.heard.startswith(b"POST /a?token=secret%2F1 HTTP/1.1")
    assert "secret" not in caplog.text + "".join(capsys.readouterr())


def test_an_answer_may_be_as_long_as_is_asked_for(server: Server) -> None:
    server.answer(HEAD + b"\r\n" + b" " * 2_000)
    with pytest.raises(OutsideRefused, match="too large"):
        Outbound(server.url, name="test").exchange("GET", "/", most_bytes=1_000)
