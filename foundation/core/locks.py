"""Waiting for whoever is about to write the same thing, where no constraint can compare the two."""

import hashlib

from django.db import DEFAULT_DB_ALIAS, connections


def hold(*words: object) -> None:
    """Let one transaction at a time go on under these words, until its end.

    The words are digested: a lock shows itself to whoever may look into the database.
    """
    digest = hashlib.sha256("\x1f".join(str(word) for word in words).encode()).digest()
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
