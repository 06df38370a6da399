"""Whatever is sent to the described interfaces is answered as described, and never by a fault of ours."""

import secrets
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import pytest
import requests
import schemathesis
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.cards.holding import card_holder
from tests.cards.test_api_resident import Phone
from tests.cards.world import hospital
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

DESCRIPTION = Path(__file__).parents[2] / "docs" / "api" / "openapi.yaml"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = {
    found.ok().label: found.ok()
    for found in schemathesis.openapi.from_path(DESCRIPTION).get_all_operations()
    if isinstance(found, Ok)
}
WITH_BODY, WITHOUT = 40, 8


class Program(Protocol):
    """Sends a request as a program that may: signed, or signed in."""

    def __call__(self, sent: requests.PreparedRequest) -> HttpResponse: ...


class Institution:
    """A hospital's program."""

    def __init__(self) -> None:
        self.signer = hospital().signer

    def __call__(self, sent: requests.PreparedRequest) -> Any:
        address, method = urlsplit(str(sent.url)), str(sent.method)
        key = "" if method == "GET" else secrets.token_hex(16)
        body = _body(sent)
        signed = self.signer.headers(method, address.path, body, query=address.query, idempotency_key=key)
        return _send(Client(), sent, **signed)


class Resident:
    """The mini-program of somebody who holds a card."""

    def __init__(self) -> None:
        with transaction.atomic():
            account = card_holder().account
        self.http = Phone(account).http

    def __call__(self, sent: requests.PreparedRequest) -> Any:
        return _send(self.http, sent)


def _body(sent: requests.PreparedRequest) -> bytes:
    body = sent.body or b""
    assert isinstance(body, str | bytes)
    return body.encode() if isinstance(body, str) else body


def _send(http: Client, sent: requests.PreparedRequest, **headers: Any) -> Any:
    http.raise_request_exception = False
    address = urlsplit(str(sent.url))
    return http.generic(
        str(sent.method),
        unquote(address.path),
        _body(sent),
        content_type=str(sent.headers.get("Content-Type", "")),
        QUERY_STRING=address.query,
        **headers,
    )


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_every_operation_answers_as_described(label: str, sandbox: Sandbox) -> None:
    operation = OPERATIONS[label]
    program: Program = Institution() if operation.path.startswith("/api/v1/") else Resident()
    cases = st.one_of([operation.as_strategy(mode) for mode in GenerationMode])

    @settings(
        max_examples=WITH_BODY if operation.body else WITHOUT,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def attempt(case: Case[Any]) -> None:
        told = case.as_transport_kwargs(base_url="http://testserver")
        # What signs and signs in is the program's own.
        told = {name: told[name] for name in ("method", "url", "params", "json", "data") if name in told}
        sent = requests.Request(**told).prepare()
        answer = program(sent)
        response = Response(
            status_code=answer.status_code,
            headers={name: [value] for name, value in answer.items()},
            content=answer.content,
            request=sent,
            elapsed=0.0,
            verify=False,
        )
        case.validate_response(response, checks=CHECKS)

    attempt()
