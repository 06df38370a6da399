"""Which bookings an actor may act upon, and how far back an account may read."""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from appointments.errors import BookingNotFound
from appointments.models import Booking
from appointments.types import BookingRef, Patient
from foundation.accounts import selectors as accounts
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import NotFound
from identity import selectors as identity
from identity.rules import Deed, require, require_guardians_deed
from identity.types import Acting, Relation
from mpi import selectors as mpi


def reach(booking: str, actor: Actor) -> Booking:
    """The booking with this public id, as far as the actor may act upon it.

    Residents act for whom they hold, staff and systems of an institution upon its own bookings.

    Raises:
        BookingNotFound: For those of others and for what does not exist alike.
        LevelTooLow, NotForGuardians: The resident's hold is not enough.
    """
    rows = Booking.objects.select_related("institution", "schedule", "slot", "person")
    row = rows.filter(public_id=booking).first()
    if row is None:
        raise BookingNotFound
    if actor.kind is ActorKind.RESIDENT:
        account_pk = accounts.account_pk(actor.id)
        if account_pk is None:
            raise BookingNotFound
        try:
            patient_for(account_pk, row.person.public_id)
        except NotFound as exc:
            raise BookingNotFound from exc
    elif not actor.is_centre and actor.institution != row.institution.public_id:
        raise BookingNotFound
    return row


def known_to(
    account_pk: int, persons: Iterable[Acting], clusters: Mapping[int, Sequence[int]], *, moment: str
) -> Q:
    """Rows of these persons, as far back as the account may know what happened to each.

    Args:
        clusters: The anchors of each person.
        moment: The column that says when it happened.
    """
    found = Q(pk__in=[])
    for acts in persons:
        anchors = clusters[acts.person_pk]
        since = identity.known_since(account_pk, acts, anchors=anchors)
        mine = Q(person__in=anchors)
        found |= mine if since is None else mine & Q(**{f"{moment}__gte": since})
    return found


def patient_for(account_pk: int, person_id: str) -> Patient:
    """Somebody for whom an account may book.

    Raises:
        NotFound: The account does not hold them.
        LevelTooLow, NotForGuardians: It holds them not surely enough.
    """
    acts = identity.acting(account_pk, person_id)
    require(acts.level, Deed.BOOK_VISIT)
    if acts.relation != Relation.SELF:
        require_guardians_deed(Deed.BOOK_VISIT, is_by_consent=acts.is_by_consent)
    return patient_of(acts.person_pk, acts.person_id)


def patient_of(person_pk: int, person_id: str) -> Patient:
    """A person for whom somebody books who has been let in already."""
    return Patient(person_pk, person_id, tuple(mpi.cluster(person_pk)))


def patient_of_row(row: Booking) -> Patient:
    """The person of a booking, as they are known today."""
    pk = mpi.survivor(row.person_id)
    return patient_of(pk, mpi.public_id_of(pk))


def ref_of(row: Booking) -> BookingRef:
    """A row as a value."""
    return BookingRef(
        booking_pk=row.pk,
        booking_id=row.public_id,
        number=row.number,
        state=row.state,
        fee_fen=row.fee_fen,
        bill=row.bill,
        held_until=row.held_until,
    )
