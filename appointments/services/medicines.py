"""Medicines: ready, waited for, handed out once."""

from dataclasses import dataclass, field

from django.db import transaction

from appointments.errors import MedicineNotFound, MedicineNotReady, NoQueueForMedicine
from appointments.events import MedicineCollected, MedicineReady
from appointments.models import Medicine, Ticket
from appointments.queueing import news, turns
from appointments.queueing.places import held, join, moved, own_queue, queue_of
from appointments.rules.queueing import (
    CALLED_STATES,
    OPEN_STATES,
    CheckInWay,
    MedicineState,
    QueueKind,
    TicketState,
    session_of,
)
from appointments.selectors.medicines import medicine_for
from appointments.services.check_in import require_day_code
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from institutions.rules import Duty
from institutions.selectors import clinics, scope
from institutions.services import require
from mpi import selectors as mpi


@dataclass(frozen=True, slots=True)
class ReadyMedicine:
    """What a pharmacy says is ready.

    Attributes:
        number: Its own number of the prescription.
        department: Its own code of the pharmacy where people queue; empty without a queue.
    """

    number: str
    window: str = ""
    pick_code: str = field(default="", repr=False)
    items_count: int = 0
    department: str = ""


@transaction.atomic
def note_ready(
    *, institution: str, institution_pk: int, person_pk: int, said: ReadyMedicine, actor: Actor
) -> str:
    """Keep that medicines are ready, and tell; what was known changes its window and code in silence.

    Returns:
        Public id of the medicines.
    """
    departments = clinics.departments_by_code(institution) if said.department else {}
    pharmacy = departments.get(said.department)
    person_id = mpi.public_id_of(person_pk)
    given = {
        "window": said.window,
        "pick_code": said.pick_code or None,
        "items_count": said.items_count,
        "department_id": pharmacy.pk if pharmacy is not None else None,
    }
    known = Medicine.objects.filter(institution=institution_pk, number=said.number).first()
    if known is not None:
        for name, value in given.items():
            setattr(known, name, value)
        known.save(update_fields=list(given))
        return known.public_id
    row = Medicine.objects.create(
        institution_id=institution_pk,
        person_id=person_pk,
        subject=person_id,
        number=said.number,
        ready_at=clock.now(),
        **given,
    )
    audit.record(Action.MEDICINE_READY, actor=actor, subject=row, institution=institution)
    events.publish(MedicineReady(medicine_id=row.public_id, person_id=person_id, institution=institution))
    return row.public_id


@transaction.atomic
def note_collected(*, institution: str, number: str, actor: Actor) -> None:
    """Keep that the pharmacy's own system has handed medicines out; a repeat changes nothing.

    Raises:
        MedicineNotFound: Nobody has said that they are ready.
    """
    row = Medicine.objects.filter(institution__public_id=institution, number=number).first()
    if row is None:
        raise MedicineNotFound
    if row.state == MedicineState.READY:
        _collect(row, institution, actor)


@transaction.atomic
def hand_out(*, medicine: str, person_pk: int, actor: Actor) -> None:
    """Note that the person before the window has been given the medicines.

    Args:
        person_pk: Whose code or document was read at the window.

    Raises:
        MedicineNotFound: They are none of this person at this institution.
        MedicineNotReady: They were handed out before, also a moment ago at another window.
    """
    require(actor, Duty.HAND_OUT_MEDICINE)
    rows = scope(Medicine.objects.all(), actor).filter(person__in=mpi.cluster(person_pk))
    row = rows.filter(public_id=medicine).first()
    if row is None:
        raise MedicineNotFound
    _collect(row, actor.institution, actor)


def _collect(row: Medicine, institution: str, actor: Actor) -> None:
    moment = clock.now()
    # First the queue, as everywhere; then the one conditional update that hands out once.
    queue = held(row.ticket.queue_id) if row.ticket is not None else None
    ready = Medicine.objects.filter(pk=row.pk, state=MedicineState.READY)
    if not ready.update(state=MedicineState.COLLECTED, ended_at=moment):
        raise MedicineNotReady
    audit.record(Action.MEDICINE_COLLECTED, actor=actor, subject=row, institution=institution)
    events.publish(
        MedicineCollected(medicine_id=row.public_id, person_id=row.subject, institution=institution)
    )
    if queue is None or row.ticket is None:
        return
    if Medicine.objects.filter(ticket=row.ticket, state=MedicineState.READY).exists():
        return
    rows = Ticket.objects.select_related("person", "booking").filter(pk=row.ticket.pk)
    ticket = rows.filter(state__in=OPEN_STATES).first()
    if ticket is not None and ticket.state in CALLED_STATES:
        turns.finish(ticket, queue, actor=actor)
    elif ticket is not None:
        moved(ticket, [TicketState.WAITING], state=TicketState.LEFT, ended_at=moment)
        news.tell(queue, also=[ticket.person_id])


@transaction.atomic
def check_in_for_medicine(*, medicine: str, account_pk: int, code: str, actor: Actor) -> str:
    """Queue at the pharmacy for all that is ready there for the person, with the code of the day.

    Returns:
        Public id of the ticket.

    Raises:
        MedicineNotFound: The account may not act for the person.
        MedicineNotReady, NoQueueForMedicine, DayCodeWrong, TooManyRequests.
    """
    row, actor = medicine_for(account_pk=account_pk, medicine=medicine, actor=actor)
    if row.state != MedicineState.READY:
        raise MedicineNotReady
    if row.department_id is None:
        raise NoQueueForMedicine
    require_day_code(institution=row.institution.public_id, code=code, actor=actor)
    moment = clock.beijing(clock.now())
    queue = queue_of(
        institution_pk=row.institution_id,
        department_pk=row.department_id,
        doctor_pk=None,
        day=moment.date(),
        session=session_of(moment.hour),
        kind=QueueKind.PHARMACY,
    )
    ticket = join(queue, person_pk=row.person_id, way=CheckInWay.CODE, actor=actor)
    Medicine.objects.filter(
        person__in=mpi.cluster(row.person_id), department=row.department_id, state=MedicineState.READY
    ).update(ticket=ticket)
    return ticket.public_id


@transaction.atomic
def call_for_medicine(*, queue: str, desk: str, current: str, actor: Actor) -> str:
    """Call whoever is first at the pharmacy, as ``services.calling.call_next`` does.

    Raises:
        QueueNotFound, DeskNeeded, QueuePaused, StalePage, NobodyWaits.
    """
    require(actor, Duty.HAND_OUT_MEDICINE)
    row = own_queue(queue, actor)
    if row.kind != QueueKind.PHARMACY:
        raise NoQueueForMedicine
    return turns.next_at_desk(row, desk=desk, current=current, actor=actor)
