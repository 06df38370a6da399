"""Consent to read records, as the resident sees it: asked, granted, read, taken back (OP-07)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from identity.rules import Deed
from records.errors import AccessChanged, AccessOver, AccessUnknown
from records.models import AccessGrant
from records.readers import own_person_id, people_of, reader_of, reader_of_anchor, reader_of_request
from records.rules import DURATIONS, REACHES, RecordKind, RequestState
from records.scoping import chosen, duration_of
from records.selectors import access as reading
from records.selectors.readings import accesses_of
from records.services.access import grant_access, open_code, refuse_access, revoke_access

DURATION_WORDS = {
    "day": gettext_lazy("24 小时"),
    "week": gettext_lazy("7 天"),
    "month": gettext_lazy("30 天"),
}
REACH_WORDS = {
    "year": gettext_lazy("最近一年"),
    "three_years": gettext_lazy("最近三年"),
    "all": gettext_lazy("全部时间"),
}


@never_cache
@require_GET
@resident_required
def overview(request: HttpRequest) -> HttpResponse:
    """What waits for an answer, what is open to whom, and what was read lately."""
    whose = reader_of(request, request.GET.get("person", ""), Deed.GRANT_ACCESS)
    context = {
        "whose": whose,
        "people": people_of(request),
        "waiting": reading.requests_for(whose.person_pk),
        "grants": reading.grants_of(whose.person_pk),
    }
    return render(request, "records/access/overview.html", context)


@never_cache
@require_GET
@resident_required
def accesses(request: HttpRequest) -> HttpResponse:
    """Every reading, by name of the reader, institution and time."""
    whose = reader_of(request, request.GET.get("person", ""), Deed.GRANT_ACCESS)
    page = accesses_of(whose.person_pk, cursor=request.GET.get("cursor", ""))
    context = {"whose": whose, "people": people_of(request), "rows": page.rows, "older": page.older}
    return render(request, "records/access/accesses.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def code(request: HttpRequest, token: str) -> HttpResponse:
    """The code of a doctor was scanned: on to the question, whose address has no secret."""
    row = open_code(token=token, actor=accounts.actor_of(request))
    return redirect("access-request", row.public_id)


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def question(request: HttpRequest, request_id: str) -> HttpResponse:
    """Who asks and for what; exactly what would open and what stays shut; yes or no."""
    person = request.POST.get("person", "") or request.GET.get("person", "")
    row, whose = reader_of_request(request, request_id, person)
    asked = reading.asked_of(row)
    if not asked.is_waiting:
        led = _answered_so(request, request_id) if request.method == "POST" else None
        return led or render(request, "records/access/answered.html", {"asked": asked, "whose": whose})
    given = dict((request.POST if request.method == "POST" else request.GET).lists())
    items = reading.records_of(whose.person_pk)
    choice = chosen(given, asked=row.kinds, items=items)
    changed = False
    if request.method == "POST":
        account, actor = accounts.account_of(request), accounts.actor_of(request)
        person_id = whose.person_id or own_person_id(request)
        agrees = request.POST.get("answer") == "agree"
        try:
            if not agrees:
                refuse_access(request_id=request_id, account_pk=account.pk, person_id=person_id, actor=actor)
                return redirect("access-request", request_id)
            grant = grant_access(
                request_id=request_id,
                account_pk=account.pk,
                person_id=person_id,
                scope=choice.scope(),
                duration=choice.duration,
                seen=request.POST.get("seen", ""),
                actor=actor,
            )
        except AccessChanged:
            changed = True
        except AccessOver:
            led = _answered_so(request, request_id)
            if led is None:
                raise
            return led
        else:
            return redirect("access-grant", grant.public_id)
    places = {item.institution: item.place for item in items}
    context = {
        "asked": asked,
        "whose": whose,
        "people": people_of(request) if row.person_id is None else [],
        "preview": reading.preview(items, choice.scope()),
        "choice": choice,
        "changed": changed,
        "kinds": [
            (kind, RecordKind(kind).label, kind in choice.kinds)
            for kind in RecordKind.values
            if kind in row.kinds
        ],
        "sources": [(key, name, key in choice.sources) for key, name in places.items()],
        "reaches": [(word, REACH_WORDS[word], word == choice.reach) for word in REACHES],
        "durations": [(word, DURATION_WORDS[word], word == choice.duration) for word in DURATIONS],
        "duration_word": DURATION_WORDS[choice.duration],
    }
    return render(request, "records/access/question.html", context, status=409 if changed else 200)


def _answered_so(request: HttpRequest, request_id: str) -> HttpResponse | None:
    """To where the other of two clicks leads that said the same; nothing if another answer stands."""
    agrees = request.POST.get("answer") == "agree"
    duration = request.POST.get("duration", "")
    known = reading.answer_of(request_id, account=accounts.actor_of(request).id)
    if not agrees and known.state == RequestState.REFUSED:
        return redirect("access-request", request_id)
    if not agrees or known.seen != request.POST.get("seen"):
        return None
    return redirect("access-grant", known.grant_id) if known.lasts == duration_of(duration) else None


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def grant(request: HttpRequest, grant_id: str) -> HttpResponse:
    """One consent with everything that was read by it, and the way to take it back."""
    row = AccessGrant.objects.select_related("institution").filter(public_id=grant_id).first()
    whose = reader_of_anchor(request, row.person_id, Deed.GRANT_ACCESS) if row is not None else None
    if row is None or whose is None:
        raise AccessUnknown
    if request.method == "POST":
        account = accounts.account_of(request)
        if revoke_access(grant_id=grant_id, account_pk=account.pk, actor=accounts.actor_of(request)):
            messages.success(request, _("授权已撤回，对方不能再查阅"))
        return redirect("access-grant", grant_id)
    page = accesses_of(whose.person_pk, cursor=request.GET.get("cursor", ""), grant_id=grant_id)
    context = {
        "whose": whose,
        "grant": reading.grant_of(row),
        "opens": reading.receipt_of(row)["statement"]["opens"],
        "stays": reading.receipt_of(row)["statement"]["stays_shut"],
        "sources": reading.names_of(row.sources),
        "rows": page.rows,
        "older": page.older,
    }
    return render(request, "records/access/grant.html", context)
