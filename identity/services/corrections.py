"""What staff correct of a person by the documents that were shown."""

from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.services import require
from mpi import services as persons


def correct_identity(
    *, person_pk: int, id_type: str, id_number: str, name: str, actor: Actor, reason: str
) -> tuple[str, ...]:
    """Change certificate and name, as ``mpi.services.change_identity``; the index knows no duties.

    Raises:
        PermissionRefused: If the actor has not the duty.
        InvalidParticulars, IdentifierTaken, NotFound: As there.
    """
    require(actor, Duty.MANAGE_CARDS)
    return persons.change_identity(
        person_pk=person_pk, id_type=id_type, id_number=id_number, name=name, actor=actor, reason=reason
    )
