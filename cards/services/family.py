"""Cards of the family: a child's by application and proof, another adult's by their own consent."""

from django.db import transaction

from cards.centre import rules_in_force
from cards.models import CardApplication
from cards.selectors import require_open_channel
from cards.services.application import open_draft
from cards.services.issue import issue_card, live_card
from cards.states import Channel
from foundation.core.actor import Actor
from identity import services as identity
from identity.rules import Evidence
from identity.types import OpenedHolding
from institutions.rules import Duty
from institutions.services import require

CHILD = "child"


def start_child_application(*, account_pk: int, channel: str, actor: Actor) -> CardApplication:
    """The account's open application for a child, or a new draft.

    Raises:
        OwnPersonNeeded, LevelTooLow: If the account may not hold others.
        ChannelStopped: If the centre has stopped the channel.
    """
    identity.require_guardian(account_pk)
    return open_draft(account_pk=account_pk, channel=channel, relation=CHILD)


def confirm_by_code(*, account_pk: int, invitation_id: str, code: str, actor: Actor) -> OpenedHolding:
    """Hold an adult who read out the code from the phone on record. Not inside a transaction.

    Raises:
        InvitationOver, InvitationCodeWrong: As ``identity.services.check_invitation_code``.
        LevelTooLow, TooManyDependants, TooManyGuardians: As ``open_dependant_holding``.
    """
    identity.check_invitation_code(account_pk=account_pk, invitation_id=invitation_id, code=code)
    with transaction.atomic():
        opened = identity.accept_by_code(
            account_pk=account_pk,
            invitation_id=invitation_id,
            limits=rules_in_force().family,
            actor=actor,
        )
        _with_card(opened, actor)
    return opened


@transaction.atomic
def accept_invitation(*, account_pk: int, invitation_id: str, actor: Actor) -> OpenedHolding:
    """Let the inviting account hold this account's own person.

    Raises:
        InvitationOver: If it is not open, or names somebody else.
        LevelTooLow, TooManyDependants, TooManyGuardians: As ``open_dependant_holding``.
    """
    opened = identity.accept_invitation(
        account_pk=account_pk, invitation_id=invitation_id, limits=rules_in_force().family, actor=actor
    )
    _with_card(opened, actor)
    return opened


@transaction.atomic
def hold_at_window(
    *, account_pk: int, person_pk: int, relation: str, reason: str, actor: Actor
) -> OpenedHolding:
    """Let an account hold somebody whose papers, or whose consent, staff have seen.

    Raises:
        OwnPersonNeeded, LevelTooLow, DependantIsSelf, TooManyDependants, TooManyGuardians: As
            ``open_dependant_holding``.
    """
    require(actor, Duty.MANAGE_CARDS)
    return identity.open_dependant_holding(
        account_pk=account_pk,
        person_pk=person_pk,
        relation=relation,
        evidence=Evidence.WINDOW,
        reason=reason,
        limits=rules_in_force().family,
        actor=actor,
    )


def _with_card(opened: OpenedHolding, actor: Actor) -> None:
    """Issue the person's card, if they have none."""
    if live_card(opened.person_pk) is None:
        require_open_channel(Channel.H5)
        issue_card(person_pk=opened.person_pk, channel=Channel.H5, actor=actor.acting_for(opened.person_id))
