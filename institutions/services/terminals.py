"""Binding terminals to clients, and the terminals' own sign-in.

Staff make an activation code for a terminal; somebody types it in at the terminal, once; the
terminal keeps the token that it gets. From the first code on, a code scanned there is verified
only with that token.
"""

import csv
import io
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import DomainError, NotFound
from foundation.core.ids import crockford
from foundation.core.text import normalise_number, read_table
from foundation.gateway import selectors as gateway_selectors
from foundation.gateway import services as gateway
from foundation.gateway.types import ClientState
from institutions import errors, selectors
from institutions.models import Terminal
from institutions.rules import Duty, TerminalKind, TerminalState
from institutions.services import add_terminal, require

CODE_LIFE = timedelta(hours=24)
# A terminal that is not heard of for so long has to be activated again.
SESSION_LIFE = timedelta(days=90)
TRIES_AN_HOUR = 10
_HOUR = 3600
_CODE_LENGTH = 10
LONGEST_LIST = 1_000
_LONGEST_SHOWN = 40
LARGEST_LIST_BYTES = 512 * 1024
COLUMNS = ("终端编号", "名称", "类型", "位置", "科室", "设备备案号")
_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,32}")
_KINDS = {label: kind for kind in TerminalKind for label in (kind.value, str(kind.label))}


@dataclass(frozen=True, slots=True)
class TerminalSession:
    """A terminal's sign-in; the token is shown this once."""

    token: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a line of a list; without a problem the terminal was added."""

    line: int
    terminal_id: str
    problem: str = ""


@transaction.atomic
def bind_terminal(*, terminal: str, client: str, actor: Actor, reason: str) -> None:
    """Let one client alone name a terminal; session and activation code of before end.

    Raises:
        NotFound: The institution has no such client in use.
    """
    row = _terminal(terminal, actor)
    known = gateway_selectors.visible_clients(actor).filter(
        public_id=client, institution=row.institution.public_id, state=ClientState.ACTIVE
    )
    if not known.exists():
        raise NotFound
    Terminal.objects.filter(pk=row.pk).update(
        client=client,
        # Whoever still holds a code was given it for the client of before.
        activation_digest="",
        activation_until=None,
        session_digest="",
        session_until=None,
        updated_at=clock.now(),
    )
    audit.record(
        Action.TERMINAL_BOUND,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
        details={"reference": client},
    )
    selectors.forget_terminals()
    gateway.note_change()


@transaction.atomic
def issue_activation_code(*, terminal: str, actor: Actor, reason: str) -> str:
    """A code for the terminal's next sign-in, good once and for a day; its present session ends.

    Raises:
        TerminalUnbound: No client is bound to it.
        TerminalStateConflict: It is disabled.
    """
    row = _terminal(terminal, actor)
    if not row.client:
        raise errors.TerminalUnbound
    code = crockford(secrets.token_bytes(6), _CODE_LENGTH).upper()
    issued = Terminal.objects.filter(pk=row.pk, state=TerminalState.ACTIVE).update(
        must_sign_in=True,
        activation_digest=_code_digest(row, code),
        activation_until=clock.now() + CODE_LIFE,
        session_digest="",
        session_until=None,
        updated_at=clock.now(),
    )
    if not issued:
        raise errors.TerminalStateConflict
    audit.record(
        Action.TERMINAL_CODE_ISSUED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
    )
    selectors.forget_terminals()
    gateway.note_change()
    return code


def sign_in_terminal(*, terminal_id: str, code: str, actor: Actor) -> TerminalSession:
    """Take an activation code for a session, on behalf of the client that called.

    Args:
        actor: The calling client.

    Raises:
        TerminalActivationRefused: Terminal, code or client do not fit; which is not told.
        TooManyRequests: Too many wrong codes for one terminal in an hour.
    """
    limit = f"terminal-sign-in:{actor.institution}:{terminal_id[:32]}"
    ratelimit.hit(limit, limit=TRIES_AN_HOUR, per_seconds=_HOUR)
    token = crockford(secrets.token_bytes(20))
    session = TerminalSession(token=token, until=clock.now() + SESSION_LIFE)
    row = _of_client(terminal_id, actor)
    if row is None or not _take(row, code, session, actor):
        audit.record(
            Action.TERMINAL_SIGN_IN_REFUSED,
            actor=actor,
            subject=("gateway.ApiClient", actor.id),
            details={"terminal": terminal_id[:32]},
        )
        raise errors.TerminalActivationRefused
    ratelimit.forget(limit)
    return session


@transaction.atomic
def _take(row: Terminal, code: str, session: TerminalSession, actor: Actor) -> bool:
    moment = clock.now()
    # Of two sign-ins with one code the second finds it gone.
    taken = Terminal.objects.filter(
        pk=row.pk,
        client=actor.id,
        state=TerminalState.ACTIVE,
        activation_digest=_code_digest(row, normalise_number(code)),
        activation_until__gt=moment,
    ).update(
        activation_digest="",
        activation_until=None,
        session_digest=selectors.session_digest(session.token),
        session_until=session.until,
        last_seen_at=moment,
    )
    if not taken:
        return False
    audit.record(Action.TERMINAL_SIGNED_IN, actor=actor, subject=row, details={"terminal": row.terminal_id})
    selectors.forget_terminals()
    gateway.note_change()
    return True


def note_heartbeat(*, terminal_id: str, token: str, actor: Actor) -> TerminalSession:
    """Note that a terminal is there, and let its session go on.

    Raises:
        TerminalUnknown, TerminalDisabled, TerminalBoundElsewhere, TerminalNotSignedIn: It is not
            to read codes (any more).
    """
    known = selectors.terminal_of(actor.institution, terminal_id)
    if known is None:
        raise errors.TerminalUnknown(field="terminal_id")
    if not known.is_active:
        raise errors.TerminalDisabled(field="terminal_id")
    if known.client != actor.id:
        raise errors.TerminalBoundElsewhere(field="terminal_id")
    selectors.require_session(known, token)
    until = clock.now() + SESSION_LIFE
    # Compared once more in the database: a session that was just ended is not brought back.
    going_on = Terminal.objects.filter(
        public_id=known.public_id, state=TerminalState.ACTIVE, session_digest=known.session_digest
    ).update(last_seen_at=clock.now(), session_until=until)
    if not going_on:
        raise errors.TerminalNotSignedIn
    return TerminalSession(token=token, until=until)


def import_terminals(*, institution: str, content: bytes, actor: Actor, reason: str) -> list[Imported]:
    """Add the terminals of a CSV list, line by line; a wrong line stops no other.

    Sending the same list again adds nothing: its numbers are taken.

    Raises:
        TerminalListUnreadable: It is no such list.
    """
    require(actor, Duty.MANAGE_TERMINALS)
    return [
        _import(line, row, institution, actor, reason) for line, row in enumerate(_rows(content), start=2)
    ]


def _import(line: int, row: dict[str, str], institution: str, actor: Actor, reason: str) -> Imported:
    number, name, kind, place, department, filing = (row.get(column, "") for column in COLUMNS)
    try:
        if not _NUMBER.fullmatch(number):
            raise errors.TerminalNumberWrong
        add_terminal(
            institution=institution,
            terminal_id=number,
            name=(name or number)[:60],
            kind=_KINDS.get(kind, kind),
            place=place[:100],
            department=department[:60],
            filing_number=filing[:40],
            actor=actor,
            reason=reason,
        )
    except DomainError as exc:
        return Imported(line, number[:_LONGEST_SHOWN], exc.text())
    return Imported(line, number)


def _rows(content: bytes) -> list[dict[str, str]]:
    if len(content) > LARGEST_LIST_BYTES or b"\x00" in content:
        raise errors.TerminalListUnreadable(field="file")
    try:
        found = list(csv.DictReader(io.StringIO(read_table(content))))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise errors.TerminalListUnreadable(field="file") from exc
    if not found or COLUMNS[0] not in found[0] or len(found) > LONGEST_LIST:
        raise errors.TerminalListUnreadable(field="file")
    return [
        {str(name).strip(): value.strip() for name, value in row.items() if isinstance(value, str)}
        for row in found
    ]


def _terminal(public_id: str, actor: Actor) -> Terminal:
    require(actor, Duty.MANAGE_TERMINALS)
    row = selectors.visible_terminals(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    return row


def _of_client(terminal_id: str, actor: Actor) -> Terminal | None:
    return Terminal.objects.filter(
        institution__public_id=actor.institution, terminal_id=terminal_id, client=actor.id
    ).first()


def _code_digest(row: Terminal, code: str) -> str:
    return selectors.session_digest(f"{row.public_id}:{code}")
