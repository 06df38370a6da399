"""The keys of single persons and accounts: whoever destroys one destroys what lies under it."""

import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from foundation.core import clock
from foundation.core.rows import insert_many
from gmcrypto import api, envelope, keystore, subject_cache
from gmcrypto.errors import DecryptionFailed, KeyDestroyed, KeyUnavailable
from gmcrypto.keyring import Purpose
from gmcrypto.models import SubjectKey

# As the other keys: from the primary.
_DATABASE = DEFAULT_DB_ALIAS
_SUBJECT = re.compile(r"[0-9a-z]{26}")


class _Remembered(threading.local):
    """Keys of the bulk write that this thread is at, by subject; None outside of one."""

    keys: dict[str, bytes] | None = None


_remembered = _Remembered()


def subject_key(subject: str) -> bytes:
    """The data key of a person or account for writing; made if there is none.

    A key may be trusted for writing from memory only when its row is known to be committed:
    otherwise a transaction that was rolled back would leave a key in memory under which the
    next one writes what nobody can ever read.
    """
    _check_subject(subject)
    if (remembered := _remembered.keys) is not None and subject in remembered:
        return remembered[subject]
    cached = subject_cache.memory.committed(subject)
    return cached if cached is not None else _remember(_subject_keys_for_writing([subject]))[subject]


def prepare_subject_keys(subjects: Iterable[str]) -> dict[str, bytes]:
    """The keys of many persons for writing, in two queries."""
    wanted = sorted(set(subjects))
    for subject in wanted:
        _check_subject(subject)
    at_hand = {subject: key for subject, key in (_remembered.keys or {}).items() if subject in wanted}
    missing = [subject for subject in wanted if subject not in at_hand]
    return at_hand | (_remember(_subject_keys_for_writing(missing)) if missing else {})


def make_subject_keys(subjects: Sequence[str]) -> dict[str, bytes]:
    """Keys for persons who are new in this transaction, in one statement.

    Raises:
        IntegrityError: If one of them has a key already.
    """
    moment = clock.now()
    keys = {subject: _fresh_key() for subject in subjects}
    for subject in keys:
        _check_subject(subject)
    insert_many(
        [
            SubjectKey(subject=subject, wrapped=_wrap(subject, key), created_at=moment)
            for subject, key in keys.items()
        ]
    )
    return _remember(keys)


@contextmanager
def remembering_keys() -> Iterator[None]:
    """Within the block, which lies inside a transaction, write under the keys that it made or prepared.

    Without it every field of a new person would read the key's row again: see ``subject_key``.
    At the end they are forgotten, so a transaction that is rolled back leaves none behind.
    """
    before = _remembered.keys
    _remembered.keys = {}
    try:
        yield
    finally:
        _remembered.keys = before


def read_subject_key(subject: str) -> bytes:
    """The data key for reading; raise KeyDestroyed, or KeyUnavailable if there never was one."""
    cached = subject_cache.memory.get(subject)
    if cached is not None:
        return cached
    return _single(_load_subject_keys([subject]), subject)


def reread_subject_key(subject: str) -> bytes:
    """The same, past the memory of this process."""
    subject_cache.memory.drop(subject)
    return read_subject_key(subject)


def prefetch_subject_keys(subjects: Iterable[str]) -> None:
    """Load the keys of many persons in one query before their fields are read."""
    missing = [subject for subject in set(subjects) if subject_cache.memory.get(subject) is None]
    if missing:
        _load_subject_keys(missing)


def destroy_subject_key(subject: str) -> bool:
    """Destroy the key, and with it everything under it; False if there was none left.

    Other processes may keep the key in memory for up to a minute, and backups of the database
    keep it until they expire.
    """
    return destroy_subject_keys([subject]) == 1


def destroy_subject_keys(subjects: Iterable[str]) -> int:
    """The same for many, in one statement; return how many keys were left to destroy."""
    named = list(subjects)
    for subject in named:
        _check_subject(subject)
    rows = SubjectKey.objects.using(_DATABASE).filter(subject__in=named, wrapped__isnull=False)
    destroyed: int = rows.update(wrapped=None, destroyed_at=clock.now())
    _forget_subjects(named)
    transaction.on_commit(lambda: _forget_subjects(named), using=_DATABASE)
    return destroyed


def is_destroyed(subject: str) -> bool:
    """Whether the key was destroyed, as the database knows it and not this process."""
    return SubjectKey.objects.using(_DATABASE).filter(subject=subject, wrapped__isnull=True).exists()


def _forget_subjects(subjects: Iterable[str]) -> None:
    for subject in subjects:
        subject_cache.memory.drop(subject)


def rewrap_subject_keys(rows: Sequence[SubjectKey]) -> int:
    """Wrap these keys under the active DATA key; return how many were under another one."""
    current = keystore.active(Purpose.DATA).kid
    changed = 0
    for row in rows:
        old = bytes(row.wrapped or b"")
        if not old or envelope.parse(old).key_id == current:
            continue
        wrapped = _wrap(row.subject, _unwrap(row.subject, old))
        changed += SubjectKey.objects.using(_DATABASE).filter(pk=row.pk, wrapped=old).update(wrapped=wrapped)
    return changed


def _subject_keys_for_writing(subjects: Sequence[str]) -> dict[str, bytes]:
    found = _load_subject_keys(subjects)
    missing = [subject for subject in subjects if subject not in found]
    if missing:
        moment = clock.now()
        rows = [
            SubjectKey(subject=subject, wrapped=_wrap(subject, _fresh_key()), created_at=moment)
            for subject in missing
        ]
        # Two writers may meet here; the first row wins and both read it.
        SubjectKey.objects.using(_DATABASE).bulk_create(rows, ignore_conflicts=True)
        found |= _load_subject_keys(missing)
    return {subject: _single(found, subject) for subject in subjects}


def _load_subject_keys(subjects: Sequence[str]) -> dict[str, bytes | None]:
    """The keys that have a row, by subject; None for those that were destroyed."""
    rows = SubjectKey.objects.using(_DATABASE).filter(subject__in=subjects).values_list("subject", "wrapped")
    found = {
        subject: None if wrapped is None else _unwrap(subject, bytes(wrapped)) for subject, wrapped in rows
    }
    usable = {subject: key for subject, key in found.items() if key is not None}
    for subject, key in usable.items():
        subject_cache.memory.put(subject, key)
    if connections[_DATABASE].in_atomic_block:
        transaction.on_commit(lambda: subject_cache.memory.trust(usable), using=_DATABASE)
    else:
        subject_cache.memory.trust(usable)
    return found


def _remember(keys: dict[str, bytes]) -> dict[str, bytes]:
    if _remembered.keys is not None:
        _remembered.keys |= keys
    return keys


def _single(found: dict[str, bytes | None], subject: str) -> bytes:
    if subject not in found:
        raise KeyUnavailable("There is no data key for this person.")
    key = found[subject]
    if key is None:
        raise KeyDestroyed("The data key of this person was destroyed; nothing under it can be read.")
    return key


def _fresh_key() -> bytes:
    return secrets.token_bytes(api.SM4_KEY_BYTES)


def _check_subject(subject: str) -> None:
    if not _SUBJECT.fullmatch(subject):
        raise ValueError("A data subject is named by its public id of 26 characters.")


def _wrap(subject: str, key: bytes) -> bytes:
    kek = keystore.active(Purpose.DATA)
    return envelope.seal(kek.secret, kek.kid, key, context=_subject_context(subject))


def _unwrap(subject: str, wrapped: bytes) -> bytes:
    parsed = envelope.parse(wrapped)
    try:
        return envelope.open_envelope(
            keystore.ring().by_kid(parsed.key_id).secret, parsed, context=_subject_context(subject)
        )
    except DecryptionFailed as error:
        raise KeyUnavailable(
            "The data key of this person is damaged or stands in another's place."
        ) from error


def _subject_context(subject: str) -> bytes:
    return b"gmcrypto.subject.1\x1f" + subject.encode()
