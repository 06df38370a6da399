"""What accounts do with their own card and with their dependants', on pages and by the API alike."""

from cards.family import require_dependants_card
from cards.rules.life import DEEDS, CardMove
from cards.rules.reasons import GUARDIAN, HOLDER
from cards.selectors import require_own_card
from cards.services import life, numbers
from foundation.core.actor import Actor
from identity import services as identity

# Whoever finds the phone finds it signed in; they do not know the certificate of its owner.
WITH_CERTIFICATE = frozenset({CardMove.WITHDRAW_LOSS, CardMove.REISSUE, CardMove.CANCEL})


def move_card(
    *,
    account_pk: int,
    person_id: str = "",
    move: CardMove,
    reason: str = "",
    certificate: str = "",
    replaces: str = "",
    actor: Actor,
) -> None:
    """Do something to the card of the account's own person, or of somebody whom it holds.

    Args:
        person_id: Of the dependant; empty for the account's own person.
        reason: A code of ``cards.rules.reasons``; empty where nothing was said.
        certificate: The whole number of the certificate of the account's own person, a
            guardian's too, for ``WITH_CERTIFICATE``.
        replaces: For a re-issue, as ``numbers.reissue_number`` takes it.

    Raises:
        CardNotFound, LevelTooLow: As ``require_own_card``.
        GuardianshipOver, OwnPersonNeeded, NotForGuardians: As ``require_dependants_card``.
        CertificateNotProved, TooManyRequests: As ``require_certificate``.
        CardMoveRefused, CardHeldByCentre, StalePage, CardNumbersUsedUp: As the moves themselves.
    """
    if person_id:
        card_pk = require_dependants_card(account_pk, person_id, DEEDS[move]).card.pk
    else:
        card_pk = require_own_card(account_pk, DEEDS[move]).card.pk
    if move in WITH_CERTIFICATE:
        identity.require_certificate(account_pk=account_pk, number=certificate, actor=actor)
    actor = actor.acting_for(person_id) if person_id else actor
    reason = reason or (GUARDIAN if person_id else HOLDER)
    match move:
        case CardMove.FREEZE:
            life.freeze_card(card_pk=card_pk, reason=reason, actor=actor)
        case CardMove.UNFREEZE:
            life.unfreeze_card(card_pk=card_pk, reason=reason, actor=actor)
        case CardMove.REPORT_LOSS:
            life.report_loss(card_pk=card_pk, reason=reason, actor=actor)
        case CardMove.WITHDRAW_LOSS:
            life.withdraw_loss(card_pk=card_pk, reason=reason, actor=actor)
        case CardMove.REISSUE:
            numbers.reissue_number(card_pk=card_pk, reason=reason, replaces=replaces, actor=actor)
        case CardMove.CANCEL:
            life.cancel_card(card_pk=card_pk, reason=reason, actor=actor)
