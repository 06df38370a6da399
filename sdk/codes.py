"""Calls about codes and their use, and about the terminals that read them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sdk import results
from sdk.results import RecordedUse, TerminalSession, UsageUpload, Verification
from sdk.transport import Connection, of_terminal, without_empty


@dataclass(frozen=True, slots=True)
class Use:
    """One use for an upload: by a code that was verified here, or by the card alone.

    Attributes:
        id: The institution's own number of the use; a repeat is known by it.
    """

    id: str
    scene: str
    code: str = field(default="", repr=False)
    health_card_id: str = field(default="", repr=False)
    terminal_id: str = ""
    department: str = ""
    channel: str = ""
    card_type: str = ""
    cost_type: str = ""
    use_city: str = ""
    branch: str = ""
    occurred_at: datetime | None = None


class CodeCalls(Connection):
    """Verification, the record of use, and terminals."""

    def verify(
        self,
        code: str,
        *,
        scene: str,
        terminal_id: str,
        department: str = "",
        channel: str = "",
        card_type: str = "",
        cost_type: str = "",
        use_city: str = "",
        branch: str = "",
        occurred_at: datetime | None = None,
        terminal_token: str = "",
        idempotency_key: str = "",
    ) -> Verification:
        """Verify a scanned code, also one of another centre. A dynamic code is good for one verification.

        Args:
            code: As the scanner gave it.
            scene: Step of care, for example ``0101012``.
            terminal_id: The institution's own number of the terminal.
            occurred_at: When it was scanned, with its time zone; recorded, never trusted.
            terminal_token: What the terminal got at its sign-in, if it has one of its own.
        """
        body = {
            "code": code,
            "scene": scene,
            "terminal_id": terminal_id,
            "department": department,
            "channel": channel,
            "card_type": card_type,
            "cost_type": cost_type,
            "use_city": use_city,
            "branch": branch,
            "occurred_at": occurred_at,
        }
        headers = of_terminal(terminal_token)
        return self._change("/codes/verify", body, results.verification, idempotency_key, headers)

    def report_usage(
        self,
        *,
        scene: str,
        code: str = "",
        health_card_id: str = "",
        terminal_id: str = "",
        department: str = "",
        channel: str = "",
        card_type: str = "",
        cost_type: str = "",
        use_city: str = "",
        branch: str = "",
        occurred_at: datetime | None = None,
        idempotency_key: str = "",
    ) -> RecordedUse:
        """Report a use that has happened: by a code that was verified here, or by the card alone."""
        body = {
            "code": code,
            "health_card_id": health_card_id,
            "scene": scene,
            "terminal_id": terminal_id,
            "department": department,
            "channel": channel,
            "card_type": card_type,
            "cost_type": cost_type,
            "use_city": use_city,
            "branch": branch,
            "occurred_at": occurred_at,
        }
        return self._change("/usage", body, results.recorded_use, idempotency_key)

    def upload_usage(self, uses: Sequence[Use]) -> UsageUpload:
        """Report up to 500 uses, each with a result of its own.

        What was sent before is known by its ``id`` and recorded once, however it is cut.
        """
        body = {"uses": [without_empty(asdict(use)) for use in uses]}
        return self._change("/usage/batch", body, results.usage_upload, "")

    def sign_in_terminal(self, terminal_id: str, activation_code: str) -> TerminalSession:
        """Take an activation code, typed in at a terminal, for the terminal's token.

        The code is good once: where the answer is lost on the way, have another one made.
        """
        body = {"terminal_id": terminal_id, "activation_code": activation_code}
        return self._change("/terminals/sign-in", body, results.terminal_session, "")

    def report_terminal_alive(self, terminal_id: str, terminal_token: str) -> datetime:
        """Say that a terminal is there, once a minute or so; gives the end of its session."""
        body = {"terminal_id": terminal_id}
        headers = of_terminal(terminal_token)
        return self._change("/terminals/heartbeat", body, results.valid_until, "", headers)
