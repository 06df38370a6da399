"""One-time links by which staff of institutions make their accounts."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

import gmcrypto
from foundation.accounts import selectors as account_selectors
from foundation.accounts import services as accounts
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.core.ids import crockford
from institutions import selectors as institutions
from institutions import services as institution_services
from institutions.rules import CENTRE_ROLES, Duty, Role, may
from onboarding import selectors
from onboarding.errors import FirstAccountOver, InvitationRefused, InvitationStateConflict, RoleNotInvited
from onboarding.models import Invitation, Joining
from onboarding.rules import JoiningState

LIFE = timedelta(days=7)
# How long the contact of an approved application may make links for the first account.
CONTACT_LIFE = timedelta(days=30)
# Whoever makes the account by the link acts by nothing but the link.
INVITED = Actor.system("invitation")


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation as it was made.

    Attributes:
        token: The secret part of the link, shown this once.
    """

    public_id: str
    token: str = field(repr=False)


@transaction.atomic
def invite(
    *, institution: str, role: str, until: datetime | None = None, actor: Actor, reason: str = ""
) -> NewInvitation:
    """Invite one member of an institution's staff.

    Args:
        until: When the link ends, if that is before its usual life.

    Raises:
        RoleNotInvited: The role is none of an institution.
        NotFound: The actor is of another institution.
    """
    institution_services.require(actor, Duty.INVITE_STAFF)
    if role not in Role.values or role in CENTRE_ROLES:
        raise RoleNotInvited(field="role")
    place = selectors.institution_pk(institution, actor)
    token = crockford(secrets.token_bytes(20))
    usual = clock.now() + LIFE
    row = Invitation.objects.create(
        institution_id=place,
        role=role,
        token_digest=_digest(token),
        invited_by=actor.id,
        expires_at=min(usual, until or usual),
    )
    audit.record(
        Action.STAFF_INVITED,
        actor=actor,
        subject=row,
        institution=institution,
        reason=reason,
        details={"role": role},
    )
    return NewInvitation(public_id=row.public_id, token=token)


@transaction.atomic
def invite_applicant(*, joining: Joining, actor: Actor) -> NewInvitation:
    """A fresh link for the contact of an approved application, while nobody has used one.

    The earlier links of the institution's administrators end with it.

    Raises:
        InvitationStateConflict: The application is not approved, or its administrator is there.
        FirstAccountOver: The contact's time is over.
    """
    institution, until = _end_first_links(joining.public_id)
    if until is None or until <= clock.now():
        raise FirstAccountOver
    return invite(institution=institution, role=Role.INSTITUTION_ADMIN, until=until, actor=actor)


@transaction.atomic
def invite_applicant_again(*, joining: str, actor: Actor, reason: str) -> NewInvitation:
    """Give the contact of an approved application another month, and a fresh link besides.

    Raises:
        InvitationStateConflict: As ``invite_applicant``.
    """
    institution_services.require(actor, Duty.MANAGE_INSTITUTIONS)
    institution, _until = _end_first_links(joining)
    Joining.objects.filter(public_id=joining).update(
        account_until=clock.now() + CONTACT_LIFE, updated_at=clock.now()
    )
    return invite(institution=institution, role=Role.INSTITUTION_ADMIN, actor=actor, reason=reason)


@transaction.atomic
def revoke_applicant(*, joining: str, actor: Actor, reason: str) -> None:
    """End what the contact of an approved application was given: every link, and the making of others.

    Raises:
        InvitationStateConflict: As ``invite_applicant``.
    """
    institution_services.require(actor, Duty.MANAGE_INSTITUTIONS)
    institution, _until = _end_first_links(joining)
    Joining.objects.filter(public_id=joining).update(account_until=clock.now(), updated_at=clock.now())
    audit.record(
        Action.STAFF_INVITATION_WITHDRAWN,
        actor=actor,
        subject=("onboarding.Joining", joining),
        institution=institution,
        reason=reason,
        details={"role": Role.INSTITUTION_ADMIN.value},
    )


def _end_first_links(joining: str) -> tuple[str, datetime | None]:
    """Hold an approved application and end the links of its first administrator.

    Returns:
        The institution's public id, and until when the contact may make links.
    """
    place = Joining.objects.filter(public_id=joining, state=JoiningState.APPROVED).values_list(
        "institution__public_id", "institution_id", "account_until"
    )
    # The lock keeps a second click, or an end at the same moment, from leaving a link that lives.
    found = place.select_for_update(of=("self",)).first()
    if found is None:
        raise InvitationStateConflict
    institution, pk, until = found
    rows = Invitation.objects.filter(institution_id=pk, role=Role.INSTITUTION_ADMIN)
    # Before looking: a link that is being used at this moment is waited for, and then seen.
    rows.filter(taken_at=None, withdrawn_at=None).update(withdrawn_at=clock.now())
    if rows.filter(taken_at__isnull=False).exists():
        raise InvitationStateConflict
    return institution, until


@transaction.atomic
def withdraw_invitation(*, invitation: str, actor: Actor, reason: str) -> None:
    """End a link that nobody has used.

    Raises:
        InvitationStateConflict: It was used or withdrawn before.
    """
    institution_services.require(actor, Duty.INVITE_STAFF)
    row = selectors.visible_invitations(actor).filter(public_id=invitation).first()
    if row is None:
        raise NotFound
    if not Invitation.objects.filter(pk=row.pk, taken_at=None, withdrawn_at=None).update(
        withdrawn_at=clock.now()
    ):
        raise InvitationStateConflict
    audit.record(
        Action.STAFF_INVITATION_WITHDRAWN,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
    )


def open_invitation(*, token: str) -> Invitation:
    """The invitation behind a link that can still be used.

    A link of somebody who may not invite any more is void: nobody leaves a way back in behind.

    Raises:
        InvitationRefused: There is none; why is not told.
    """
    row = (
        Invitation.objects.select_related("institution")
        .filter(token_digest=_digest(token), taken_at=None, withdrawn_at=None, expires_at__gt=clock.now())
        .first()
    )
    place = institutions.institution_by_public_id(row.institution.public_id) if row else None
    if row is None or place is None or not place.is_approved or not _may_still_invite(row.invited_by):
        raise InvitationRefused
    return row


@transaction.atomic
def take_invitation(*, token: str, username: str, password: str, actor: Actor) -> str:
    """Make the account that a link was made for; returns its public id.

    Raises:
        InvitationRefused: The link cannot be used (any more).
        UsernameTaken, WeakPassword: As ``accounts.services.create_staff``; the link stays good.
    """
    row = open_invitation(token=token)
    if not Invitation.objects.filter(pk=row.pk, taken_at=None, withdrawn_at=None).update(
        taken_at=clock.now()
    ):
        raise InvitationRefused
    account = accounts.create_staff(username=username, password=password, actor=actor)
    institution_services.grant_membership(
        account=account.public_id, role=row.role, institution=row.institution.public_id, actor=actor
    )
    Invitation.objects.filter(pk=row.pk).update(account=account.public_id)
    audit.record(
        Action.STAFF_INVITATION_TAKEN,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        details={"reference": account.public_id, "role": row.role},
    )
    return account.public_id


def _may_still_invite(inviter: str) -> bool:
    account = account_selectors.account_by_public_id(inviter)
    if account is None:
        # The product itself, for the contact of an approved application.
        return True
    actor = institutions.actor_of_account(inviter) if account.is_active else None
    return actor is not None and may(actor, Duty.INVITE_STAFF)


def _digest(token: str) -> str:
    # The token has 160 random bits, so its plain digest can be neither guessed nor tried out.
    return gmcrypto.sm3(f"ehc.invitation.1\x1f{token}".encode()).hex()
