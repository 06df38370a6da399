"""The hot path in front of Django, as a web server calls it."""

import io
from typing import Any
from wsgiref.validate import validator

import orjson
import pytest
from django.core.wsgi import get_wsgi_application
from django.test.client import RequestFactory

from portal.hotpaths import HotPaths
from tests.cards.world import Holder, Hospital, code_of

pytestmark = pytest.mark.django_db

PATH = "/api/v1/codes/verify"
VIEWS = {PATH: "cards.api.verify.verify_code"}


def serve(
    path: str, body: bytes, headers: dict[str, Any], method: str = "POST"
) -> tuple[int, dict[str, str], Any]:
    """Call the application by the rules of WSGI."""
    application: Any = validator(HotPaths(get_wsgi_application(), VIEWS))
    environ = RequestFactory().generic(method, path, body, content_type="application/json", **headers).environ
    environ = {name: value for name, value in environ.items() if name != "wsgi.input"}
    environ |= {"wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "SCRIPT_NAME": ""}
    seen: list[tuple[str, dict[str, str]]] = []
    answer = application(environ, lambda status, fields: seen.append((status, dict(fields))))
    content = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    status, fields = seen[0]
    return int(status.split()[0]), fields, content


def test_a_verification_is_answered_in_front_of_django(here: Hospital, somebody: Holder) -> None:
    body = orjson.dumps({"code": code_of(somebody), "scene": "0101012", "terminal_id": "W01"})
    status, fields, content = serve(PATH, body, here.signer.headers("POST", PATH, body))
    assert status == 200
    assert orjson.loads(content)["person"]["id_number"] == somebody.id_number
    assert fields["Content-Length"] == str(len(content))
    assert fields["Cache-Control"] == "no-store"
    assert fields["X-Request-Id"]


def test_a_refusal_there_is_a_problem_with_its_trace(here: Hospital) -> None:
    status, fields, content = serve(PATH, b"{}", here.signer.headers("POST", PATH, b"{}"))
    problem = orjson.loads(content)
    assert (status, problem["code"]) == (400, "invalid_input")
    assert problem["trace_id"] == fields["X-Request-Id"]
    assert fields["Content-Type"] == "application/problem+json"


def test_every_other_address_is_djangos(here: Hospital) -> None:
    assert serve("/healthz", b"", {}, method="GET")[0] == 200
    assert serve(PATH + "/", b"", {})[0] == 404
