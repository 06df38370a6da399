"""Every route of the product, with an address that leads to it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

_CONVERTER = re.compile(r"<(?:(\w+):)?\w+>")
_SAMPLES = {"int": "1", "path": "x", "uuid": "00000000-0000-0000-0000-000000000000"}


@dataclass(frozen=True)
class Route:
    name: str
    address: str
    view: Callable[..., Any]
    is_admin: bool

    @property
    def guard(self) -> str:
        """What says that the view is guarded; empty if nothing does."""
        if self.is_admin:
            return "admin site"
        api = getattr(self.view, "cls", None)
        marked = getattr(self.view, "guarded_by", "") or getattr(api, "guarded_by", "")
        if marked:
            return str(marked)
        return "permission classes" if _is_guarded_api(api) else ""


def _is_guarded_api(view: Any) -> bool:
    if view is None:
        return False
    names = {getattr(permission, "__name__", "") for permission in view.permission_classes}
    return bool(names) and "AllowAny" not in names


def all_routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, "/", [], False))


def _walk(patterns: list[Any], prefix: str, spaces: list[str], is_admin: bool) -> Iterator[Route]:
    for pattern in patterns:
        address = prefix + _sample(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            inner = [*spaces, pattern.namespace] if pattern.namespace else spaces
            yield from _walk(pattern.url_patterns, address, inner, is_admin or pattern.app_name == "admin")
        elif isinstance(pattern, URLPattern):
            name = ":".join([*spaces, pattern.name or ""])
            yield Route(name, address, pattern.callback, is_admin)


def _sample(route: str) -> str:
    plain = _CONVERTER.sub(lambda match: _SAMPLES.get(match[1] or "str", "x" * 26), route)
    return re.sub(
        r"\(\?P<\w+>[^)]*\)|[\^$]|\\Z", lambda match: "x" if match[0].startswith("(") else "", plain
    )
