"""The platform's signature.

All fields of ``commonIn`` and the top-level fields of ``req`` in one flat map, without
``sign``, nulls and empty texts; sorted by name in ASCII order; joined as ``name=value`` with
``&``; the appSecret appended; SHA-256; Base64 of the 32 bytes. Numbers are written plainly,
so a zero is part of the text; truth values as ``true`` and ``false``; objects and lists as
compact JSON.

Clients differ in that inner JSON: the vendor's own sorts the inner names and drops inner
nulls, others write it in their own order. Both renderings are made from the one parsed
value, so whatever verifies is what was read.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

from interop.dialects.tencent.envelope import Envelope, Number

Render = Callable[[Any], str]


def sign(envelope: Envelope, secret: str, *, inner: Render | None = None) -> str:
    """The signature of a request under a secret, by default in the vendor's own rendering."""
    text = signed_text(envelope, inner or sorted_without_nulls) + secret
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def verifies(envelope: Envelope, secret: str) -> bool:
    """Whether the request's ``sign`` is right in one of the two renderings."""
    given = envelope.common.values.get("sign")
    if not isinstance(given, str) or not given.isascii():
        return False
    matches = [
        hmac.compare_digest(sign(envelope, secret, inner=inner).encode(), given.encode())
        for inner in (sorted_without_nulls, as_received)
    ]
    return any(matches)


def signed_text(envelope: Envelope, inner: Render) -> str:
    """The text before the secret."""
    flat = {**envelope.req.values, **envelope.common.values}
    return "&".join(f"{name}={value}" for name, value in sorted(_rendered(flat, inner)) if value != "")


def _rendered(flat: dict[str, Any], inner: Render) -> Iterator[tuple[str, str]]:
    for name, value in flat.items():
        if name == "sign" or value is None:
            continue
        if isinstance(value, bool):
            yield name, "true" if value else "false"
        elif isinstance(value, dict | list):
            yield name, inner(value)
        else:
            yield name, str(value)


def sorted_without_nulls(value: Any) -> str:
    """Compact JSON with inner names sorted and inner nulls dropped, as the vendor's SDK."""
    if isinstance(value, dict):
        members = (
            f"{_text(name)}:{sorted_without_nulls(value[name])}"
            for name in sorted(value)
            if value[name] is not None
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(sorted_without_nulls, value)) + "]"
    return _scalar(value)


def as_received(value: Any) -> str:
    """Compact JSON with inner names in the order in which they came."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(name)}:{as_received(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(as_received, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
