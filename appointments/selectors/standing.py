"""How often somebody has booked, cancelled and stayed away, and which limit that reaches.

The texts are part of the statement that takes a place (``services.taking``), and asked alone where
somebody is told why it was not taken.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from appointments import errors
from appointments.models import Slot
from appointments.rules import LIVE_STATES, ScheduleState
from appointments.selectors import offers
from appointments.types import BookedBy, Offer, Patient, Standing
from foundation.core import clock

# Live bookings are not made longer ahead, and no-shows are not counted longer back.
_REMEMBERED = timedelta(days=400)
_LIVE = ", ".join(f"'{state.value}'" for state in LIVE_STATES)

# The sum, the coalesce and IS TRUE leave the planner one index for each question: that of the person, the
# account or the device. Of a table that has just grown it believes that an institution, or a day, has few
# bookings, and it would read thousands in place of the handful.
STANDING = f"""
    SELECT count(*) FILTER (WHERE created_at >= %(day)s::timestamptz
                              AND state <> 'stopped' AND moved_from_id IS NULL) AS today,
           count(*) FILTER (WHERE state IN ('held', 'booked')) AS open,
           count(*) FILTER (WHERE state = 'cancelled' AND end_reason = 'resident'
                              AND ended_at >= %(day)s::timestamptz) AS cancelled,
           count(*) FILTER (WHERE state = 'missed' AND ended_at >= %(missed_since)s::timestamptz) AS missed,
           max(ended_at) FILTER (WHERE state = 'missed') AS last_missed_at,
           count(*) FILTER (WHERE schedule_id = %(schedule)s::bigint AND state IN ({_LIVE})) AS here
    FROM appointments_booking
    WHERE person_id = ANY(%(anchors)s::text::bigint[]) AND institution_id + 0 = %(institution_pk)s::bigint
      AND (created_at >= %(since)s::timestamptz) IS TRUE
"""
_BY = """
    SELECT count(*) FROM appointments_booking
    WHERE {column} = %({column})s::text AND (created_at >= %(day)s::timestamptz) IS TRUE
      AND institution_id + 0 = %(institution_pk)s::bigint
      AND state <> 'stopped' AND coalesce(moved_from_id, 0) = 0
"""
OF_ACCOUNT, OF_DEVICE = _BY.format(column="account"), _BY.format(column="device")


def explain(*, offer: Offer, patient: Patient, by: BookedBy, number: int | None = None) -> Exception:
    """Why a place was not taken; for whoever was refused by the statement."""
    row = Slot.objects.filter(pk=offer.slot_pk).select_related("schedule").first()
    if row is None:
        offers.forget(offer.slot_id)
        return errors.SlotUnknown()
    schedule = row.schedule
    is_held = schedule.state == ScheduleState.OPEN and row.stopped_at is None
    if is_held and not row.free:
        # The most frequent answer costs one question, and the next second none.
        offers.note_sold_out(offer.slot_id)
        return errors.SlotFull()
    offers.forget(offer.slot_id)
    if not is_held:
        return errors.SlotStopped(reason=row.stop_reason or schedule.stop_reason)
    standing = standing_of(offer=offer, patient=patient, by=by)
    if standing.here:
        return errors.AlreadyBooked()
    if number is not None and number not in row.free:
        return errors.SlotFull()
    if schedule.fee_fen != offer.fee_fen:
        return errors.FeeChanged()
    moment = clock.now()
    if by.is_resident and not schedule.releases_at <= moment < schedule.closes_at:
        return errors.SlotClosed()
    if by.is_resident:
        over = limit_reached(offer=offer, standing=standing)
        if over is not None:
            return over
    # It was sold out, or otherwise in the way, and is not any more.
    return errors.SlotFull()


def standing_of(*, offer: Offer, patient: Patient, by: BookedBy) -> Standing:
    """How often the person, the account and the device have booked at the institution."""
    values = asked(offer, patient, by, clock.now())
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT standing.*, ({OF_ACCOUNT}), ({OF_DEVICE}) FROM ({STANDING}) AS standing", values
        )
        today, open_, cancelled, missed, last_missed_at, here, of_account, of_device = cursor.fetchone()
    return Standing(
        today=today,
        open=open_,
        cancelled=cancelled,
        missed=missed,
        last_missed_at=last_missed_at,
        here=here,
        of_account=of_account if by.account else 0,
        of_device=of_device if by.device else 0,
    )


def limit_reached(*, offer: Offer, standing: Standing) -> errors.BookingLimit | None:
    """The limit that somebody has reached at the institution; None if there is none."""
    terms = offer.terms
    if standing.missed >= terms.missed_limit and standing.last_missed_at is not None:
        until = standing.last_missed_at + timedelta(days=terms.missed_pause_days)
        if until > clock.now():
            return errors.BookingPaused(until=f"{clock.beijing(until):%Y-%m-%d}")
    if standing.cancelled >= terms.cancel_day_limit:
        return errors.CancelDayLimit()
    if standing.today >= terms.person_day_limit:
        return errors.PersonDayLimit()
    if standing.open >= terms.person_open_limit:
        return errors.PersonOpenLimit()
    if standing.of_account >= terms.account_day_limit:
        return errors.AccountDayLimit()
    if standing.of_device >= terms.device_day_limit:
        return errors.DeviceDayLimit()
    return None


def asked(offer: Offer, patient: Patient, by: BookedBy, moment: datetime) -> dict[str, Any]:
    """What the texts above ask for."""
    terms = offer.terms
    return {
        "day": clock.beijing(moment).replace(hour=0, minute=0, second=0, microsecond=0),
        "since": moment - _REMEMBERED,
        "missed_since": moment - timedelta(days=terms.missed_days),
        "pause_since": moment - timedelta(days=terms.missed_pause_days),
        "anchors": "{" + ",".join(map(str, patient.anchors)) + "}",
        "schedule": offer.schedule_pk,
        "institution_pk": offer.institution_pk,
        "account": by.account,
        "device": by.device,
        "person_day_limit": terms.person_day_limit,
        "person_open_limit": terms.person_open_limit,
        "account_day_limit": terms.account_day_limit,
        "device_day_limit": terms.device_day_limit,
        "cancel_day_limit": terms.cancel_day_limit,
        "missed_limit": terms.missed_limit,
    }
