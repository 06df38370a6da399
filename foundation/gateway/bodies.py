"""Reading bodies that strangers send.

JSON is read strictly: one object, UTF-8, no name twice (two readers of a message with a
repeated name may see different values), bounded depth, no NaN, and no text that the database
cannot hold.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from django.http import HttpRequest
from django.http.request import RawPostDataException
from django.utils.translation import gettext_lazy as _

from foundation.gateway.errors import BodyTooLarge, LengthRequired, NotJson, UnsupportedContentType

MAX_BODY_BYTES = 65_536
MAX_DEPTH = 12

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def read(request: HttpRequest, *, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The raw body, refused by its announced length before a byte of it is read.

    Raises:
        BodyTooLarge: If it is longer than ``max_bytes``.
        LengthRequired: If a body is announced without a length (chunked).
    """
    meta = request.META
    if "HTTP_TRANSFER_ENCODING" in meta and request.method in _BODY_METHODS:
        raise LengthRequired
    announced = meta.get("CONTENT_LENGTH") or "0"
    if not announced.isdecimal() or len(announced) > 12 or int(announced) > max_bytes:
        raise BodyTooLarge(limit=max_bytes)
    try:
        return request.body
    except RawPostDataException as exc:
        raise NotJson(reason=_("已被读取")) from exc


def require_json_type(meta: Mapping[str, Any]) -> None:
    """Refuse a body that does not call itself JSON.

    Raises:
        UnsupportedContentType: For every other media type, and for none.
    """
    content_type: str = meta.get("CONTENT_TYPE") or ""
    if (
        content_type != "application/json"
        and content_type.partition(";")[0].strip().lower() != "application/json"
    ):
        raise UnsupportedContentType


def read_object(body: bytes) -> dict[str, Any]:
    """Parse one JSON object.

    Raises:
        NotJson: If the bytes are anything else, or an object that we refuse.
    """
    try:
        value = _decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise NotJson(reason=_("不是 UTF-8 编码")) from exc
    except RecursionError as exc:
        raise NotJson(reason=_("嵌套过深")) from exc
    except ValueError as exc:
        raise NotJson(reason=_("语法有误")) from exc
    if not isinstance(value, dict):
        raise NotJson(reason=_("最外层不是对象"))
    # Only an escape can bring in a character that UTF-8 itself does not.
    _check(value, MAX_DEPTH, escapes=b"\\u" in body or b"\x00" in body)
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson(reason=_("有重复的字段名"))
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(reason=_("含有 NaN 或 Infinity"))


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_refuse_constant)


def _check(value: Any, depth: int, *, escapes: bool) -> None:
    if isinstance(value, str):
        if escapes:
            _check_text(value)
    elif isinstance(value, float):
        if math.isinf(value):
            _refuse_constant("Infinity")
    elif isinstance(value, dict):
        _check_depth(depth)
        for name, inner in value.items():
            _check(name, depth, escapes=escapes)
            _check(inner, depth - 1, escapes=escapes)
    elif isinstance(value, list):
        _check_depth(depth)
        for inner in value:
            _check(inner, depth - 1, escapes=escapes)


def _check_depth(depth: int) -> None:
    if depth <= 0:
        raise NotJson(reason=_("嵌套过深"))


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise NotJson(reason=_("含有空字符"))
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise NotJson(reason=_("含有不成对的代理字符")) from exc
