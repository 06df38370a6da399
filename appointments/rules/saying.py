"""What a hospital may say of a session."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from appointments.rules import ClinicKind, Session
from appointments.types import Band, ScheduleDetails
from foundation.core import clock

MOST_PLACES = 500
LONGEST = {"code": 40, "stop_reason": 100}
MOST_FEN = 10_000_000


def wrong_field(details: ScheduleDetails, *, departments: Container[str], doctors: Container[str]) -> str:
    """The first field that does not fit; empty if all do.

    Args:
        departments, doctors: The codes that are known.
    """
    checks: Iterable[tuple[str, bool]] = (
        ("code", 0 < len(details.code) <= LONGEST["code"]),
        ("department", details.department in departments),
        ("doctor", not details.doctor or details.doctor in doctors),
        ("session", details.session in Session.values),
        ("kind", details.kind in ClinicKind.values),
        ("fee_fen", 0 <= details.fee_fen <= MOST_FEN),
        ("stop_reason", len(details.stop_reason) <= LONGEST["stop_reason"]),
        ("bands", _are_bands(details.bands, details.date)),
    )
    return next((name for name, fits in checks if not fits), "")


def _are_bands(bands: Sequence[Band], day: date) -> bool:
    ordered = sorted(bands, key=lambda band: band.starts_at)
    return (
        bool(ordered)
        and all(band.starts_at < band.ends_at and 0 <= band.capacity <= MOST_PLACES for band in ordered)
        and all(before.ends_at <= after.starts_at for before, after in pairwise(ordered))
        and clock.beijing(ordered[0].starts_at).date() == day
    )


def details_of(said: Mapping[str, Any]) -> ScheduleDetails:
    """A session in the form of ``schedule.changed``, whose schema has let it pass.

    Hospitals that are asked for their sessions answer in the same form.
    """
    return ScheduleDetails(
        code=said["code"],
        department=said["department"],
        doctor=said.get("doctor", ""),
        date=date.fromisoformat(said["date"]),
        session=said["session"],
        kind=said.get("kind", ClinicKind.GENERAL.value),
        fee_fen=said.get("fee_fen", 0),
        is_open=said.get("is_open", True),
        stop_reason=said.get("stop_reason", ""),
        substitute=said.get("substitute", ""),
        bands=tuple(
            Band(
                datetime.fromisoformat(band["starts_at"]),
                datetime.fromisoformat(band["ends_at"]),
                band["capacity"],
            )
            for band in said["bands"]
        ),
    )
