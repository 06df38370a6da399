"""What a real-name check asks and what it may come back with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """Whether the name belongs to the number."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class RealNameAnswer:
    """The answer to one check. `reference` is the other side's, kept as evidence."""

    outcome: Outcome
    reference: str
    checked_at: datetime


class ProviderError(Exception):
    """The check has no answer. `code` says why, without personal data."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class ProviderTimeout(ProviderError):
    """No answer in time; the same request_id may be asked again."""


class ProviderUnavailable(ProviderError):
    """The other side cannot serve now; the same request_id may be asked again."""


class ProviderProtocolError(ProviderError):
    """The other side refused the call or answered in no known form: asking again will not help."""


class RealNameProvider(Protocol):
    """One outside system that can check."""

    def check(self, *, request_id: str, id_type: str, id_number: str, name: str) -> RealNameAnswer:
        """Ask whether the name belongs to the number.

        Args:
            request_id: Ours, one for each check, at most 64 characters; a repeat gets the same answer.
            id_type: Two digits of the certificate type.
            id_number: Normalised.
            name: Normalised.

        Raises:
            ProviderTimeout, ProviderUnavailable, ProviderProtocolError: If there is no answer.
        """
        ...
