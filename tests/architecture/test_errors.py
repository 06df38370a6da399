"""Every error can be acted on."""

import importlib
import re

from django.utils.translation import override

from foundation.core.errors import DomainError, all_errors
from tests.architecture.source import sources

CODE = re.compile(r"[a-z]+(_[a-z0-9]+)*")
HTTP_ERRORS = range(400, 600)


def errors() -> list[type[DomainError]]:
    """Every error of every room, whichever file it stands in."""
    for source in sources():
        if "errors" in source.module.split(".") or "Error" in source.path:
            importlib.import_module(source.module)
    return all_errors()


def test_codes_are_unique_and_have_one_form() -> None:
    codes = [error.code for error in errors()]
    assert len(codes) > 50
    assert len(codes) == len(set(codes))
    assert [code for code in codes if not CODE.fullmatch(code)] == []


def test_every_error_says_what_happened_and_what_to_do() -> None:
    silent = []
    with override("zh-hans"):
        for error in errors():
            if not str(error.message).strip() or not str(error.next_step).strip():
                silent.append(error.code)
    assert silent == []


def test_every_subclass_is_registered_under_a_code_of_its_own() -> None:
    parents: list[type[DomainError]] = [DomainError, *errors()]
    without = [
        child.__qualname__
        for parent in parents
        for child in parent.__subclasses__()
        if "code" not in vars(child) and child.__module__.split(".")[0] != "tests"
    ]
    assert without == []


def test_every_status_is_one_of_an_error() -> None:
    found = [error for error in errors() if error.status not in HTTP_ERRORS]
    # The dialects speak as their inventors wrote: an answer of 200 with the error inside.
    assert [error.code for error in found if not error.__module__.startswith("interop.dialects.")] == []
