"""Closing an account and everything that hangs on it, in one transaction."""

from typing import Any

from django.db import transaction

from cards.rules.reasons import ACCOUNT_CLOSED
from cards.selectors import own_card
from cards.services import application as applications
from cards.services import life
from cards.states import CardState
from foundation.accounts import closing
from foundation.accounts import selectors as accounts
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.events import services as events
from identity import services as identity
from identity.selectors import self_person
from payments import services as payments
from privacy.errors import ClosingNotConfirmed
from privacy.events import AccountClosed
from privacy.selectors import needs_certificate


def close_account(*, account_id: str, is_confirmed: bool, certificate: str = "", actor: Actor) -> None:
    """Close a resident's account: card cancelled, holdings and consents ended, sessions closed.

    Cards of dependants stay, for their other holders or for the window. A card that staff have
    stopped stays stopped, with the centre: nobody is kept in an account by it, and nobody ends the
    stop by leaving. What is personal is shredded when the time of ``privacy.retention`` is over.

    Args:
        certificate: The whole number of the holder's certificate, where ``selectors.needs_certificate``.

    Raises:
        NotFound: If there is no such account.
        CertificateNotProved, TooManyRequests: As ``identity.services.require_certificate``.
        ClosingNotConfirmed: If the resident did not say that they understand.
        BalanceStands: If the own person has money in a balance.
        StalePage: If the account is closed already.
    """
    if not is_confirmed:
        raise ClosingNotConfirmed(field="understood")
    account = accounts.account_by_public_id(account_id)
    if account is None:
        raise NotFound
    if needs_certificate(account.pk):
        identity.require_certificate(account_pk=account.pk, number=certificate, actor=actor)
    _close(account, actor)


@transaction.atomic
def _close(account: Any, actor: Actor) -> None:
    own = self_person(account.pk)
    if own is not None:
        payments.close_accounts_of(person_pk=own.person_pk, actor=actor)
    shown = own_card(account.pk)
    if shown is not None and shown.card.state != CardState.CANCELLED and not shown.is_held_by_centre:
        life.cancel_card(card_pk=shown.card.pk, reason=ACCOUNT_CLOSED, actor=actor)
    applications.withdraw_open(account_pk=account.pk, actor=actor)
    identity.end_all_of(account_pk=account.pk, actor=actor, reason=ACCOUNT_CLOSED)
    closing.close_account(account=account, actor=actor)
    events.publish(AccountClosed(account_id=account.public_id))
