"""What a person, and what an interface, sees where no view answers."""

import pytest
from django.test import Client, RequestFactory

from foundation.core.errors import StalePage, TooManyRequests
from portal import errors

pytestmark = pytest.mark.django_db


def test_an_unknown_page_is_a_page(client: Client) -> None:
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_an_unknown_interface_is_a_problem(client: Client) -> None:
    answer = client.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json()["trace_id"] == answer["X-Request-Id"]


def test_a_domain_error_becomes_a_page_that_says_what_to_do(rf: RequestFactory) -> None:
    answer = errors.domain_error(rf.get("/card/"), TooManyRequests(retry_after=40))
    assert answer.status_code == 429
    text = answer.content.decode()
    assert "操作太频繁了" in text
    assert "请 40 秒后再试" in text


def test_a_domain_error_of_an_interface_becomes_a_problem(rf: RequestFactory) -> None:
    answer = errors.domain_error(rf.get("/api/resident/v1/card"), StalePage())
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/card/", "/api/resident/v1/card"])
def test_every_fault_has_its_answer(rf: RequestFactory, path: str) -> None:
    request = rf.get(path)
    kind = "application/problem+json" if path.startswith("/api/") else "text/html"
    fault = Exception("inside")
    for answer, status in (
        (errors.bad_request(request, fault), 400),
        (errors.permission_denied(request, fault), 403),
        (errors.page_not_found(request, fault), 404),
        (errors.server_error(request), 500),
    ):
        assert answer.status_code == status
        assert answer["Content-Type"].startswith(kind)
        assert "inside" not in answer.content.decode()


def test_a_form_without_its_token_is_answered(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/preferences/", {"care": "1"})
    assert answer.status_code == 403
    assert "页面停留太久" in answer.content.decode()


@pytest.mark.parametrize("path", ["/join/?a=%00", "/open/claim/?app_id=%00", "/api/v1/cards/%00"])
def test_a_zero_byte_in_an_address_is_a_bad_request(client: Client, path: str) -> None:
    assert client.get(path).status_code == 400
