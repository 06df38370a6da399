"""Reading invitations, for those who sent them and those whom they name."""

import gmcrypto
from foundation.core import clock
from foundation.core.text import normalise_name
from gmcrypto.index import blind_index_versions
from identity.errors import InvitationOver
from identity.models import Invitation
from identity.selectors.holdings import names_of, self_person
from identity.types import (
    InvitationState,
    Invited,
)
from mpi import selectors as mpi
from mpi.rules import index_form
from mpi.types import Particulars

INVITED = "family-invitation"


def sent_invitation(account_pk: int, invitation_id: str) -> Invited:
    """An invitation, for the account that sent it.

    Raises:
        InvitationOver: If it is somebody else's.
    """
    row = Invitation.objects.filter(account=account_pk, public_id=invitation_id).first()
    if row is None:
        raise InvitationOver
    return Invited(row.public_id, row.relation, row.state, row.expires_at)


def received_invitation(account_pk: int, invitation_id: str) -> Invited:
    """An open invitation, for the account whose own person is named by it.

    Raises:
        InvitationOver: Also for everybody else.
    """
    own = self_person(account_pk)
    row = Invitation.objects.filter(
        public_id=invitation_id, state=InvitationState.OPEN, expires_at__gt=clock.now()
    ).first()
    if own is None or row is None or not is_named_by(row, mpi.particulars(own.person_pk)):
        raise InvitationOver
    inviter = names_of([row.account_id]).get(row.account_id, "")
    return Invited(row.public_id, row.relation, row.state, row.expires_at, inviter)


def has_answered(account_pk: int, invitation_id: str, state: InvitationState) -> bool:
    """Whether an invitation that names the account's own person was answered so."""
    own = self_person(account_pk)
    row = Invitation.objects.filter(public_id=invitation_id, state=state).first()
    return own is not None and row is not None and is_named_by(row, mpi.particulars(own.person_pk))


def is_named_by(invitation: Invitation, own: Particulars) -> bool:
    """Whether an invitation names this person, by any form of their certificate; for this room."""
    digests = blind_index_versions(INVITED, invited_as(own.id_type, own.id_number, own.name))
    return any(gmcrypto.same(bytes(invitation.digest), digest) for digest in digests)


def invited_as(id_type: str, id_number: str, name: str) -> str:
    """What is digested of whom an invitation names; for this room."""
    return f"{id_type}|{index_form(id_type, id_number)}|{normalise_name(name)}"
