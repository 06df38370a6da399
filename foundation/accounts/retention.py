"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef

from foundation.accounts.models import KnownDevice
from foundation.audit.retention import Term

TERMS = (
    # A browser that was away for so long counts as a new one, and is asked for a second proof.
    Term(
        kind="known_devices",
        rows=KnownDevice.objects.all(),
        since="last_seen_at",
        period=timedelta(days=2 * 365),
    ),
    Term(kind="sessions", rows=Session.objects.all(), since="expire_date", period=timedelta()),
    Term(
        kind="session_entries",
        rows=UserSession.objects.filter(~Exists(Session.objects.filter(session_key=OuterRef("session_key")))),
        since="last_seen_at",
        period=timedelta(days=90),
    ),
)
