"""The SDK follows the description of the interface: every route, every field in and out."""

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import parse_qs

import pytest
from drf_spectacular.generators import SchemaGenerator

import sdk
from tests.sdk.flaky import Answer, Asked, Flaky

ROOT = "/api/v1"
TOKEN = "ehc-terminal-token"
NOT_CALLS = {"close", "batch_rows"}
# The key of the operation goes in the header, which every client can set.
IN_THE_HEADER = {"verify": {"request_id"}}
# Answers of one value are given as that value.
ONE_VALUE = {
    "report_terminal_alive": datetime,
    "verify_receipt": bool,
    "read_slip": Mapping,
    "opened_report": Mapping,
}
CALLS = sorted(name for name, _call in inspect.getmembers(sdk.Client, inspect.isfunction) if name[0] != "_")
CALLS = [name for name in CALLS if name not in NOT_CALLS]


@dataclasses.dataclass(frozen=True)
class Operation:
    method: str
    path: str
    described: Mapping[str, Any]

    def names(self, where: str) -> set[str]:
        return {each["name"] for each in self.described.get("parameters", []) if each["in"] == where}


@cache
def schema() -> Mapping[str, Any]:
    return MappingProxyType(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


@cache
def operations() -> Sequence[Operation]:
    return [
        Operation(method.upper(), path, described)
        for path, methods in schema()["paths"].items()
        if path.startswith(f"{ROOT}/")
        for method, described in methods.items()
    ]


def properties(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """The members of an object, of what a list holds, or of neither."""
    for step in ("$ref", "items", "allOf"):
        if step == "$ref" and step in described:
            name = described["$ref"].removeprefix("#/components/schemas/")
            return properties(schema()["components"]["schemas"][name])
        if step == "items" and step in described:
            return properties(described["items"])
        if step == "allOf" and step in described:
            return properties(described["allOf"][0])
    found: Mapping[str, Any] = described.get("properties", {})
    return found


def content(described: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = described.get("content", {}).get("application/json", {}).get("schema", {})
    return properties(found)


def sample(kind: Any) -> Any:
    """Something of this type with every member filled."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{each.name: sample(hints[each.name]) for each in dataclasses.fields(kind)})
    if get_origin(kind) is Sequence:
        return [sample(get_args(kind)[0])]
    if get_origin(kind) is Mapping:
        return {"x": "x"}
    plain = [each for each in (get_args(kind) or (kind,)) if each is not type(None)]
    values = {str: "x", int: 1, bool: True, date: date(2026, 11, 21), datetime: datetime(2026, 11, 21, 8)}
    return values[plain[0]]


PLAIN = {"integer": 1, "boolean": True, "number": 1.5}
TEXTS = {"date": "2026-11-21", "date-time": "2026-11-21T08:00:00+08:00"}


def answered(described: Mapping[str, Any]) -> Any:
    """Something that is described so, with one member more in every object."""
    if "$ref" in described:
        return answered(schema()["components"]["schemas"][described["$ref"].rpartition("/")[2]])
    if "allOf" in described:
        return answered(described["allOf"][0])
    if "enum" in described:
        return described["enum"][0]
    if described.get("type") == "array":
        return [answered(described["items"])]
    if described.get("type") == "string":
        return TEXTS.get(described.get("format", ""), "AAAA")
    if described.get("type") in PLAIN:
        return PLAIN[described["type"]]
    return {name: answered(each) for name, each in described.get("properties", {}).items()} | {"later": 1}


@pytest.fixture
def platform() -> Iterator[Flaky]:
    server = Flaky([Answer(404, {"code": "not_found"})])
    yield server
    server.stop()


def asked_by(name: str, platform: Flaky) -> Asked:
    """What a call sends that is given a value for everything."""
    hints = get_type_hints(getattr(sdk.Client, name))
    arguments = {each: sample(kind) for each, kind in hints.items() if each != "return"}
    with sdk.Client(platform.url, "client", "key", "secret") as ehc, pytest.raises(sdk.NotFound):
        getattr(ehc, name)(**arguments)
    return platform.asked[-1]


def operation_of(asked: Asked) -> Operation:
    path = asked.path.partition("?")[0]
    fitting = [
        each
        for each in operations()
        if each.method == asked.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each.path), path)
    ]
    assert fitting, f"{asked.method} {path} is no route"
    return min(fitting, key=lambda each: each.path.count("{"))


def same_members(sent: Any, described: Mapping[str, Any], where: str) -> None:
    """What is sent has the members of the description, all the way down."""
    if isinstance(sent, list):
        sent = sent[0]
    if not isinstance(sent, dict) or not described:
        return
    assert set(sent) == set(described), where
    for name, value in sent.items():
        same_members(value, properties(described[name]), f"{where}.{name}")


def same_result(kind: Any, described: Mapping[str, Any], where: str) -> None:
    """A result has the members of the description, all the way down."""
    inner = [each for each in (kind, *get_args(kind)) if dataclasses.is_dataclass(each)]
    if not inner:
        return
    hints = get_type_hints(inner[0])
    assert set(hints) == set(described), where
    for name, hint in hints.items():
        same_result(hint, properties(described[name]), f"{where}.{name}")


def test_every_route_has_a_call(platform: Flaky) -> None:
    called = {operation_of(asked_by(name, platform)).path + " " + platform.asked[-1].method for name in CALLS}
    assert called == {f"{each.path} {each.method}" for each in operations()}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_sends_what_the_route_takes(name: str, platform: Flaky) -> None:
    asked = asked_by(name, platform)
    operation = operation_of(asked)
    body = json.loads(asked.body) if asked.body else {}
    described = dict(content(operation.described.get("requestBody", {})))
    for header in IN_THE_HEADER.get(name, ()):
        del described[header]
    assert set(body) == set(described)
    same_members(body, described, name)
    assert set(parse_qs(asked.path.partition("?")[2])) == operation.names("query")
    assert (TOKEN in asked.headers) == ("EHC-Terminal-Token" in operation.names("header"))
    if "Idempotency-Key" in operation.names("header"):
        assert asked.headers["idempotency-key"] == "x"


@pytest.mark.parametrize("name", CALLS)
def test_a_call_gives_what_the_route_answers(name: str, platform: Flaky) -> None:
    operation = operation_of(asked_by(name, platform))
    kind = get_type_hints(getattr(sdk.Client, name))["return"]
    if name in ONE_VALUE:
        assert (get_origin(kind) or kind) is ONE_VALUE[name]
        return
    answers = [each for status, each in operation.described["responses"].items() if status in ("200", "201")]
    for answer in answers:
        same_result(kind, content(answer), name)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_reads_the_answer_of_a_platform_that_says_more_than_it_knows(
    name: str, platform: Flaky
) -> None:
    operation = operation_of(asked_by(name, platform))
    hints = get_type_hints(getattr(sdk.Client, name))
    arguments = {each: sample(kind) for each, kind in hints.items() if each != "return"}
    for status in {"200", "201"} & set(operation.described["responses"]):
        described = operation.described["responses"][status]["content"]["application/json"]["schema"]
        platform.script = [Answer(int(status), answered(described))]
        with sdk.Client(platform.url, "client", "key", "secret") as ehc:
            assert getattr(ehc, name)(**arguments) is not None
