"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import timedelta

from appointments.models import Booking, ExamOrder, Medicine, ServiceSample, Ticket
from appointments.rules import LIVE_STATES
from appointments.rules.queueing import OPEN_STATES, MedicineState
from foundation.audit.retention import Term

TERMS = (
    # A booking that was changed goes with the one that took its place.
    Term(
        kind="bookings",
        rows=Booking.objects.filter(moved_to=None).exclude(state__in=LIVE_STATES),
        since="ended_at",
        period=timedelta(days=5 * 365),
    ),
    Term(
        kind="exam_orders",
        rows=ExamOrder.objects.exclude(booking__state__in=LIVE_STATES),
        since="ordered_at",
        period=timedelta(days=5 * 365),
    ),
    Term(
        kind="tickets",
        rows=Ticket.objects.exclude(state__in=OPEN_STATES),
        since="ended_at",
        period=timedelta(days=365),
    ),
    Term(
        kind="medicines",
        rows=Medicine.objects.exclude(state=MedicineState.READY),
        since="ended_at",
        period=timedelta(days=3 * 365),
    ),
    Term(
        kind="medicines_left",
        rows=Medicine.objects.filter(state=MedicineState.READY),
        since="ready_at",
        period=timedelta(days=365),
    ),
    Term(
        kind="service_samples",
        rows=ServiceSample.objects.all(),
        since="at",
        period=timedelta(days=90),
    ),
)
