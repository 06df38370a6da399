"""Reactions to what happened in the rooms below."""

from foundation.accounts import selectors as accounts
from foundation.core.actor import Actor
from foundation.events.services import Message
from interop.oidc import selectors, services


def on_account_closed(message: Message) -> None:
    """Take back what a closed account had agreed to."""
    account_id = str(message.payload["account_id"])
    account_pk = accounts.account_pk(account_id)
    if account_pk is None:
        return
    for consent in selectors.logins_of(account_pk):
        services.withdraw_login(
            account_pk=account_pk, consent_id=consent.public_id, actor=Actor.resident(account_id)
        )
