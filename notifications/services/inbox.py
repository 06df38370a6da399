"""The inbox: one message at a time, and what its owner has read."""

from collections.abc import Mapping

from foundation.core import clock
from foundation.core.errors import NotFound
from foundation.events import live
from identity import selectors as identity
from mpi import selectors as mpi
from notifications import selectors
from notifications.models import Message
from notifications.services import planning
from notifications.services.telling import INBOX_CHANGED, Telling, tell

NOT_ACTING = "not_acting"


def send_in_app(
    *, account_id: str, kind: str, params: Mapping[str, str] | None = None, dedupe_key: str
) -> Message | None:
    """Tell an account something that is about nobody's visit or record.

    Args:
        account_id: Public id of the account.
        kind: A name of ``notifications.kinds``.
        params: Ids and codes; never a person's data.
        dedupe_key: What makes a repeat a repeat, for example the id of the event.

    Returns:
        The message; nothing if it was sent before, or the account is gone.

    Raises:
        ValueError: If there is no such kind.
    """
    telling = Telling(account_id=account_id, kind=kind, params=params or {}, dedupe_key=dedupe_key)
    return next(iter(tell(tellings=[telling])), None)


def mark_read(*, account_id: str, message_id: str) -> Message:
    """Note that the account has opened a message.

    Raises:
        NotFound: If it is no message of this account.
    """
    message = selectors.inbox(account_id).filter(public_id=message_id).first()
    if message is None:
        raise NotFound
    moment = clock.now()
    if Message.objects.filter(pk=message.pk, read_at=None).update(read_at=moment):
        message.read_at = moment
        live.notify(account_id, INBOX_CHANGED, {"unread": selectors.unread_count(message.account_id or 0)})
    return message


def mark_all_read(*, account_id: str) -> int:
    """Note that the account has seen everything; returns how many were unread."""
    marked = selectors.inbox(account_id).filter(read_at=None).update(read_at=clock.now())
    if marked:
        live.notify(account_id, INBOX_CHANGED, {"unread": 0})
    return marked


def follow_holding(*, account_id: str, person_pk: int) -> int:
    """Hide what an account was told of a person for whom it acts no more, or show it again.

    Returns:
        How many messages changed.
    """
    acts = any(held == account_id for held, _relation in identity.holders(person_pk))
    about = Message.objects.filter(account__public_id=account_id, person__in=mpi.cluster(person_pk))
    if acts:
        return about.exclude(hidden_at=None).update(hidden_at=None)
    hidden = list(about.filter(hidden_at=None).values_list("pk", flat=True))
    if hidden:
        Message.objects.filter(pk__in=hidden).update(hidden_at=clock.now())
        planning.cancel(message_pks=hidden, reason=NOT_ACTING)
    return len(hidden)
