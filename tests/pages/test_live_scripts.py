"""How a page hears news: by the socket, and by asking while it is down."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.pages.clocked import hold_clock, once, pass_time, pass_time_until, until
from tests.pages.conftest import OpenPage


class LiveServer:
    """The far end of the live connection, as the network shows it to the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.received: list[str] = []
        self.sockets: list[WebSocketRoute] = []
        self.ticket_headers: list[str | None] = []
        self.changes: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.ticket_status = 200
        page.route("**/live/ticket", self._ticket)
        page.route("**/live/changes*", self._changes)
        page.route_web_socket(re.compile("/ws$"), self._socket)

    def start(self, since: str = "") -> None:
        """What base.html does for a signed-in person."""
        self.page.evaluate(
            """(since) => {
            document.addEventListener('live:inbox.changed', (event) => (window.news = event.detail));
            document.addEventListener('live:ended', () => (window.ended = true));
            document.addEventListener('live:resumed', () => (window.resumed = true));
            const meta = document.createElement('meta');
            meta.name = 'live'; meta.content = '/live/'; meta.dataset.token = 'csrf-token';
            if (since) meta.dataset.since = since;
            document.head.append(meta); }""",
            since,
        )
        self.page.add_script_tag(url="/static/portal/js/live.js")

    def _ticket(self, route: Route) -> None:
        self.ticket_headers.append(route.request.headers.get("x-csrftoken"))
        if self.ticket_status != 200:
            route.fulfill(status=self.ticket_status)
            return
        host = self.page.url.split("/")[2]
        route.fulfill(json={"ticket": "t-1", "url": f"ws://{host}/ws"})

    def _changes(self, route: Route) -> None:
        self.asked.append(route.request.url)
        route.fulfill(json={"cursor": "c1", "changes": self.changes if "since=" in route.request.url else []})

    def _socket(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda message: self.received.append(str(message)))


def test_live_news_come_by_socket_after_the_ticket(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", bypass_csp=True)
    server = LiveServer(page)
    server.start()
    once(page, lambda: server.received)
    assert server.ticket_headers == ["csrf-token"]
    assert server.received == ['{"ticket":"t-1"}']
    server.sockets[0].send('{"kind": "inbox.changed", "data": {"unread": 7}}')
    until(page, "window.news && window.news.unread === 7")
    expect(page.locator("[data-unread-text]")).to_have_text("7")


def test_a_lost_socket_is_replaced_by_asking_and_then_found_again(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", bypass_csp=True, before=hold_clock)
    server = LiveServer(page)
    server.start()
    once(page, lambda: server.received)
    server.ticket_status = 503
    server.changes = [{"kind": "inbox.changed", "data": {"unread": 2}}]
    server.sockets[0].close(code=1011)
    pass_time_until(page, lambda: page.evaluate("window.news && window.news.unread === 2"), seconds=2.5)
    assert "since=" not in server.asked[0]
    assert server.asked[1].endswith("?since=c1")
    server.ticket_status = 200
    pass_time_until(page, lambda: len(server.received) == 2, seconds=5)
    assert len(server.sockets) == 2
    pass_time(page, seconds=1, times=3)
    asked = len(server.asked)
    pass_time(page, seconds=5, times=6)
    assert len(server.asked) == asked


def test_only_the_first_connection_says_since_when_the_page_has_to_be_told(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", bypass_csp=True, before=hold_clock)
    server = LiveServer(page)
    server.start(since="1795312345678")
    once(page, lambda: server.received)
    assert server.received == ['{"ticket":"t-1","since":1795312345678}']
    pass_time(page, seconds=1, times=3)
    # The far end tells what was missed: there is nothing to read again.
    assert not page.evaluate("Boolean(window.resumed)")
    server.sockets[0].close(code=1011)
    pass_time_until(page, lambda: len(server.received) == 2, seconds=1)
    assert server.received[1] == '{"ticket":"t-1"}'
    pass_time_until(page, lambda: bool(page.evaluate("Boolean(window.resumed)")), seconds=1)


def test_a_first_connection_that_broke_at_once_leaves_nothing_untold(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", bypass_csp=True, before=hold_clock)
    server = LiveServer(page)
    server.start(since="1795312345678")
    once(page, lambda: server.received)
    server.sockets[0].close(code=1013)
    pass_time_until(page, lambda: len(server.received) == 2, seconds=1)
    assert server.received[1] == '{"ticket":"t-1","since":1795312345678}'


def test_news_are_not_asked_for_twice_while_an_answer_is_late(open_page: OpenPage) -> None:
    page = open_page("/styleguide/", bypass_csp=True, before=hold_clock)
    server = LiveServer(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/live/changes*", hold)
    server.ticket_status = 503
    server.start()
    pass_time_until(page, lambda: len(server.ticket_headers) >= 3, seconds=1.5)
    assert len(held) == 1
    held[0].fulfill(json={"cursor": "c1", "changes": []})
    until(page, "window.resumed")
    page.clock.run_for(6_500)
    once(page, lambda: len(held) == 2)
    assert [route.request.url.partition("?")[2] for route in held] == ["", "since=c1"]


@pytest.mark.parametrize("code", [4401, 4403])
def test_a_socket_that_is_refused_is_not_opened_again(open_page: OpenPage, code: int) -> None:
    page = open_page("/styleguide/", bypass_csp=True, before=hold_clock)
    server = LiveServer(page)
    server.start()
    once(page, lambda: server.received)
    server.sockets[0].close(code=code)
    until(page, "window.ended")
    page.clock.run_for(120_000)
    assert len(server.sockets) == 1
    assert server.asked == []
