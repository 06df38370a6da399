"""The pages together: small over a slow network, and every one of them in a list."""

import pytest
from playwright.sync_api import Response

from tests.architecture.routes import all_routes
from tests.e2e.card_pages import CARD_PAGES
from tests.e2e.conftest import OpenPhone
from tests.e2e.desk_pages import DESK_PAGES
from tests.e2e.hospital_pages import HOSPITAL_PAGES
from tests.e2e.not_pages import NOT_PAGES
from tests.e2e.people import holder

LARGEST_BYTES = 60_000
MOST_REQUESTS = 12
# Interfaces for programs, and the rows of the admins, which are all drawn by the same templates.
OUTSIDE = ("/api/", "/rest/", "/hospital/v3/", "/admin/", "/institution/")


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/card/", "/messages/", "/me/", "/card/settings/"])
def test_a_page_costs_little_over_a_slow_network(path: str, open_phone: OpenPhone) -> None:
    page = open_phone(None if path == "/sign-in/" else holder())
    files: list[Response] = []

    def note(answer: Response) -> None:
        if not answer.url.startswith("data:"):
            files.append(answer)

    page.on("response", note)
    page.goto(path, wait_until="networkidle")
    assert len(files) <= MOST_REQUESTS, [answer.url for answer in files]
    sizes = {answer.url: answer.request.sizes() for answer in files}
    total = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values())
    assert total <= LARGEST_BYTES, {url: size["responseBodySize"] for url, size in sizes.items()}


def test_every_page_is_listed() -> None:
    pages = (*CARD_PAGES, *HOSPITAL_PAGES, *DESK_PAGES)
    routes = {
        route.name for route in all_routes() if not route.is_admin and not route.address.startswith(OUTSIDE)
    }
    listed = {shown.route for shown in pages}
    assert routes - listed - set(NOT_PAGES) == set()
    assert set(NOT_PAGES) <= {route.name for route in all_routes()}
    assert not listed & set(NOT_PAGES)
    assert len({shown.name for shown in pages}) == len(pages)
