"""No error reaches a program of the national SDK without a return code of its own."""

from functools import cache

from interop.dialects.national.errors import INTERNAL, REFUSED, RETURN_CODES, SUCCESS
from tests.architecture.reach import modules, reached_from
from tests.architecture.test_errors import errors

DIALECT = "interop.dialects.national"
# What the dialect reaches by a name in the settings.
PROVIDERS = ("interop.crossdomain.asking",)
# Reached by name, and never answered: why.
NEVER_ANSWERED = {
    "gateway_refused": "a base, never raised itself",
    "national_sdk_refused": "a base, never raised itself",
    "invalid_particulars": "a base, never raised itself",
    "missing_signature": "of the native signature",
    "bad_signature_header": "of the native signature",
    "clock_skew": "of the native signature",
    "idempotency_key_reused": "answered as national_serial_used",
    "terminal_not_named": "every call of the dialect names a terminal",
    "node_signature_missing": "of another centre's answer, which counts as untrusted then",
}


@cache
def reachable() -> frozenset[str]:
    dialect = [name for name in modules() if name.startswith(DIALECT)]
    reached = reached_from([*dialect, *PROVIDERS])
    return frozenset(error.code for error in errors() if (error.__module__, error.__name__) in reached)


def test_every_error_that_the_dialect_can_meet_has_a_return_code() -> None:
    assert reachable() - set(RETURN_CODES) - set(NEVER_ANSWERED) == set()


def test_every_return_code_is_of_an_error_that_the_dialect_can_meet() -> None:
    assert set(RETURN_CODES) - reachable() == set()
    assert set(NEVER_ANSWERED) - reachable() == set()


def test_the_search_finds_what_lies_deep() -> None:
    deep = {"code_used", "verification_busy", "identity_conflict", "certificate_too_long", "route_loop"}
    assert deep <= reachable()


def test_return_codes_are_four_digits_and_never_success() -> None:
    assert SUCCESS == "0"
    assert all(len(code) == 4 and code.isdecimal() for code in (*RETURN_CODES.values(), REFUSED, INTERNAL))
    assert REFUSED not in RETURN_CODES.values()
