"""Consents of these tests, given by services."""

from typing import Any

from foundation.accounts.models import Account
from records.models import AccessGrant
from records.rules import RecordKind
from records.selectors.access import Scope, preview, records_of
from records.services.access import ask_with_code, grant_access, open_code
from tests.cards.holding import CardHolder
from tests.institutions import people as staff

ALL = list(RecordKind.values)


def everything(who: CardHolder, **changes: Any) -> Scope:
    sources = frozenset(item.institution for item in records_of(who.card.person_id))
    given: dict[str, Any] = {"kinds": frozenset(ALL), "sources": sources, "since": None} | changes
    return Scope(**given)


def asked(doctor: Account, who: CardHolder) -> str:
    """The doctor shows a code, the patient scans it."""
    shown = ask_with_code(purpose="outpatient", kinds=ALL, actor=staff.actor(doctor))
    token = shown.text.rstrip("/").rpartition("/")[2]
    return open_code(token=token, actor=who.actor).public_id


def agree(who: CardHolder, request_id: str, scope: Scope | None = None, **changes: Any) -> AccessGrant:
    scope = scope or everything(who)
    given: dict[str, Any] = {
        "request_id": request_id,
        "account_pk": who.account.pk,
        "person_id": who.card.subject,
        "scope": scope,
        "duration": "day",
        "seen": preview(records_of(who.card.person_id), scope).digest,
        "actor": who.actor,
    }
    return grant_access(**given | changes)
