"""Checking in: by the phone's place, by the code of the day, at a desk, or at a hospital's machine.

The place of a phone is compared and forgotten: neither the audit nor any row keeps it. A phone can
be made to lie about it, as a code can be passed on; both only bring somebody into a queue who has
booked anyway, and who is called by name and passed over if they are not there.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format

from appointments import errors
from appointments.models import Booking, CheckInRule, Queue, Ticket
from appointments.queueing.places import held, join, queue_of
from appointments.rules import BookingState, ClinicKind, ScheduleState
from appointments.rules.queueing import (
    OPEN_STATES,
    VAGUE_ACCURACY,
    CheckInWay,
    TicketClass,
    is_within,
    metres_between,
)
from appointments.selectors import check_in as reading
from appointments.selectors.schedules import visible_schedules
from appointments.services.coming import arrive_booking
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from gmcrypto import same
from institutions.rules import Duty
from institutions.selectors import scope
from institutions.services import require

# Six digits of one day are guessed a thousand years at this rate.
CODE_TRIES, CODE_SECONDS = 5, 600


def check_in_with_code(*, booking: str, account_pk: int, code: str, actor: Actor) -> str:
    """Check in with the code that the hospital shows at its desks today.

    Returns:
        Public id of the ticket.

    Raises:
        NotFound: The account may not act for whoever booked.
        DayCodeWrong, TooManyRequests.
        CheckInRefused, CheckInTooEarly, CheckInOver.
    """
    row, actor = reading.booking_for(account_pk=account_pk, booking=booking, actor=actor)
    require_day_code(institution=row.institution.public_id, code=code, actor=actor)
    return _arrive(row, CheckInWay.CODE, actor)


def require_day_code(*, institution: str, code: str, actor: Actor) -> None:
    """Let pass the code that an institution shows at its desks today.

    Raises:
        DayCodeWrong: It is another.
        TooManyRequests: It was guessed at too often.
    """
    ratelimit.hit(f"day-code:{actor.id}", limit=CODE_TRIES, per_seconds=CODE_SECONDS)
    expected = reading.day_code(institution, clock.beijing(clock.now()).date())
    if not same("".join(code.split()).encode(), expected.encode()):
        raise errors.DayCodeWrong(field="code")


def check_in_with_location(
    *, booking: str, account_pk: int, latitude: float, longitude: float, accuracy: float, actor: Actor
) -> str:
    """Check in with the place where the phone is, in WGS 84.

    Args:
        accuracy: By how many metres the phone may be wrong, as it says itself.

    Returns:
        Public id of the ticket.

    Raises:
        NotFound: The account may not act for whoever booked.
        InvalidInput: It is no place on earth.
        LocationNotOffered, LocationTooVague, NotAtHospital.
        CheckInRefused, CheckInTooEarly, CheckInOver.
    """
    row, actor = reading.booking_for(account_pk=account_pk, booking=booking, actor=actor)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and accuracy >= 0):
        raise InvalidInput(field="latitude")
    rule = CheckInRule.objects.filter(institution=row.institution).first()
    if rule is None or rule.latitude is None or rule.longitude is None:
        raise errors.LocationNotOffered
    if accuracy > VAGUE_ACCURACY:
        raise errors.LocationTooVague
    metres = metres_between((latitude, longitude), (float(rule.latitude), float(rule.longitude)))
    if not is_within(metres, radius=rule.radius_metres, accuracy=accuracy):
        raise errors.NotAtHospital
    return _arrive(row, CheckInWay.LOCATION, actor)


def check_in_at_desk(*, booking: str, priority: int, reason: str, actor: Actor) -> str:
    """Check somebody in whom the desk has before it; also late, and with a class of priority.

    Returns:
        Public id of the ticket.

    Raises:
        CheckInRefused: The institution has no such booking of today that may still arrive.
    """
    require(actor, Duty.CALL_QUEUE)
    rows = scope(reading.bookings_with_all(), actor).filter(public_id=booking)
    row = rows.filter(schedule__date=clock.beijing(clock.now()).date()).first()
    if row is None:
        raise errors.CheckInRefused
    return _arrive(row, CheckInWay.DESK, actor, is_strict=False, priority=_class(priority), reason=reason)


@transaction.atomic
def join_at_desk(*, queue: str, person_pk: int, priority: int, reason: str, actor: Actor) -> str:
    """Give a place to somebody who has not booked here, and is before the desk.

    Returns:
        Public id of the ticket.

    Raises:
        QueueNotFound: The institution has no such queue today.
    """
    require(actor, Duty.CALL_QUEUE)
    row = scope(Queue.objects.filter(hospital_ref=""), actor).filter(public_id=queue).first()
    if row is None or row.date != clock.beijing(clock.now()).date():
        raise errors.QueueNotFound
    ticket = join(
        held(row.pk),
        person_pk=person_pk,
        way=CheckInWay.DESK,
        actor=actor,
        priority=_class(priority),
        reason=reason,
    )
    return ticket.public_id


@transaction.atomic
def join_session_at_desk(*, schedule: str, person_pk: int, priority: int, reason: str, actor: Actor) -> str:
    """Give the first place of a session's queue to somebody who has not booked, and is before the desk.

    Returns:
        Public id of the ticket.

    Raises:
        QueueNotFound: The institution holds no such session today.
    """
    require(actor, Duty.CALL_QUEUE)
    row = visible_schedules(actor).filter(public_id=schedule, state=ScheduleState.OPEN).first()
    if row is None or row.kind == ClinicKind.EXAM or row.date != clock.beijing(clock.now()).date():
        raise errors.QueueNotFound
    queue = queue_of(
        institution_pk=row.institution_id,
        department_pk=row.department_id,
        doctor_pk=row.doctor_id,
        day=row.date,
        session=row.session,
    )
    ticket = join(
        queue,
        person_pk=person_pk,
        way=CheckInWay.DESK,
        actor=actor,
        priority=_class(priority),
        reason=reason,
    )
    return ticket.public_id


def check_in_by_system(*, persons: Sequence[int], booking: str, institution_pk: int, actor: Actor) -> str:
    """Check in whoever showed their card to a machine of the hospital.

    Args:
        persons: Every anchor of the person.
        booking: Public id; empty for the next one of today that may be checked in.

    Returns:
        Public id of the ticket.

    Raises:
        CheckInRefused: There is no such booking of today.
        CheckInTooEarly, CheckInOver.
    """
    today = clock.beijing(clock.now()).date()
    rows = reading.bookings_with_all().filter(
        institution=institution_pk, person__in=persons, schedule__date=today
    )
    if booking:
        rows = rows.filter(public_id=booking)
    open_rows = [row for row in rows.order_by("slot__starts_at") if row.state == BookingState.BOOKED]
    row = next(iter(open_rows), None) or rows.filter(state=BookingState.ARRIVED).first()
    if row is None:
        raise errors.CheckInRefused
    return _arrive(row, CheckInWay.SYSTEM, actor)


@transaction.atomic
def _arrive(
    row: Booking,
    way: CheckInWay,
    actor: Actor,
    *,
    is_strict: bool = True,
    priority: int = TicketClass.NORMAL,
    reason: str = "",
) -> str:
    """Note the arrival and give the place; whoever has arrived gets the place that they have.

    The queue is held first, as in every other command of queues.
    """
    schedule = row.schedule
    queue = queue_of(
        institution_pk=row.institution_id,
        department_pk=schedule.department_id,
        doctor_pk=schedule.doctor_id,
        day=schedule.date,
        session=schedule.session,
    )
    known = Ticket.objects.filter(booking=row, state__in=OPEN_STATES).first()
    if known is not None:
        return known.public_id
    if is_strict:
        _require_time(row)
    state = Booking.objects.values_list("state", flat=True).get(pk=row.pk)
    is_first = state == BookingState.BOOKED or (state == BookingState.MISSED and not is_strict)
    if is_first:
        arrive_booking(booking=row.public_id, actor=actor)
    elif state != BookingState.ARRIVED:
        raise errors.CheckInRefused
    ticket = join(
        queue,
        person_pk=row.person_id,
        way=way,
        actor=actor,
        priority=priority,
        booking=row,
        # Whoever left the queue and comes again stands where they come now.
        in_band=is_first,
        reason=reason,
    )
    return ticket.public_id


def _require_time(row: Booking) -> None:
    opens, closes = reading.check_in_times(row)
    moment = clock.now()
    if moment < opens:
        raise errors.CheckInTooEarly(opens=_shown(opens))
    if moment > closes:
        raise errors.CheckInOver


def _shown(moment: datetime) -> str:
    return date_format(clock.beijing(moment), "n月j日 H:i")


def _class(priority: int) -> int:
    if priority not in TicketClass.values:
        raise InvalidInput(field="priority")
    return priority
