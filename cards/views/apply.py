"""The pages of an application: one question each, then wait, then the result."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cards import selectors, ways
from cards.errors import AnswersInvalid, AnswersMissing, ChannelStopped
from cards.forms import CHILD_FORMS, FORMS, REASONS, Forms, StepForm, initial
from cards.models import CardApplication
from cards.rules.channels import channel_of_browser
from cards.rules.steps import Answers, Step, neighbours, next_open, questions
from cards.services import application as applications
from cards.services import family
from cards.states import ApplicationState, Channel, ProofKind
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.text import mask_phone
from identity import selectors as identity
from identity import services as guardians
from identity.errors import ConsentMissing, DependantIsAdult, DependantIsSelf
from mpi.rules import CERTIFICATE_TYPES, NATIONS

DECIDED = (ApplicationState.ISSUED, ApplicationState.REFUSED, ApplicationState.WITHDRAWN)
SEX_WORDS = {"1": gettext_lazy("男"), "2": gettext_lazy("女"), "9": gettext_lazy("不便说明")}


@dataclass(frozen=True, slots=True)
class Journey:
    """For whom is applied: the routes of the pages, and their questions."""

    relation: str
    start: str
    step: str
    home: str
    forms: Forms

    def page(self, word: str) -> str:
        """The address of a question."""
        return reverse(self.step, args=[word])


OWN = Journey(selectors.SELF, start="apply", step="apply-step", home="card", forms=FORMS)
CHILD = Journey(family.CHILD, start="child", step="child-step", home="family", forms=CHILD_FORMS)


@resident_required
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """What is needed and what happens; the button begins, or goes on where somebody stopped."""
    account = accounts.account_of(request)
    if selectors.own_card(account.pk) is not None:
        return redirect("card")
    channel = _channel(request)
    try:
        if _open_application(request, OWN) is None:
            selectors.require_open_channel(channel)
    except ChannelStopped:
        return stopped(request, channel)
    if request.method == "GET":
        return render(request, "cards/apply/start.html", {"open": selectors.latest_application(account.pk)})
    if not identity.has_consented(account.pk):
        return _to_consent(reverse("apply"))
    try:
        application = applications.start_application(
            account_pk=account.pk, channel=channel, actor=accounts.actor_of(request)
        )
    except ChannelStopped:
        return stopped(request, channel)
    return _onward(request, application)


def stopped(request: HttpRequest, channel: Channel) -> HttpResponse:
    """The page that says what to do while the centre has stopped a channel."""
    context = {"ways": ways.ways_instead(of=channel)}
    return render(request, "cards/apply/stopped.html", context, status=ChannelStopped.status)


@resident_required
@require_http_methods(["GET", "POST"])
def child(request: HttpRequest) -> HttpResponse:
    """What is needed for a child's card; the button begins, or goes on where somebody stopped.

    Raises:
        OwnPersonNeeded, LevelTooLow: If the account may not hold others.
    """
    account = accounts.account_of(request)
    guardians.require_guardian(account.pk)
    if request.method == "GET":
        open_one = selectors.latest_application(account.pk, relation=family.CHILD)
        return render(request, "cards/family/child.html", {"open": open_one})
    if not identity.has_consented(account.pk):
        return _to_consent(reverse("child"))
    channel = _channel(request)
    try:
        application = family.start_child_application(
            account_pk=account.pk, channel=channel, actor=accounts.actor_of(request)
        )
    except ChannelStopped:
        return stopped(request, channel)
    return _onward(request, application)


@resident_required
@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, word: str, journey: Journey = OWN) -> HttpResponse:
    """One question."""
    application = _open_application(request, journey)
    if application is None:
        return _closed(request, word, journey)
    if application.state != ApplicationState.DRAFT:
        return redirect("apply-wait", application.public_id)
    answers = selectors.answers_of(application)
    asked = questions(answers, phone_known=_phone_known(request))
    if word not in asked:
        return _onward(request, application)
    here = Step(word)
    if here is Step.CHECK:
        return _check(request, application, answers)
    if request.method == "GET":
        form = journey.forms[here](initial=initial(here, answers, application.version))
        return _question(request, here, answers, form)
    return _answer(request, here, application, answers)


def _closed(request: HttpRequest, word: str, journey: Journey) -> HttpResponse:
    """Nothing is open: to the beginning, or to the decision for whoever hands in what is decided."""
    if request.method == "POST" and word == Step.CHECK:
        last = selectors.latest_application(accounts.account_of(request).pk, relation=journey.relation)
        if last is not None and last.state in DECIDED:
            return redirect("apply-result", last.public_id)
    return redirect(journey.start)


def _answer(request: HttpRequest, here: Step, application: CardApplication, answers: Answers) -> HttpResponse:
    journey = _journey(application)
    form = journey.forms[here](request.POST)
    if not form.is_valid():
        return _question(request, here, answers, form)
    try:
        saved = applications.save_answers(
            application=application,
            version=form.cleaned_data["version"],
            answers=replace(answers, **form.answers()),
        )
    except AnswersInvalid as exc:
        for problem in exc.problems:
            form.add_error(problem.field if problem.field in form.fields else None, problem.sentence)
        return _question(request, here, answers, form)
    except (DependantIsAdult, DependantIsSelf) as exc:
        form.add_error(None, f"{exc.text()}。{exc.advice()}")
        return _question(request, here, answers, form)
    if request.GET.get("then") == Step.CHECK:
        after = next_open(selectors.answers_of(saved), phone_known=_phone_known(request))
        return redirect(journey.step, after)
    return _after(request, here, saved)


def _after(request: HttpRequest, here: Step, application: CardApplication) -> HttpResponse:
    asked = list(questions(selectors.answers_of(application), phone_known=_phone_known(request)))
    after = asked[asked.index(here) + 1] if here in asked else asked[0]
    return redirect(_journey(application).step, after)


def _question(request: HttpRequest, here: Step, answers: Answers, form: StepForm) -> HttpResponse:
    before, place, count = neighbours(here, answers, phone_known=_phone_known(request))
    journey = _journey(answers)
    context = {
        "form": form,
        "question": form[next(name for name in form.fields if name != "version")],
        "title": next(field.label for name, field in form.fields.items() if name != "version"),
        "place": place,
        "count": count,
        "previous_url": journey.page(before) if before else reverse(journey.start),
        "reason": REASONS.get(here, "") if journey is OWN else "",
    }
    return render(request, "cards/apply/question.html", context, status=422 if form.errors else 200)


def _check(request: HttpRequest, application: CardApplication, answers: Answers) -> HttpResponse:
    place, count = neighbours(Step.CHECK, answers, phone_known=_phone_known(request))[1:]
    if next_open(answers, phone_known=_phone_known(request)) is not Step.CHECK:
        return _onward(request, application)
    if request.method == "POST":
        form = FORMS[Step.CHECK](request.POST)
        version = form.cleaned_data["version"] if form.is_valid() else 0
        return _submit(request, application, version)
    context = {
        "form": FORMS[Step.CHECK](initial={"version": application.version}),
        "rows": _rows(request, answers),
        "place": place,
        "count": count,
        "previous_url": _journey(answers).page(_last_question(request, answers)),
    }
    return render(request, "cards/apply/check.html", context)


def _submit(request: HttpRequest, application: CardApplication, version: int) -> HttpResponse:
    try:
        applications.submit_application(
            application=application,
            version=version,
            phone_known=_phone_known(request),
            actor=accounts.actor_of(request),
        )
    except ConsentMissing:
        return _to_consent(_journey(application).page(Step.CHECK))
    except AnswersMissing as exc:
        return redirect(_journey(application).step, exc.step)
    return redirect("apply-wait", application.public_id)


@resident_required
@require_GET
def wait(request: HttpRequest, public_id: str) -> HttpResponse:
    """The check is under way; the page asks again and goes on by itself."""
    application = _own(request, public_id)
    if _is_settled(application):
        return redirect("apply-result", public_id)
    if application.state == ApplicationState.DRAFT:
        return redirect(_journey(application).start)
    context = {
        "title": _("正在核对您的信息"),
        "text": _("通常几秒钟就好，请不要关闭页面。"),
        "wait_url": reverse("apply-progress", args=[public_id]),
        "wait_live": "application.decided",
    }
    return render(request, "wait.html", context)


@resident_required
@require_GET
def progress(request: HttpRequest, public_id: str) -> JsonResponse:
    """Whether the wait is over, for the page that waits."""
    if _is_settled(_own(request, public_id)):
        return JsonResponse({"done": True, "url": reverse("apply-result", args=[public_id])})
    return JsonResponse({"done": False})


@resident_required
@require_GET
def result(request: HttpRequest, public_id: str) -> HttpResponse:
    """What became of the application, and what happens next."""
    application = _own(request, public_id)
    if not _is_settled(application):
        return redirect("apply-wait", public_id)
    context = {
        "application": application,
        "state": application.state,
        "reason": selectors.refusal_reason(application),
        "is_own": application.relation == selectors.SELF,
        "person_id": application.person.public_id if application.person else "",
    }
    return render(request, "cards/apply/result.html", context)


@resident_required
@require_POST
def withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the application back."""
    application = _own(request, public_id)
    applications.withdraw_application(application=application, actor=accounts.actor_of(request))
    return redirect(_journey(application).home)


def _channel(request: HttpRequest) -> Channel:
    return channel_of_browser(request.headers.get("User-Agent", ""))


def _own(request: HttpRequest, public_id: str) -> CardApplication:
    return applications.application_of(account_pk=accounts.account_of(request).pk, public_id=public_id)


def _journey(asked: CardApplication | Answers) -> Journey:
    return OWN if asked.relation == selectors.SELF else CHILD


def _open_application(request: HttpRequest, journey: Journey) -> CardApplication | None:
    account = accounts.account_of(request)
    found = selectors.latest_application(account.pk, relation=journey.relation)
    return None if found is None or found.state in DECIDED else found


def _is_settled(application: CardApplication) -> bool:
    return application.state in (*DECIDED, ApplicationState.IN_REVIEW)


def _onward(request: HttpRequest, application: CardApplication) -> HttpResponse:
    """To the first open question, or to where the application stands."""
    if application.state != ApplicationState.DRAFT:
        return redirect("apply-wait", application.public_id)
    after = next_open(selectors.answers_of(application), phone_known=_phone_known(request))
    return redirect(_journey(application).step, after)


def _to_consent(then: str) -> HttpResponse:
    return redirect(f"{reverse('consent')}?{urlencode({'next': then})}")


def _phone_known(request: HttpRequest) -> bool:
    return bool(accounts.phone_of(accounts.account_of(request)))


def _proof(answers: Answers) -> str:
    return str(ProofKind(answers.proof_kind).label) if answers.proof_kind else ""


def _last_question(request: HttpRequest, answers: Answers) -> Step:
    return list(questions(answers, phone_known=_phone_known(request)))[-2]


def _rows(request: HttpRequest, answers: Answers) -> list[dict[str, Any]]:
    """The answers as the last look lists them, each with the way back to its page."""
    shown = {
        Step.CERTIFICATE: (_("证件"), CERTIFICATE_TYPES[answers.id_type].name),
        Step.NUMBER: (_("证件号码"), answers.id_number),
        Step.NAME: (_("姓名"), answers.name),
        Step.BIRTH: (_("出生日期"), answers.birth_date),
        Step.GENDER: (_("性别"), SEX_WORDS.get(answers.gender, "")),
        Step.NATION: (_("民族"), NATIONS.get(answers.nation, "")),
        Step.PROOF: (_("监护证明"), _proof(answers)),
        Step.PROOF_NUMBER: (_("证明编号"), answers.proof_number),
        Step.PHONE: (_("联系电话"), mask_phone(answers.phone)),
    }
    journey = _journey(answers)
    asked = questions(answers, phone_known=_phone_known(request))
    return [
        {"label": label, "value": value, "href": f"{journey.page(step)}?then={Step.CHECK}"}
        for step, (label, value) in shown.items()
        if step in asked
    ]
