"""What the platform, or the way to it, can answer instead of a result.

Every error carries the platform's code, which never changes, a sentence for people, and what
to do next. The classes group the codes by what a program does about them.
"""

from collections.abc import Mapping
from typing import Any


class EhcError(Exception):
    """The platform did not do what it was asked.

    Attributes:
        code: Stable, for programs: ``code_used``.
        detail: What happened and what to do, for people, in Chinese.
        next_step: What to do, alone.
        trace_id: To be named when asking the platform's staff.
        status: HTTP status; 0 if there was no answer.
        field: Which field of the request is at fault, where one is.
        problem: The whole problem document.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        next_step: str = "",
        trace_id: str = "",
        *,
        status: int = 0,
        field: str = "",
        problem: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.next_step = next_step
        self.trace_id = trace_id
        self.status = status
        self.field = field
        self.problem: Mapping[str, Any] = problem or {}


class Unreachable(EhcError):
    """There was no answer. Whether the request was carried out is not known: ask again with the same key."""


class Unavailable(EhcError):
    """The platform cannot answer at the moment."""


class RateLimited(EhcError):
    """Too many requests; ``retry_after`` seconds are to pass."""

    @property
    def retry_after(self) -> float:
        """Seconds to wait, as the platform said."""
        return float(self.problem.get("retry_after", 0))


class SignatureRefused(EhcError):
    """The platform does not know who calls: client, key, secret, clock."""


class ClientRefused(EhcError):
    """The client is known and may not do this: suspended, or without the scope."""


class InvalidRequest(EhcError):
    """Something in the request is wrong; ``field`` says what."""


class NotFound(EhcError):
    """There is no such card, list, session or scan; or it is another institution's."""


class Conflict(EhcError):
    """The request does not fit to what is there: another person's number, a name that disagrees."""


class CodeUsed(EhcError):
    """The code was used before: ask the resident to refresh the page."""


class CodeExpired(EhcError):
    """It is not the code's time (any more): ask the resident to refresh the page."""


class CodeNotAccepted(EhcError):
    """The text is no code, a foreign or forged one, or one that does not open this step of care."""


class CardNotInUse(EhcError):
    """The card is frozen, lost, cancelled or past its deadline, or its number was revoked."""


_BY_CODE: Mapping[str, type[EhcError]] = {
    "code_used": CodeUsed,
    "code_expired": CodeExpired,
    "code_not_yet_valid": CodeExpired,
    "code_malformed": CodeNotAccepted,
    "code_too_long": CodeNotAccepted,
    "code_forged": CodeNotAccepted,
    "code_foreign": CodeNotAccepted,
    "city_card_not_accepted": CodeNotAccepted,
    "temporary_card_not_accepted": CodeNotAccepted,
    "static_code_not_allowed": CodeNotAccepted,
    "static_code_switched_off": CodeNotAccepted,
    "card_frozen": CardNotInUse,
    "card_lost": CardNotInUse,
    "card_cancelled": CardNotInUse,
    "card_number_revoked": CardNotInUse,
    "temporary_card_expired": CardNotInUse,
    "identity_conflict": Conflict,
    "real_name_mismatch": Conflict,
}
_BY_STATUS: Mapping[int, type[EhcError]] = {
    400: InvalidRequest,
    401: SignatureRefused,
    403: ClientRefused,
    404: NotFound,
    409: Conflict,
    410: Conflict,
    411: InvalidRequest,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    429: RateLimited,
}


def error_of(status: int, problem: Mapping[str, Any]) -> EhcError:
    """The error behind a problem document."""
    code = str(problem.get("code") or f"http_{status}")
    default = Unavailable if status >= 500 else EhcError
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, default)
    return kind(
        code,
        str(problem.get("detail") or problem.get("title") or f"HTTP {status}"),
        str(problem.get("next_step", "")),
        str(problem.get("trace_id", "")),
        status=status,
        field=str(problem.get("field", "")),
        problem=problem,
    )
