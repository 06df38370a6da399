"""Calls about active scan: a terminal shows a code, the resident scans it and agrees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sdk.transport import Connection, of_terminal


@dataclass(frozen=True, slots=True)
class StartedScan:
    """The code to show; ``image`` is SVG."""

    scan_id: str
    text: str = field(repr=False)
    image: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Scan:
    """Where a scan stands.

    Attributes:
        state: ``waiting``, ``scanned``, ``agreed``, ``refused`` or ``expired``.
        health_card_id: Once the resident has agreed.
    """

    scan_id: str
    state: str
    health_card_id: str | None = field(repr=False)
    expires_at: datetime

    @property
    def is_over(self) -> bool:
        """Whether asking again will tell nothing new."""
        return self.state not in {"waiting", "scanned"}


class ScanCalls(Connection):
    """Codes that the institution's terminals show."""

    def start_scan(
        self,
        *,
        terminal_id: str,
        scene: str,
        reference: str = "",
        terminal_token: str = "",
        idempotency_key: str = "",
    ) -> StartedScan:
        """Get a code for a terminal to show; it lives three minutes and is answered once.

        Args:
            scene: Step of care; the resident reads its name.
            reference: The institution's own number of it.
            terminal_token: What the terminal got at its sign-in, if it has one of its own.
        """
        body = {"terminal_id": terminal_id, "scene": scene, "reference": reference}
        return self._change("/scans", body, _started, idempotency_key, of_terminal(terminal_token))

    def read_scan(self, scan_id: str) -> Scan:
        """Where a scan stands; ask every one or two seconds until ``is_over``."""
        return self._read(f"/scans/{quote(scan_id, safe='')}", _scan)


def _started(answer: Mapping[str, Any]) -> StartedScan:
    return StartedScan(
        scan_id=answer["scan_id"],
        text=answer["text"],
        image=answer["image"],
        expires_at=datetime.fromisoformat(answer["expires_at"]),
    )


def _scan(answer: Mapping[str, Any]) -> Scan:
    return Scan(
        scan_id=answer["scan_id"],
        state=answer["state"],
        health_card_id=answer["health_card_id"],
        expires_at=datetime.fromisoformat(answer["expires_at"]),
    )
