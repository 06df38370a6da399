"""The sealer: chains committed entries and signs checkpoints.

One sealer works at a time (an advisory lock decides). It gives each committed entry the next
seal number and ``chain = SM3(previous chain || entry)``, and every so often signs the chain
with SM2. Checkpoints are kept outside the database as well: whoever rewrites the tables would
have to rewrite that file, and could not sign it.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from django.conf import settings
from django.db import connection, transaction

import gmcrypto
from foundation.audit.models import AuditCheckpoint, AuditEntry
from foundation.core import clock
from gmcrypto import keystore
from gmcrypto.errors import KeyUnavailable
from gmcrypto.keyring import Purpose

GENESIS = bytes(32)
BATCH = 2_000
CHECKPOINT_ROWS = 1_000
CHECKPOINT_SECONDS = 60
# An entry that stays unsealed for longer than this is a finding: the sealer is down, or
# somebody keeps a row out of the chain.
UNSEALED_LIMIT = timedelta(minutes=5)
_LOCK = 0x45484341  # any constant that no other advisory lock of the product uses


def digest(previous: bytes, entry: AuditEntry) -> bytes:
    """The chain value after an entry."""
    content = [
        entry.pk,
        entry.at.isoformat(timespec="microseconds"),
        entry.action,
        entry.actor_kind,
        entry.actor_id,
        entry.on_behalf_of,
        entry.institution,
        entry.subject_type,
        entry.subject_id,
        entry.reason,
        entry.details,
    ]
    return gmcrypto.sm3(previous + orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


def seal(*, batch: int = BATCH) -> int:
    """Seal the committed entries that have no number yet.

    Returns:
        How many were sealed; 0 also when another sealer is at work.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            row = cursor.fetchone()
        if not row or not row[0]:
            return 0
        last = AuditEntry.objects.filter(seal_no__isnull=False).order_by("-seal_no").first()
        number = last.seal_no if last is not None and last.seal_no is not None else 0
        chain = bytes(last.chain) if last is not None and last.chain is not None else GENESIS
        entries = list(AuditEntry.objects.filter(seal_no=None).order_by("pk")[:batch])
        rows = []
        for entry in entries:
            number += 1
            chain = digest(chain, entry)
            rows.append((entry.pk, entry.at, number, chain))
        _store(rows)
        checkpoint = _checkpoint_if_due(number, chain)
    if checkpoint is not None:
        _export()
    return len(entries)


def _store(rows: list[tuple[int, datetime, int, bytes]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE audit_entry AS entry SET seal_no = sealed.seal_no, chain = sealed.chain
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::bytea[])
                 AS sealed(id, at, seal_no, chain)
            WHERE entry.id = sealed.id AND entry.at = sealed.at AND entry.seal_no IS NULL
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )
        if cursor.rowcount != len(rows):
            raise RuntimeError(f"{len(rows)} audit entries were to be sealed, {cursor.rowcount} were")


def _checkpoint_if_due(number: int, chain: bytes) -> AuditCheckpoint | None:
    if number == 0:
        return None
    last = AuditCheckpoint.objects.order_by("-seal_no").first()
    at = clock.now()
    if last is not None and (
        number == last.seal_no
        or (number - last.seal_no < CHECKPOINT_ROWS and at - last.at < timedelta(seconds=CHECKPOINT_SECONDS))
    ):
        return None
    key = keystore.active(Purpose.AUDIT_SEAL)
    return AuditCheckpoint.objects.create(
        at=at,
        seal_no=number,
        chain=chain,
        kid=key.kid,
        signature=gmcrypto.sign(key.private_key, statement(number, chain, at)),
    )


def statement(number: int, chain: bytes, at: datetime) -> bytes:
    """The bytes that a checkpoint signs."""
    return b"ehc-audit-checkpoint\n%d\n%s\n%s" % (number, chain.hex().encode(), at.isoformat().encode())


def _export() -> None:
    """Append to the file outside the database every checkpoint that it lacks.

    One that could not be written, because the disk was full or the process died, is written
    with the next.
    """
    path = Path(settings.AUDIT_CHECKPOINT_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    last = max((line[0] for line in _exported()), default=0)
    missing = AuditCheckpoint.objects.filter(seal_no__gt=last).order_by("seal_no")
    lines = [
        orjson.dumps(
            {
                "seal_no": checkpoint.seal_no,
                "chain": bytes(checkpoint.chain).hex(),
                "at": checkpoint.at.isoformat(),
                "kid": checkpoint.kid,
                "signature": bytes(checkpoint.signature).hex(),
            }
        )
        for checkpoint in missing
    ]
    with path.open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was sealed."""

    what: str
    seal_no: int


def verify() -> list[Finding]:
    """Compare entries, chain, checkpoints and the file outside; an empty list is a clean record.

    Finds a changed entry, a deleted one (also at the end), a checkpoint that does not verify,
    and entries that have been unsealed for too long.
    """
    findings: list[Finding] = []
    chains: dict[int, bytes] = {}
    wanted = _named_seals()
    expected, chain = 1, GENESIS
    for entry in AuditEntry.objects.filter(seal_no__isnull=False).order_by("seal_no").iterator(BATCH):
        number = entry.seal_no or 0
        if number != expected:
            findings.append(Finding("deleted", expected))
            chain = GENESIS
        computed = digest(chain, entry)
        stored = bytes(entry.chain or b"")
        if number == expected and computed != stored:
            findings.append(Finding("changed", number))
        if number in wanted:
            chains[number] = stored
        chain, expected = stored, number + 1
    findings += _check_checkpoints(chains)
    unsealed = AuditEntry.objects.filter(seal_no=None, at__lt=clock.now() - UNSEALED_LIMIT).count()
    if unsealed:
        findings.append(Finding(f"{unsealed} unsealed too long", 0))
    return findings


def _named_seals() -> set[int]:
    return {*AuditCheckpoint.objects.values_list("seal_no", flat=True), *(line[0] for line in _exported())}


def _exported() -> list[tuple[int, bytes, datetime, str, bytes]]:
    path = Path(settings.AUDIT_CHECKPOINT_FILE)
    if not path.is_file():
        return []
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines() if line]
    return [
        (
            line["seal_no"],
            bytes.fromhex(line["chain"]),
            datetime.fromisoformat(line["at"]),
            line["kid"],
            bytes.fromhex(line["signature"]),
        )
        for line in lines
    ]


def _check_checkpoints(chains: dict[int, bytes]) -> list[Finding]:
    findings = []
    stored = [
        (row.seal_no, bytes(row.chain), row.at, row.kid, bytes(row.signature))
        for row in AuditCheckpoint.objects.order_by("seal_no")
    ]
    for number, chain, at, kid, signature in [*stored, *_exported()]:
        if not _is_signed(kid, statement(number, chain, at), signature):
            findings.append(Finding("checkpoint signature", number))
        elif number not in chains:
            findings.append(Finding("deleted", number))
        elif chains[number] != chain:
            findings.append(Finding("changed before checkpoint", number))
    return findings


def _is_signed(kid: str, content: bytes, signature: bytes) -> bool:
    try:
        key = keystore.ring().by_kid(kid)
    except KeyUnavailable:
        return False
    return gmcrypto.verify(key.public_key, content, signature)
