"""Reading medicines that are ready: for residents, and for the window that hands them out."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet

from appointments.errors import MedicineNotFound
from appointments.models import Medicine
from appointments.rules.queueing import OPEN_STATES, MedicineState
from appointments.selectors.reach import known_to
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from identity import selectors as identity
from identity.rules import Deed, require, require_guardians_deed
from identity.types import Relation
from institutions.selectors import scope
from mpi import selectors as mpi

_SHOWN_DAYS = timedelta(days=30)
_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ShownMedicine:
    """Medicines as whoever collects them sees them; what they are stays with the hospital.

    Attributes:
        ticket: Public id of the place in the pharmacy's queue; empty without one.
        has_queue: Whether one can queue for them.
        person_id: Of a dependant; empty for the account's own person.
    """

    medicine: str
    institution: str
    pharmacy: str
    place: str
    window: str
    pick_code: str = field(repr=False)
    items_count: int
    state: str
    state_label: str
    ready_at: datetime
    ended_at: datetime | None
    ticket: str
    has_queue: bool
    person_id: str = ""
    name: str = field(default="", repr=False)

    @property
    def is_ready(self) -> bool:
        """Whether they wait to be collected."""
        return self.state == MedicineState.READY


def medicines_of(account_pk: int) -> list[ShownMedicine]:
    """Of the last month, for everybody for whom the account may act; what is ready first."""
    persons = identity.persons_of(account_pk)
    clusters = mpi.clusters(acts.person_pk for acts in persons)
    by_anchor = {anchor: acts for acts in persons for anchor in clusters[acts.person_pk]}
    rows = list(
        _with_all()
        .filter(known_to(account_pk, persons, clusters, moment="ready_at"))
        .filter(ready_at__gte=clock.now() - _SHOWN_DAYS)
        .order_by("-ready_at")[:_MOST_SHOWN]
    )
    rows.sort(key=lambda row: row.state != MedicineState.READY)
    others = [acts.person_pk for acts in persons if acts.relation != Relation.SELF]
    names = {pk: known.name for pk, known in mpi.particulars_many(others).items()} if others else {}
    found = []
    for row in rows:
        acts = by_anchor[row.person_id]
        is_own = acts.relation == Relation.SELF
        found.append(
            _shown(
                row,
                person_id="" if is_own else acts.person_id,
                name="" if is_own else names.get(acts.person_pk, ""),
            )
        )
    return found


def shown_medicine(*, account_pk: int, medicine: str, actor: Actor) -> ShownMedicine:
    """One of them.

    Raises:
        MedicineNotFound, LevelTooLow, NotForGuardians: As ``medicine_for``.
    """
    row, _ = medicine_for(account_pk=account_pk, medicine=medicine, actor=actor)
    return _shown(row)


def medicine_for(*, account_pk: int, medicine: str, actor: Actor) -> tuple[Medicine, Actor]:
    """Medicines of somebody for whom the account may act, and the account as it acts for them.

    Raises:
        MedicineNotFound: For those of strangers and for none alike.
        LevelTooLow, NotForGuardians: The account may not do this for that person.
    """
    row = _with_all().filter(public_id=medicine).first()
    if row is None:
        raise MedicineNotFound
    try:
        acting = identity.acting(account_pk, row.subject)
    except NotFound as exc:
        raise MedicineNotFound from exc
    require(acting.level, Deed.BOOK_VISIT)
    if acting.relation == Relation.SELF:
        return row, actor
    require_guardians_deed(Deed.BOOK_VISIT, is_by_consent=acting.is_by_consent)
    return row, actor.acting_for(acting.person_id)


def ready_for(*, person_pk: int, actor: Actor) -> list[ShownMedicine]:
    """What the actor's pharmacy has ready for the person before the window."""
    rows = visible_medicines(actor).filter(person__in=mpi.cluster(person_pk), state=MedicineState.READY)
    return [_shown(row) for row in rows.order_by("ready_at")]


def visible_medicines(actor: Actor) -> "QuerySet[Medicine]":
    """What a member of staff may see."""
    return scope(_with_all(), actor)


def _with_all() -> "QuerySet[Medicine]":
    return Medicine.objects.select_related("institution", "department", "ticket")


def _shown(row: Medicine, *, person_id: str = "", name: str = "") -> ShownMedicine:
    waits = row.ticket is not None and row.ticket.state in OPEN_STATES
    return ShownMedicine(
        medicine=row.public_id,
        institution=row.institution.short_name,
        pharmacy=row.department.name if row.department is not None else "",
        place=row.department.place if row.department is not None else "",
        window=row.window,
        pick_code=row.pick_code or "",
        items_count=row.items_count,
        state=row.state,
        state_label=row.get_state_display(),
        ready_at=row.ready_at,
        ended_at=row.ended_at,
        ticket=row.ticket.public_id if row.ticket is not None and waits else "",
        has_queue=row.department_id is not None,
        person_id=person_id,
        name=name,
    )
