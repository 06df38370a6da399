"""Calls of self-service terminals: one session a person."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from sdk.transport import Connection, of_terminal


@dataclass(frozen=True, slots=True)
class KioskCard:
    """The card of whoever stands at the machine, masked; ``created`` is false if there was one before."""

    health_card_id: str = field(repr=False)
    state: str
    created: bool
    name: str = field(repr=False)
    id_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KioskSession:
    """Where a session stands.

    Attributes:
        next: The step that follows: ``document``, ``check``, ``card``, ``print``, or nothing.
    """

    session_id: str
    state: str
    next: str
    expires_at: datetime
    card: KioskCard | None


@dataclass(frozen=True, slots=True)
class KioskPrint:
    """What goes on paper: the code at least 25 mm wide with its quiet zone, under it name and ending."""

    code: str = field(repr=False)
    svg: str = field(repr=False)
    png: bytes = field(repr=False)
    name: str = field(repr=False)
    ending: str = field(repr=False)
    printed_times: int


class KioskCalls(Connection):
    """Issuing at a self-service terminal, step by step."""

    def start_kiosk_session(
        self, terminal_id: str, *, terminal_token: str = "", idempotency_key: str = ""
    ) -> KioskSession:
        """Begin with whoever stands at the machine; a session lives for 10 minutes.

        Args:
            terminal_token: What the machine got at its sign-in, if it has one of its own.
        """
        body, headers = {"terminal_id": terminal_id}, of_terminal(terminal_token)
        return self._change("/kiosk/sessions", body, _session, idempotency_key, headers)

    def read_kiosk_session(self, session_id: str) -> KioskSession:
        """The state, and the step that follows."""
        return self._read(_path(session_id), _session)

    def send_kiosk_document(
        self,
        session_id: str,
        *,
        name: str,
        id_type: str,
        id_number: str,
        gender: str = "",
        birth_date: date | None = None,
        nation: str = "",
        phone: str = "",
        address: str = "",
        patient_id: str = "",
        idempotency_key: str = "",
    ) -> KioskSession:
        """Hand over what was read from the document; arguments as of ``register_card``."""
        body = {
            "name": name,
            "id_type": id_type,
            "id_number": id_number,
            "gender": gender,
            "birth_date": birth_date,
            "nation": nation,
            "phone": phone,
            "address": address,
            "patient_id": patient_id,
        }
        return self._step(session_id, "document", body, idempotency_key)

    def send_kiosk_check(
        self, session_id: str, *, kind: str, passed: bool, reference: str, idempotency_key: str = ""
    ) -> KioskSession:
        """Hand over what the machine's own check said.

        Args:
            kind: ``face`` or ``document``.
            reference: The machine's own number of its record; no personal data.
        """
        body = {"kind": kind, "passed": passed, "reference": reference}
        return self._step(session_id, "check", body, idempotency_key)

    def issue_kiosk_card(self, session_id: str, *, idempotency_key: str = "") -> KioskSession:
        """Issue the card; a person who has one gets the same."""
        return self._step(session_id, "card", {}, idempotency_key)

    def print_kiosk_code(self, session_id: str, *, idempotency_key: str = "") -> KioskPrint:
        """What to print; asking again in one session is the same print."""
        return self._change(f"{_path(session_id)}/print", {}, _print, idempotency_key)

    def end_kiosk_session(self, session_id: str, *, idempotency_key: str = "") -> KioskSession:
        """End the session at any step; what was read is destroyed."""
        return self._step(session_id, "done", {}, idempotency_key)

    def _step(self, session_id: str, step: str, body: Mapping[str, Any], key: str) -> KioskSession:
        return self._change(f"{_path(session_id)}/{step}", body, _session, key)


def _path(session_id: str) -> str:
    return f"/kiosk/sessions/{quote(session_id, safe='')}"


def _session(answer: Mapping[str, Any]) -> KioskSession:
    card = answer["card"]
    return KioskSession(
        session_id=answer["session_id"],
        state=answer["state"],
        next=answer["next"],
        expires_at=datetime.fromisoformat(answer["expires_at"]),
        card=_card(card) if card else None,
    )


def _card(answer: Mapping[str, Any]) -> KioskCard:
    return KioskCard(
        health_card_id=answer["health_card_id"],
        state=answer["state"],
        created=answer["created"],
        name=answer["name"],
        id_number=answer["id_number"],
    )


def _print(answer: Mapping[str, Any]) -> KioskPrint:
    return KioskPrint(
        code=answer["code"],
        svg=answer["svg"],
        png=base64.b64decode(answer["png"]),
        name=answer["name"],
        ending=answer["ending"],
        printed_times=answer["printed_times"],
    )
