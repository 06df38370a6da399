"""Finding a bill for whoever acts on it, and what is told of it."""

from foundation.core.actor import Actor, ActorKind
from institutions import selectors as institutions
from payments.errors import BillNotFound
from payments.models import Bill
from payments.rules import BillState
from payments.types import BillRef


def bill_for(bill: str, actor: Actor) -> Bill:
    """The bill with this public id.

    Staff and clients find those of their institution; whoever acts for residents has checked
    whose bill it is.

    Raises:
        BillNotFound: There is none, or none that the actor may know of.
    """
    rows = Bill.objects.select_related("institution")
    if actor.kind in {ActorKind.STAFF, ActorKind.CLIENT}:
        rows = institutions.scope(rows, actor)
    row = rows.filter(public_id=bill).first()
    if row is None:
        raise BillNotFound
    return row


def facts(bill: Bill) -> dict[str, str]:
    """The fields of every event of a bill."""
    return {
        "bill_id": bill.public_id,
        "person_id": bill.person_ref,
        "institution": bill.institution.public_id,
        "subject_type": bill.subject_type,
        "subject_id": bill.subject_id,
    }


def ref_of(bill: Bill) -> BillRef:
    """The bill as other rooms see it."""
    return BillRef(bill.public_id, bill.number, bill.total_fen, BillState(bill.state), bill.expires_at)
