"""Taking the record of use further: audit entries, and notices to the holders' open pages.

The usage row is its own outbox. The relay calls ``drain_usage`` in each round; a batch is
claimed, its audit entries are written and the rows are marked in one transaction, and the
notices leave after the commit. Several relays share the work by SKIP LOCKED.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from cards import notices
from cards.centre import rules_in_force
from cards.upward.collecting import note_uses
from cards.verification.visiting import places_of
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.events import live
from identity import selectors as identity
from institutions import selectors as institutions

BATCH = 1_000

_CLAIM = """
SELECT waiting.id, waiting.code_time, waiting.public_id, waiting.is_report, waiting.code_kind, waiting.kind,
       waiting.institution, waiting.client, waiting.terminal, waiting.scene, waiting.at,
       card.public_id, card.person_id, waiting.request_id
FROM (
    SELECT * FROM cards_usage WHERE drained_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
) AS waiting
JOIN cards_card AS card ON card.id = waiting.card_id
ORDER BY waiting.id
"""
_MARK = """
UPDATE cards_usage AS row SET drained_at = %s
FROM unnest(%s::bigint[], %s::timestamptz[]) AS done(id, code_time)
WHERE row.id = done.id AND row.code_time = done.code_time
"""


@dataclass(frozen=True, slots=True)
class _Use:
    id: int
    code_time: datetime
    usage_id: str
    is_report: bool
    code_kind: str
    kind: str
    institution: str
    client: str
    terminal: str
    scene: str
    at: datetime
    card_id: str
    person_pk: int
    request_id: str


def drain_usage(*, batch: int = BATCH) -> int:
    """Drain one batch of the record of use.

    Returns:
        The number of rows taken.
    """
    with transaction.atomic():
        uses = _claim(batch)
        if not uses:
            return 0
        audit.record_many(_entry(use) for use in uses)
        note_uses([(use.usage_id, use.code_time, use.at) for use in uses])
        _mark(uses)
        notices = _notices(uses)
        transaction.on_commit(lambda: live.send_many(notices))
    return len(uses)


def _claim(batch: int) -> list[_Use]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [batch])
        return [_Use(*row) for row in cursor.fetchall()]


def _mark(uses: Sequence[_Use]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [clock.now(), [use.id for use in uses], [use.code_time for use in uses]])


def _entry(use: _Use) -> audit.Entry:
    return audit.Entry(
        action=Action.USAGE_REPORTED if use.is_report else Action.CODE_VERIFIED,
        actor=Actor(kind=ActorKind.CLIENT, id=use.client, institution=use.institution),
        subject=("cards.Card", use.card_id),
        details={
            "reference": use.usage_id,
            "code_kind": use.code_kind,
            "kind": use.kind,
            "scene": use.scene,
            "terminal": use.terminal,
        },
        at=use.at,
    )


def _notices(uses: Sequence[_Use]) -> list[tuple[str, str, Mapping[str, Any]]]:
    holders = identity.holder_accounts({use.person_pk for use in uses})
    names = institutions.names({use.institution for use in uses})
    # What is no institution of ours is another centre; the names that it gave stand elsewhere.
    elsewhere = places_of({(use.client, use.request_id) for use in uses if use.institution not in names})
    swapped = rules_in_force().reports_swapped
    return [
        (account_id, notices.CARD_USED if use.is_report else notices.CODE_USED, data)
        for use in uses
        for data in [notices.data_of(_noticed(use), _named(use, names, elsewhere), swapped=swapped)]
        for account_id in holders.get(use.person_pk, ())
    ]


def _named(
    use: _Use, names: Mapping[str, str], elsewhere: Mapping[tuple[str, str], str]
) -> Mapping[str, str]:
    place = elsewhere.get((use.client, use.request_id))
    return names if place is None else {use.institution: place}


def _noticed(use: _Use) -> notices.Use:
    return notices.Use(
        usage_id=use.usage_id,
        card_id=use.card_id,
        institution=use.institution,
        terminal=use.terminal,
        scene=use.scene,
        code_kind=use.code_kind,
        at=use.at,
    )
