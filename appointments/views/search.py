"""Looking for a session: open to everybody, before anybody signs in."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from appointments import showing, words
from appointments.booking_forms import FindForm
from appointments.selectors import finding, search


@require_GET
def hospitals(request: HttpRequest) -> HttpResponse:
    """Hospitals with sessions to come; with words to look for, what is called so."""
    form = FindForm(request.GET if "q" in request.GET else None)
    typed = form.cleaned_data["q"] if form.is_bound and form.is_valid() else ""
    if typed:
        return render(
            request, "appointments/found.html", {"form": form, "words": typed, "found": finding.find(typed)}
        )
    rows, freshness = search.hospitals()
    context = {"form": form, "hospitals": rows, "freshness": freshness}
    return render(request, "appointments/hospitals.html", context, status=422 if form.errors else 200)


@require_GET
def hospital(request: HttpRequest, public_id: str) -> HttpResponse:
    """A hospital's departments."""
    shown = search.hospital(public_id)
    departments = [
        {**each, "since": showing.day_of(each["first"]) if each["first"] else ""}
        for each in shown.departments
    ]
    context = {"hospital": shown, "departments": departments, "freshness": shown.freshness}
    return render(request, "appointments/hospital.html", context)


@require_GET
def department(request: HttpRequest, public_id: str) -> HttpResponse:
    """A department's sessions of a day."""
    shown = search.department(public_id, day=_day(request), week=_week(request))
    return render(request, "appointments/department.html", _context(shown))


@require_GET
def doctor(request: HttpRequest, public_id: str) -> HttpResponse:
    """A doctor's sessions of a day."""
    shown = search.doctor(public_id, day=_day(request), week=_week(request))
    return render(request, "appointments/doctor.html", _context(shown))


@require_GET
def schedule(request: HttpRequest, public_id: str) -> HttpResponse:
    """A session with its bands."""
    shown = search.schedule(public_id)
    session = shown.session
    context = {
        "shown": shown,
        "session": session,
        "state": session.state.value,
        "day": showing.day_of(session.date),
        "part": showing.SESSIONS[session.session],
        "kind": showing.KINDS[session.kind],
        "releases": showing.moment_of(session.releases_at),
        "closes": words.moment(session.closes_at),
        "bands": [showing.band_line(band) for band in session.bands],
        "freshness": shown.freshness,
    }
    return render(request, "appointments/schedule.html", context)


def _context(shown: search.WeekView) -> dict[str, Any]:
    return {
        "about": shown.about,
        "days": showing.strip(shown.days, shown.day),
        "day": showing.day_of(shown.day),
        "lines": [showing.session_line(session) for session in shown.sessions],
        "earlier": f"?week={shown.week - 1}" if shown.week else "",
        "later": f"?week={shown.week + 1}" if shown.later else "",
        "freshness": shown.freshness,
    }


def _day(request: HttpRequest) -> date | None:
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return None


def _week(request: HttpRequest) -> int:
    text = request.GET.get("week", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
