"""The application itself, one question to a page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from foundation.core.errors import DomainError
from onboarding import files, selectors
from onboarding.forms import FORMS, HEADINGS, LABELS, CheckForm, FileForm, QuestionForm
from onboarding.models import Joining
from onboarding.rules import (
    ANSWERS,
    JOINING_DOCUMENTS,
    QUESTIONS,
    REQUIRED_DOCUMENTS,
    WRITABLE,
    DocumentKind,
    Question,
    first_open,
)
from onboarding.services import joining as joinings
from onboarding.services.joining import APPLICANT
from onboarding.views.proof import proven, show

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Joining, P], HttpResponse]


def with_joining(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Give a page the application that this browser has proved; else lead to the beginning."""

    @wraps(view)
    def found(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        joining = proven(request)
        if joining is None:
            return redirect("join")
        return view(request, joining, *args, **kwargs)

    return never_cache(found)


def writable(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """The same for pages that change it: led to its state while it is not the applicant's to change."""

    @with_joining
    @wraps(view)
    def found(request: HttpRequest, joining: Joining, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if joining.state not in WRITABLE:
            return redirect("join-mine")
        return view(request, joining, *args, **kwargs)

    return found


@require_GET
@writable
def next_question(request: HttpRequest, joining: Joining) -> HttpResponse:
    """Lead to the first question that is open."""
    return redirect("join-question", _first_open(joining))


@require_http_methods(["GET", "POST"])
@writable
def question(request: HttpRequest, joining: Joining, word: str) -> HttpResponse:
    """One question."""
    if word not in QUESTIONS:
        raise Http404
    here = Question(word)
    if here is Question.DOCUMENTS:
        return _documents(request, joining)
    if here is Question.CHECK:
        return _check(request, joining)
    initial = {"version": joining.version, **selectors.answers_of(joining)}
    form = FORMS[here](request.POST or None, initial=initial)
    if form.is_valid() and _saved(form, joining, here):
        return redirect("join-question", _after(request, here))
    return _page(request, "onboarding/question.html", joining, here, form)


def _saved(form: QuestionForm, joining: Joining, here: Question) -> bool:
    data = form.cleaned_data
    answers = {name: data[name] for name in ANSWERS[here]}
    try:
        joinings.save_answers(
            joining=joining, version=data["version"], question=here, answers=answers, actor=APPLICANT
        )
    except DomainError as exc:
        show(form, exc)
        return False
    return True


def _after(request: HttpRequest, here: Question) -> Question:
    if request.GET.get("then") == Question.CHECK:
        return Question.CHECK
    return QUESTIONS[QUESTIONS.index(here) + 1]


def _documents(request: HttpRequest, joining: Joining) -> HttpResponse:
    filed = selectors.current_documents(joining)
    rows = [
        {
            "kind": kind,
            "document": filed.get(kind),
            "required": kind in REQUIRED_DOCUMENTS,
            "href": reverse("join-document", args=[kind.value]),
        }
        for kind in JOINING_DOCUMENTS
    ]
    context = {"rows": rows, "is_complete": set(filed) >= REQUIRED_DOCUMENTS}
    return _page(request, "onboarding/documents.html", joining, Question.DOCUMENTS, None, **context)


def _check(request: HttpRequest, joining: Joining) -> HttpResponse:
    missing = _first_open(joining)
    if missing is not Question.CHECK:
        return redirect("join-question", missing)
    form = CheckForm(request.POST or None, initial={"version": joining.version})
    if form.is_valid():
        data = form.cleaned_data
        try:
            joinings.submit_joining(
                joining=joining, version=data["version"], agreed=data["agreed"], actor=APPLICANT
            )
        except DomainError as exc:
            show(form, exc)
        else:
            return redirect("join-mine")
    rows = [*summary(joining, linked=True), *_document_rows(joining)]
    return _page(request, "onboarding/check.html", joining, Question.CHECK, form, rows=rows)


def _page(
    request: HttpRequest,
    template: str,
    joining: Joining,
    here: Question,
    form: QuestionForm | None,
    **more: object,
) -> HttpResponse:
    place = QUESTIONS.index(here)
    context = {
        "joining": joining,
        "form": form,
        "heading": HEADINGS[here],
        "place": place + 1,
        "count": len(QUESTIONS),
        "previous": reverse("join-question", args=[QUESTIONS[place - 1]]) if place else reverse("join"),
        **more,
    }
    return render(request, template, context, status=422 if form is not None and form.errors else 200)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def document(request: HttpRequest, kind: str) -> HttpResponse:
    """One document; the token is checked by the inner view, once the file is kept off the disk."""
    files.keep_in_memory(request)
    return _document(request, kind)


@csrf_protect
@writable
def _document(request: HttpRequest, joining: Joining, kind: str) -> HttpResponse:
    if kind not in JOINING_DOCUMENTS:
        raise Http404
    which = DocumentKind(kind)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        try:
            given = request.FILES.get("file")
            if given is None:
                raise files.why_nothing_came(request)
            joinings.file_document(joining=joining, kind=which, content=given.read(), actor=APPLICANT)
        except DomainError as exc:
            form = FileForm({}, {})
            form.errors.clear()
            show(form, exc)
        else:
            return redirect("join-question", Question.DOCUMENTS)
    context = {"form": form, "kind": which, "joining": joining}
    return render(request, "onboarding/document.html", context, status=422 if form.errors else 200)


@require_GET
@with_joining
def form_to_stamp(request: HttpRequest, joining: Joining) -> HttpResponse:
    """The filled-in form, to be printed, stamped and photographed."""
    return render(request, "onboarding/form.html", {"joining": joining, "rows": summary(joining)})


def summary(joining: Joining, *, linked: bool = False) -> list[dict[str, object]]:
    """The answers in words, each with the way to change it where it may be changed."""
    answers = selectors.answers_in_words(joining)
    return [
        {
            "label": LABELS[name],
            "value": answers[name],
            "href": reverse("join-question", args=[question], query={"then": "check"}) if linked else "",
        }
        for question, names in ANSWERS.items()
        for name in names
    ]


def _document_rows(joining: Joining) -> list[dict[str, object]]:
    href = reverse("join-question", args=[Question.DOCUMENTS])
    filed = selectors.current_documents(joining)
    return [
        {"label": row.get_kind_display(), "value": shown_size(row.size), "href": href}
        for row in filed.values()
    ]


def shown_size(size: int) -> str:
    """A number of bytes as people read it."""
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} KB"


def _first_open(joining: Joining) -> Question:
    return first_open(selectors.answers_of(joining), frozenset(selectors.current_documents(joining)))
