"""Reading queues for residents: where one stands, and how long it may take."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from appointments.errors import TicketNotFound
from appointments.models import ServiceSample, Ticket
from appointments.rules.queueing import (
    CALLED_STATES,
    OPEN_STATES,
    SAMPLES_KEPT,
    Estimate,
    QueueState,
    TicketState,
    estimate,
)
from appointments.selectors.reach import known_to
from foundation.core import clock
from foundation.core.errors import NotFound
from identity import selectors as identity
from identity.rules import Deed, require, require_guardians_deed
from identity.types import Acting, Relation
from mpi import selectors as mpi

# A desk that has called nobody for so long does not shorten anybody's waiting.
_DESK_LASTS = timedelta(minutes=45)


@dataclass(frozen=True, slots=True)
class ShownTicket:
    """A place in a queue, as whoever waits sees it.

    Attributes:
        person_id: Of a dependant; empty for the account's own person.
        name: A dependant's in full; empty for the account's own person.
        ahead: How many wait in front; none where nobody has said it.
        as_of: When the hospital's system said so last, or now.
    """

    ticket: str
    queue: str
    code: str
    institution: str
    department: str
    doctor: str
    state: str
    place: str
    ahead: int | None
    minutes: Estimate | None
    is_paused: bool
    by_hospital: bool
    passes: int
    calls: int
    joined_at: datetime
    called_at: datetime | None
    as_of: datetime
    booking: str = ""
    person_id: str = ""
    name: str = field(default="", repr=False)

    @property
    def is_waiting(self) -> bool:
        """Whether it is not their turn yet."""
        return self.state == TicketState.WAITING

    @property
    def is_called(self) -> bool:
        """Whether they are to go to the place now."""
        return self.state in CALLED_STATES

    @property
    def is_called_again(self) -> bool:
        """Whether they were called before, and have not come."""
        return self.state == TicketState.RECALLED

    @property
    def is_transferred(self) -> bool:
        """Whether they wait in another queue now."""
        return self.state == TicketState.TRANSFERRED

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(TicketState(self.state).label)


def tickets_of(account_pk: int) -> list[ShownTicket]:
    """Everybody's places of today for whom the account may act, open ones first; without estimates."""
    persons = identity.persons_of(account_pk)
    clusters = mpi.clusters(acts.person_pk for acts in persons)
    by_anchor = {anchor: acts for acts in persons for anchor in clusters[acts.person_pk]}
    today = clock.beijing(clock.now()).date()
    rows = list(
        _with_ahead(Ticket.objects.all())
        .filter(known_to(account_pk, persons, clusters, moment="joined_at"), queue__date=today)
        .exclude(state=TicketState.TRANSFERRED)
        .order_by("-joined_at")
    )
    rows.sort(key=lambda row: row.state not in OPEN_STATES)
    others = [acts.person_pk for acts in persons if acts.relation != Relation.SELF]
    names = {pk: known.name for pk, known in mpi.particulars_many(others).items()} if others else {}
    return [_shown(row, by_anchor[row.person_id], names) for row in rows]


def ticket_for(*, account_pk: int, ticket: str, deed: Deed) -> tuple[Ticket, Acting]:
    """A ticket of somebody for whom the account may act.

    Raises:
        TicketNotFound: For strangers' tickets and for none alike.
        LevelTooLow, NotForGuardians: The account may not do this for that person.
    """
    row = _with_ahead(Ticket.objects.select_related("person")).filter(public_id=ticket).first()
    if row is None:
        raise TicketNotFound
    try:
        acting = identity.acting(account_pk, row.person.public_id)
    except NotFound as exc:
        raise TicketNotFound from exc
    require(acting.level, deed)
    if acting.relation != Relation.SELF:
        require_guardians_deed(deed, is_by_consent=acting.is_by_consent)
    return row, acting


def shown_ticket(*, account_pk: int, ticket: str) -> ShownTicket:
    """One place, with how long it may still take.

    Raises:
        TicketNotFound, LevelTooLow, NotForGuardians: As ``ticket_for``.
    """
    row, acting = ticket_for(account_pk=account_pk, ticket=ticket, deed=Deed.SHOW_CARD)
    names = {}
    if acting.relation != Relation.SELF:
        names = {acting.person_pk: mpi.particulars(acting.person_pk).name}
    return _shown(row, acting, names, minutes=_minutes(row))


def successor_of(ticket: str) -> str:
    """Public id of the ticket that somebody got who changed over to another queue; empty without one."""
    return (
        Ticket.objects.filter(moved_from__public_id=ticket).values_list("public_id", flat=True).first() or ""
    )


def _shown(
    row: Ticket, acting: Acting, names: dict[int, str], *, minutes: Estimate | None = None
) -> ShownTicket:
    queue = row.queue
    is_own = acting.relation == Relation.SELF
    return ShownTicket(
        ticket=row.public_id,
        queue=queue.public_id,
        code=row.code,
        institution=queue.institution.short_name,
        department=queue.department.name,
        doctor=queue.doctor.name if queue.doctor is not None else "",
        state=row.state,
        place=row.place or queue.department.place,
        ahead=_ahead(row),
        minutes=minutes,
        is_paused=queue.state == QueueState.PAUSED,
        by_hospital=bool(queue.hospital_ref),
        passes=row.passes,
        calls=row.calls,
        joined_at=row.joined_at,
        called_at=row.called_at,
        as_of=queue.updated_at if queue.hospital_ref else clock.now(),
        booking=row.booking.public_id if row.booking is not None else "",
        person_id="" if is_own else acting.person_id,
        name="" if is_own else names.get(acting.person_pk, ""),
    )


def _ahead(row: Ticket) -> int | None:
    if row.state != TicketState.WAITING:
        return None
    counted: int = row.counted  # type: ignore[attr-defined]
    return row.ahead_said if row.queue.hospital_ref else counted


def _minutes(row: Ticket) -> Estimate | None:
    ahead = _ahead(row)
    if ahead is None or row.queue.state == QueueState.PAUSED:
        return None
    if row.queue.hospital_ref:
        if row.least_minutes is None or row.most_minutes is None:
            return None
        return Estimate(row.least_minutes, row.most_minutes)
    queue = row.queue
    samples = ServiceSample.objects.filter(department=queue.department_id, doctor=queue.doctor_id)
    seconds = list(samples.order_by("-at").values_list("seconds", flat=True)[:SAMPLES_KEPT])
    lately = Ticket.objects.filter(queue=queue, called_at__gte=clock.now() - _DESK_LASTS).exclude(desk="")
    desks = lately.values("desk").distinct().count()
    return estimate(ahead=ahead, seconds=seconds, desks=max(1, desks))


def _with_ahead(rows: "QuerySet[Ticket]") -> "QuerySet[Ticket]":
    before = Q(position__lt=OuterRef("position")) | Q(position=OuterRef("position"), pk__lt=OuterRef("pk"))
    ahead = (
        Ticket.objects.filter(before, queue=OuterRef("queue"), state=TicketState.WAITING)
        .order_by()
        .values("queue")
        .annotate(found=Count("pk"))
        .values("found")
    )
    return rows.select_related(
        "queue__institution", "queue__department", "queue__doctor", "booking"
    ).annotate(counted=Coalesce(Subquery(ahead), 0))
