"""Closing a resident's account, and what is left of it later."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from foundation.accounts import sessions
from foundation.accounts.models import Account, AccountKind
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import StalePage
from gmcrypto import subject_keys


@transaction.atomic
def close_account(*, account: Account, actor: Actor) -> None:
    """Close a resident's account for good: nothing signs in to it any more, and its sessions end.

    Its phone and WeChat user are free at once, so that the same person, or the next owner of the
    number, begins anew. What else it holds is shredded later by ``shred_account``.

    Raises:
        StalePage: If it is closed already, or no resident's.
    """
    moment = clock.now()
    open_one = Account.objects.filter(pk=account.pk, kind=AccountKind.RESIDENT, closed_at=None)
    if not open_one.update(is_active=False, closed_at=moment, updated_at=moment):
        raise StalePage
    account.sign_in_methods.all().delete()
    account.known_devices.all().delete()
    audit.record(Action.ACCOUNT_CLOSED, actor=actor, subject=account)
    sessions.end_all(account)
    sessions.tell_ended(account)


def waiting_to_be_shredded(*, closed_before: datetime, limit: int) -> Sequence[str]:
    """Public ids of accounts that were closed before a moment and still have their keys."""
    closed = Account.objects.filter(closed_at__lt=closed_before, shredded_at=None).order_by("closed_at")
    return list(closed.values_list("public_id", flat=True)[:limit])


@transaction.atomic
def shred_account(*, account_id: str, actor: Actor) -> None:
    """Destroy the data key of a closed account; a second call changes nothing."""
    waiting = Account.objects.exclude(closed_at=None).filter(public_id=account_id, shredded_at=None)
    if waiting.update(shredded_at=clock.now()):
        subject_keys.destroy_subject_key(account_id)
        audit.record(Action.ACCOUNT_SHREDDED, actor=actor, subject=("accounts.Account", account_id))
