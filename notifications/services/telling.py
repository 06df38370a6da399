"""Telling residents something: the inbox first, then whatever else reaches them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count

from foundation.accounts import selectors as accounts
from foundation.core import clock
from foundation.events import live
from notifications.kinds import KINDS
from notifications.models import Message
from notifications.services import planning

INBOX_CHANGED = "inbox.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Something to be told to one account.

    Attributes:
        account_id: Public id of the account.
        kind: A name of ``notifications.kinds``.
        dedupe_key: What makes a repeat a repeat, for example the id of the event.
        params: Ids, codes and times; never a person's data.
        person_pk: Whom it is about.
        institution: Public id of the hospital that it is about.
        is_urgent: Whether quiet hours do not hold it back; by default as the kind says.
        group: A push that still waits and has the same group is not sent any more.
    """

    account_id: str
    kind: str
    dedupe_key: str
    params: Mapping[str, str] = field(default_factory=dict)
    person_pk: int | None = None
    institution: str = ""
    is_urgent: bool | None = None
    group: str = ""


def tell(*, tellings: Sequence[Telling]) -> list[Message]:
    """Put messages into inboxes, tell open pages, and write down what goes over other channels.

    Returns:
        Those that are new: what was told before, and accounts that are gone, are left out.

    Raises:
        ValueError: If there is no such kind.
    """
    unknown = {telling.kind for telling in tellings} - set(KINDS)
    if unknown:
        raise ValueError(f"there is no kind of message called {', '.join(sorted(unknown))!r}")
    with transaction.atomic():
        told = _written(tellings)
        if told:
            planning.plan(told=told)
            _notify(told)
    return [message for message, _telling in told]


def _written(tellings: Sequence[Telling]) -> list[tuple[Message, Telling]]:
    pks = accounts.account_pks(telling.account_id for telling in tellings)
    moment = clock.now()
    drawn = {}
    rows = []
    for telling in tellings:
        if telling.account_id not in pks:
            continue
        row = Message(
            account_id=pks[telling.account_id],
            person_id=telling.person_pk,
            institution=telling.institution,
            kind=telling.kind,
            params=dict(telling.params),
            dedupe_key=telling.dedupe_key,
            created_at=moment,
        )
        drawn[row.public_id] = telling
        rows.append(row)
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    # Of a repeat the row from before stands, under another id.
    new = Message.objects.filter(public_id__in=drawn).order_by("pk")
    return [(message, drawn[message.public_id]) for message in new]


def _notify(told: Sequence[tuple[Message, Telling]]) -> None:
    unread = dict(
        Message.objects.filter(
            account__in={message.account_id for message, _telling in told}, read_at=None, hidden_at=None
        )
        .values_list("account")
        .annotate(Count("pk"))
    )
    notices: list[tuple[str, str, Mapping[str, Any]]] = [
        (
            telling.account_id,
            INBOX_CHANGED,
            {"unread": unread.get(message.account_id or 0, 0), "message": message.public_id},
        )
        for message, telling in told
    ]
    transaction.on_commit(lambda: live.send_many(notices))
