"""The table of every error code, for `docs/institutions/errors.md`."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.utils import translation

from foundation.core.errors import DomainError, all_errors
from portal.env import BASE_DIR

PATH = BASE_DIR / "docs" / "institutions" / "errors.md"

_HEAD = """# Error codes

Every refusal of the native API and of the residents' API is a problem document
(`application/problem+json`) with one of these codes in `code`, what happened in `title`, what to do next
in `next_step`, and the field at fault in `field` where there is one. Codes are stable; sentences may
change and come in the language of `Accept-Language`. The Tencent dialect has numbers of its own
([tencent.md](tencent.md)) and names the same codes in `errMsg`; so has that of the national SDK
([national.md](national.md)), in `return_msg`.

This page is written by `manage.py write_errors`; a test compares it with the code.

| code | status | what happened | what to do |
| --- | --- | --- | --- |
"""


def render() -> str:
    """The whole page."""
    with translation.override("en"):
        return _HEAD + "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    for error in _outward():
        yield f"| `{error.code}` | {error.status} | {_cell(error.message)} | {_cell(error.next_step)} |"


def _outward() -> list[type[DomainError]]:
    """The errors of the product's own rooms; tests define some for themselves."""
    rooms = {config.name for config in apps.get_app_configs()}
    for room in sorted(rooms):
        if find_spec(f"{room}.errors") is not None:
            import_module(f"{room}.errors")
    own = tuple(rooms)
    return [error for error in all_errors() if error.__module__.startswith(own)]


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
