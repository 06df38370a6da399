"""What the centre does with an institution's application."""

from django.db import transaction
from django.db.models import F

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from institutions import services as institutions
from institutions.rules import Duty, Role
from institutions.types import InstitutionDetails
from onboarding import selectors
from onboarding.errors import JoiningStateConflict
from onboarding.models import Document, Joining
from onboarding.rules import JoiningState
from onboarding.services.invitations import CONTACT_LIFE, NewInvitation, invite


@transaction.atomic
def ask_correction(*, joining: str, message: str, actor: Actor, reason: str) -> None:
    """Give the application back, with what is to be mended.

    Raises:
        JoiningStateConflict: It is not waiting for a decision.
    """
    row = _decide(joining, JoiningState.CORRECTION, message, actor)
    audit.record(Action.JOINING_CORRECTION_ASKED, actor=actor, subject=row, reason=reason)


@transaction.atomic
def refuse(*, joining: str, message: str, actor: Actor, reason: str) -> None:
    """Refuse the application for good; the institution may apply anew.

    Raises:
        JoiningStateConflict: It is not waiting for a decision.
    """
    row = _decide(joining, JoiningState.REFUSED, message, actor)
    audit.record(Action.JOINING_REFUSED, actor=actor, subject=row, reason=reason)


@transaction.atomic
def approve(*, joining: str, hospital_id: str = "", actor: Actor, reason: str) -> NewInvitation:
    """Open the institution for business and invite its first administrator.

    Args:
        hospital_id: Its number in the Tencent-compatible dialect, if it uses that.

    Returns:
        The invitation; its link cannot be shown again, but another one can be made.

    Raises:
        JoiningStateConflict: It is not waiting for a decision.
        InstitutionCodeTaken: Code or hospital number belongs to another institution.
    """
    row = _waiting(joining, actor)
    institution = institutions.register_institution(
        details=InstitutionDetails(
            code=row.code,
            name=row.name,
            short_name=row.short_name,
            region=row.region,
            level=row.level,
            category=row.category,
            uscc=row.uscc,
            hospital_id=hospital_id,
            contact_name=row.contact_name or "",
            contact_phone=row.contact_phone or "",
        ),
        actor=actor,
        reason=reason,
    )
    institutions.approve(institution=institution, hospital_id=hospital_id, actor=actor, reason=reason)
    moved = Joining.objects.filter(pk=row.pk, state=JoiningState.SUBMITTED, version=row.version).update(
        state=JoiningState.APPROVED,
        version=F("version") + 1,
        institution_id=selectors.institution_pk(institution, actor),
        account_until=clock.now() + CONTACT_LIFE,
        message="",
        decided_at=clock.now(),
        updated_at=clock.now(),
    )
    if not moved:
        raise JoiningStateConflict
    audit.record(
        Action.JOINING_APPROVED,
        actor=actor,
        subject=row,
        institution=institution,
        reason=reason,
        details={"reference": institution},
    )
    return invite(institution=institution, role=Role.INSTITUTION_ADMIN, actor=actor, reason=reason)


@transaction.atomic
def read_document(*, document: str, actor: Actor) -> Document:
    """A document for somebody of the staff, whose look at it is recorded.

    Raises:
        NotFound: There is none, or the actor may not know of it.
    """
    row = selectors.visible_documents(actor).filter(public_id=document).first()
    if row is None:
        raise NotFound
    audit.record(
        Action.DOCUMENT_READ,
        actor=actor,
        subject=row,
        institution=actor.institution,
        details={"kind": row.kind, "reference": row.subject},
    )
    return row


def _waiting(public_id: str, actor: Actor) -> Joining:
    institutions.require(actor, Duty.MANAGE_INSTITUTIONS)
    row = selectors.visible_joinings(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    if row.state != JoiningState.SUBMITTED:
        raise JoiningStateConflict
    return row


def _decide(public_id: str, state: JoiningState, message: str, actor: Actor) -> Joining:
    row = _waiting(public_id, actor)
    moment = clock.now()
    moved = Joining.objects.filter(pk=row.pk, state=JoiningState.SUBMITTED, version=row.version).update(
        state=state, version=F("version") + 1, message=message, decided_at=moment, updated_at=moment
    )
    if not moved:
        raise JoiningStateConflict
    return row
