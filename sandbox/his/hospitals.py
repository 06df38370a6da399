"""Which hospitals are played, and the keys that each shares with the platform."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import Request

from sandbox import store
from sandbox.answers import RestRefusal, text
from sandbox.store import Store

HOSPITALS = "his:hospitals"
VERSIONS = ("v1", "v1sm3", "v1sm2")


@dataclass(frozen=True)
class Hospital:
    """One hospital's system.

    Attributes:
        base_url, client: The platform, and the hospital's client there.
        signs: Its keys for events, by version: ``whsec_...``, or an SM2 private key.
        checks: The platform's keys for messages, each with ``version`` and ``key``.
        caller, caller_key, caller_secret: Who may ask the hospital's interface (``EHC1``).
    """

    code: str
    name: str
    base_url: str
    client: str
    signs: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Mapping[str, str], ...] = ()
    caller: str = ""
    caller_key: str = ""
    caller_secret: str = ""


def parse(body: Mapping[str, Any]) -> Hospital:
    """A hospital from a console request.

    Raises:
        RestRefusal: Something is missing or of the wrong kind.
    """
    given = dict(body)
    signs, checks = given.get("signs", {}), given.get("checks", [])
    if not isinstance(signs, dict) or not set(signs) <= set(VERSIONS):
        raise RestRefusal(400, "signs_invalid", f"signs has keys of {', '.join(VERSIONS)}.", "signs")
    if not isinstance(checks, list) or not all(
        isinstance(each, dict) and each.get("version") in VERSIONS and "key" in each for each in checks
    ):
        raise RestRefusal(400, "checks_invalid", "checks is a list of version and key.", "checks")
    optional = {name: str(given.get(name, "")) for name in ("caller", "caller_key", "caller_secret")}
    return Hospital(
        code=text(given, "code", longest=20),
        name=text(given, "name"),
        base_url=text(given, "base_url", longest=200).rstrip("/"),
        client=text(given, "client"),
        signs={version: str(key) for version, key in signs.items()},
        checks=tuple(checks),
        **optional,
    )


async def keep(state: Store, hospital: Hospital) -> None:
    """Play this hospital from now on; the same code again replaces it."""
    await state.set_field(HOSPITALS, hospital.code, asdict(hospital))


async def everyone(state: Store) -> list[Hospital]:
    """All hospitals that are played, by code."""
    found = await state.fields(HOSPITALS)
    return [_hospital(found[code]) for code in sorted(found)]


async def named(state: Store, code: str) -> Hospital:
    """The hospital of a code.

    Raises:
        RestRefusal: None is played under it.
    """
    found = await state.field(HOSPITALS, code)
    if found is None:
        raise RestRefusal(404, "hospital_unknown", "No hospital is played under this code.", "hospital")
    return _hospital(found)


async def of(request: Request) -> Hospital:
    """The hospital in the path of a call."""
    return await named(store.of(request), request.path_params["hospital"])


def _hospital(kept: Mapping[str, Any]) -> Hospital:
    return Hospital(**{**kept, "checks": tuple(kept["checks"])})
