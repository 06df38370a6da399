"""The desk that checks people in and calls them.

Made for a keyboard and a scanner: the focus stands where the hands are needed, Enter goes on, and
nothing lies over the page.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from appointments import showing
from appointments.errors import NobodyFound
from appointments.models import Booking, Schedule
from appointments.queue_forms import WITHOUT_BOOKING, ArrivalForm, DeskForm, ScanForm
from appointments.rules import BookingState
from appointments.selectors import calling as reading
from appointments.selectors import check_in as visits
from appointments.services import calling, check_in, queues
from appointments.services.desk import find_at_desk
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import DomainError, TooManyRequests
from foundation.core.ids import new_public_id
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from mpi import selectors as mpi

# What the choice of a queue begins with: one that there is, or that of a session that nobody waits in yet.
QUEUE, SESSION = "queue", "session"
# Whom this session has had before it: a token for addresses, and the person.
SEEN = "desk_persons"
MOST_SEEN = 50
# At which desk this session calls, by queue.
DESKS = "call_desks"


@duty_required(Duty.CALL_QUEUE)
@never_cache
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Today's queues, and today's code of the check-in."""
    actor = institutions.staff_actor(request)
    today = clock.beijing(clock.now()).date()
    context = {
        "queues": reading.named_queues(actor),
        "day_code": visits.day_code(actor.institution, today),
        "today": today,
    }
    return render(request, "appointments/desk/queues.html", context)


@duty_required(Duty.CALL_QUEUE)
@never_cache
@require_http_methods(["GET", "POST"])
def scan(request: HttpRequest) -> HttpResponse:
    """Who is before the desk; with somebody found, on to what they have booked."""
    actor = institutions.staff_actor(request)
    form = ScanForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            found = find_at_desk(
                text=form.cleaned_data["text"],
                request_id=form.cleaned_data["ticket"],
                actor=actor,
            )
        except TooManyRequests:
            raise
        except DomainError as exc:
            # The next scan types over what is wrong, so nothing of it is kept.
            problem = f"{exc.text()}。{exc.advice()}"
            return render(
                request, "appointments/desk/scan.html", {"form": ScanForm(), "problem": problem}, status=422
            )
        else:
            return redirect("desk-person", remember(request, found.person_pk))
    return render(request, "appointments/desk/scan.html", {"form": form}, status=422 if form.errors else 200)


@duty_required(Duty.CALL_QUEUE)
@never_cache
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, seen_id: str) -> HttpResponse:
    """What somebody has booked for today; check them in, or give them a place without a booking."""
    actor = institutions.staff_actor(request)
    person_pk = seen(request, seen_id)
    bookings = visits.todays_bookings(persons=mpi.cluster(person_pk), actor=actor)
    lines = [_line_of_queue(row) for row in reading.named_queues(actor) if not row.by_hospital]
    lines += [_line_of_session(row) for row in reading.sessions_without_queue(actor)]
    form = ArrivalForm(
        request.POST if request.method == "POST" else None,
        bookings=[_booking(row) for row in bookings],
        lines=lines,
        chosen=next((row.public_id for row in bookings if row.state == BookingState.BOOKED), ""),
    )
    if form.is_bound and form.is_valid():
        try:
            made = _join(person_pk, form, actor)
        except DomainError as exc:
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
        else:
            code = reading.visible_tickets(actor).values_list("code", flat=True).get(public_id=made)
            messages.success(request, _("已签到，%(code)s 号") % {"code": code})
            return redirect("desk-scan")
    context = {
        "name": mpi.particulars(person_pk).name,
        "bookings": bookings,
        "tickets": reading.tickets_at(persons=mpi.cluster(person_pk), actor=actor),
        "may_wait": bool(bookings or lines),
        "form": form,
    }
    return render(request, "appointments/desk/person.html", context, status=422 if form.errors else 200)


def _booking(row: Booking) -> tuple[str, str]:
    told = {
        "time": showing.time_of(row.slot.starts_at),
        "where": _where(row.schedule),
        "state": row.get_state_display(),
    }
    return row.public_id, _("%(time)s 的预约：%(where)s，%(state)s") % told


def _line_of_queue(row: reading.NamedQueue) -> tuple[str, str]:
    told = {"where": f"{row.title} {row.session}", "count": row.waits}
    return f"{QUEUE}:{row.queue}", _("%(where)s，%(count)s 人等候") % told


def _line_of_session(row: Schedule) -> tuple[str, str]:
    told = {"where": f"{_where(row)} {row.get_session_display()}"}
    return f"{SESSION}:{row.public_id}", _("%(where)s，还没有人") % told


def _where(schedule: Schedule) -> str:
    doctor = schedule.doctor.name if schedule.doctor is not None else ""
    return " ".join(part for part in (schedule.department.name, doctor) if part)


def _join(person_pk: int, form: ArrivalForm, actor: Actor) -> str:
    given = {"priority": form.cleaned_data["priority"], "reason": form.cleaned_data["reason"].strip()}
    if form.cleaned_data["place"] != WITHOUT_BOOKING:
        return check_in.check_in_at_desk(booking=form.cleaned_data["place"], actor=actor, **given)
    kind, _colon, public_id = form.cleaned_data["line"].partition(":")
    if kind == QUEUE:
        return check_in.join_at_desk(queue=public_id, person_pk=person_pk, actor=actor, **given)
    return check_in.join_session_at_desk(schedule=public_id, person_pk=person_pk, actor=actor, **given)


@duty_required(Duty.CALL_QUEUE)
@never_cache
@require_http_methods(["GET", "POST"])
def console(request: HttpRequest, queue_id: str) -> HttpResponse:
    """Call: who is next, once more, gone by, done; the page asks first where one calls."""
    actor = institutions.staff_actor(request)
    desk = request.session.get(DESKS, {}).get(queue_id, "")
    form = DeskForm(request.POST if "desk" in request.POST else None, initial={"desk": desk})
    if form.is_bound and form.is_valid():
        request.session[DESKS] = {
            **request.session.get(DESKS, {}),
            queue_id: form.cleaned_data["desk"].strip(),
        }
        return redirect("desk-queue", queue_id)
    if request.method == "POST" and not form.is_bound:
        try:
            _act(request, queue_id, desk, actor)
        except DomainError as exc:
            messages.error(request, f"{exc.text()}。{exc.advice()}")
        return redirect("desk-queue", queue_id)
    shown = reading.console_of(queue=queue_id, desk=desk, actor=actor)
    context = {
        "console": shown,
        "desk": desk,
        "form": form,
        "asks_desk": not desk or "place" in request.GET or bool(form.errors),
        "others": [row for row in reading.named_queues(actor) if row.queue != queue_id],
    }
    return render(request, "appointments/desk/console.html", context, status=422 if form.errors else 200)


def _act(request: HttpRequest, queue_id: str, desk: str, actor: Actor) -> None:
    act, ticket = request.POST.get("act", ""), request.POST.get("ticket", "")
    reason = request.POST.get("reason", "").strip()[:100]
    match act:
        case "next":
            calling.call_next(queue=queue_id, desk=desk, current=ticket, actor=actor)
        case "recall":
            calling.recall(ticket=ticket, actor=actor)
            messages.success(request, _("已再次呼叫"))
        case "pass":
            is_out = calling.pass_over(ticket=ticket, actor=actor)
            messages.success(request, _("已过号，不再叫号") if is_out else _("已过号，往后退 3 位"))
        case "finish":
            calling.finish(ticket=ticket, actor=actor)
        case "dismiss":
            queues.dismiss(ticket=ticket, reason=reason, actor=actor)
            messages.success(request, _("已移出队列"))
        case "back":
            queues.take_back(ticket=ticket, reason=reason, actor=actor)
            messages.success(request, _("已重新排队"))
        case "transfer":
            queues.transfer(ticket=ticket, to=request.POST.get("to", ""), reason=reason, actor=actor)
            messages.success(request, _("已转到别的队列"))
        case "pause":
            queues.pause_queue(queue=queue_id, reason=reason, actor=actor)
        case "resume":
            queues.resume_queue(queue=queue_id, actor=actor)


def remember(request: HttpRequest, person_pk: int) -> str:
    """Keep in the session who is before the desk; the token stands for them in addresses."""
    token = new_public_id()
    kept = {**request.session.get(SEEN, {}), token: person_pk}
    request.session[SEEN] = dict(list(kept.items())[-MOST_SEEN:])
    return token


def seen(request: HttpRequest, token: str) -> int:
    """The person whom this session has had before it.

    Raises:
        NobodyFound: For every other token.
    """
    person_pk = request.session.get(SEEN, {}).get(token)
    if not isinstance(person_pk, int):
        raise NobodyFound
    return person_pk
