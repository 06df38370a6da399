"""Reading and writing the envelope ``{commonIn, req}`` / ``{commonOut, rsp}``.

The body is parsed as JSON whatever its Content-Type says: one family of clients sends it as
a form. Numbers keep the text in which they came, because the signature covers that text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from interop.dialects.tencent.errors import SUCCESS, BadBody, BadParameter, MissingParameter

MAX_DEPTH = 8

# Names that the platform once misspelt (a small L for a capital I), and clients still send.
MISSPELT: Mapping[str, str] = {
    "appId": "appld",
    "openId": "openld",
    "healthCardId": "healthCardld",
    "relateAppId": "relateAppld",
    "relateOpenId": "relateOpenld",
    "unionId": "unionld",
    "terminalId": "terminalld",
    "hospitalId": "hospitalld",
    "requestId": "requestld",
    "orgId": "orgld",
}


class Number(str):
    """A JSON number, as the text in which it was written."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Fields:
    """A part of the envelope, read by name with the types that the dialect allows."""

    values: Mapping[str, Any]

    def has(self, name: str) -> bool:
        """Whether there is a value that is neither null nor empty text."""
        return self._raw(name) not in (None, "")

    def text(self, name: str, *, most: int = 200) -> str:
        """A text that must be there; a number counts as its digits.

        Raises:
            MissingParameter: If it is absent, null or empty.
            BadParameter: If it is an object, a list or a truth value, or too long.
        """
        value = self.optional(name, most=most)
        if not value:
            raise MissingParameter(field=name, name=name)
        return value

    def optional(self, name: str, *, most: int = 200) -> str:
        """A text that may be absent.

        Raises:
            BadParameter: If it is an object, a list or a truth value, or too long.
        """
        value = self._raw(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > most or "\x00" in value:
            raise BadParameter(field=name, name=name)
        return str(value).strip()

    def rows(self, name: str, *, most: int) -> "tuple[Fields, ...]":
        """A list of objects that must be there.

        Raises:
            MissingParameter: If it is absent or empty.
            BadParameter: If it is no list of objects, or has more than ``most``.
        """
        value = self._raw(name)
        if value in (None, "", []):
            raise MissingParameter(field=name, name=name)
        if not isinstance(value, list) or len(value) > most or not all(isinstance(v, dict) for v in value):
            raise BadParameter(field=name, name=name)
        return tuple(Fields(item) for item in value)

    def _raw(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        return self.values.get(MISSPELT.get(name, name))


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request as it was parsed; signature and operations read the same values."""

    common: Fields
    req: Fields


def read(body: bytes) -> Envelope:
    """Parse a request body.

    Raises:
        BadBody: If it is not one JSON object with the two parts, repeats a name, is nested too
            deep, or gives a name in both parts with different values.
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_pairs,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse_constant,
        )
        # Lone surrogates come only from escapes, and cannot be signed, stored or answered.
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeError, ValueError, RecursionError) as exc:
        raise BadBody(reason="UTF-8 JSON") from exc
    if not isinstance(value, dict):
        raise BadBody(reason="object")
    common, req = value.get("commonIn"), value.get("req", {})
    if not isinstance(common, dict) or not isinstance(req, dict):
        raise BadBody(reason="commonIn, req")
    _check_depth(value, MAX_DEPTH)
    for name in common.keys() & req.keys():
        if common[name] != req[name]:
            raise BadBody(reason=f"{name} × 2")
    return Envelope(Fields(common), Fields(req))


def answer(*, request_id: str, number: int, message: str, rsp: Mapping[str, Any]) -> bytes:
    """Write an answer."""
    body = {"commonOut": {"requestId": request_id, "resultCode": number, "errMsg": message}, "rsp": rsp}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def is_success(body: bytes) -> bool:
    """Whether an answer that was written here says that all went well."""
    return bool(json.loads(body)["commonOut"]["resultCode"] == SUCCESS)


def empty(names: Sequence[str]) -> dict[str, str]:
    """The ``rsp`` of a failure: the platform answers all keys, with empty values."""
    return dict.fromkeys(names, "")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadBody(reason="duplicate name")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise BadBody(reason="depth")
    if isinstance(value, dict):
        for inner in value.values():
            _check_depth(inner, left - 1)
    elif isinstance(value, list):
        for inner in value:
            _check_depth(inner, left - 1)
