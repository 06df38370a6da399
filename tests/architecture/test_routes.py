"""Every route is guarded, or listed as public with a reason."""

from functools import cache

import pytest
from django.test import Client

from portal.public_routes import PUBLIC
from tests.architecture.routes import Route, all_routes


@cache
def guarded_routes() -> list[Route]:
    return [route for route in all_routes() if route.name not in PUBLIC]


def test_every_route_is_guarded_or_public() -> None:
    open_routes = [f"{route.name or '?'} {route.address}" for route in guarded_routes() if not route.guard]
    assert open_routes == []


def test_every_public_route_exists_and_says_why() -> None:
    assert set(PUBLIC) <= {route.name for route in all_routes()}
    assert all(PUBLIC.values())


def test_every_kind_of_guard_is_met() -> None:
    assert {route.guard for route in guarded_routes()} == {
        "admin site",
        "permission classes",
        "resident",
        "signature",
        "staff",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_gets_past_a_guard_without_signing_in(method: str) -> None:
    passed = []
    for route in guarded_routes():
        client = Client(raise_request_exception=False)
        answer = client.generic(method, route.address, b"{}", "application/json")
        led_away = answer.status_code == 302 and (
            "sign-in/" in answer["Location"] or "/login/" in answer["Location"]
        )
        # The dialects of other platforms say no inside an answer of 200.
        succeeded_inside = any(mark in answer.content for mark in (b'"resultCode":0', b'"return_code":"0"'))
        refused_inside = route.guard == "signature" and not succeeded_inside
        if not (led_away or answer.status_code in {401, 403, 405} or refused_inside):
            passed.append(f"{method} {route.name} {route.address} {answer.status_code}")
    assert passed == []
