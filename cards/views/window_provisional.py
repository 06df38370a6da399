"""The window for people without a certificate of their own.

Newborns get a card on their mother's, patients without papers a temporary one; both come again
when they have a certificate.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cards.errors import CardNotFound, HasCertificate
from cards.models import Card
from cards.selectors import require_open_channel
from cards.services import window
from cards.services import window_provisional as provisional
from cards.services.newborn import Newborn, register_newborn
from cards.services.temporary import register_temporary
from cards.states import Channel
from cards.views.window import CHILDREN, remember, shown_card
from cards.window_forms import DocumentForm, FocusedForm
from cards.window_provisional_forms import LabelForm, MotherForm, NewbornForm, TemporaryForm
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.errors import DomainError, TooManyRequests
from foundation.core.text import mask_name
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty

# The cards of the mothers whom this session has read.
MOTHERS = "window_mothers"
MOST = 50
_OF_CODE = {"code": "id_number", "health_card_id": "id_number"}


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_http_methods(["GET", "POST"])
def mother(request: HttpRequest) -> HttpResponse:
    """Whose child it is: the mother's code is scanned, or her document read."""
    actor = institutions.staff_actor(request)
    require_open_channel(Channel.WINDOW)
    form = MotherForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            found = _mother(request, form, actor)
        except TooManyRequests:
            raise
        except DomainError as exc:
            form.again(f"{exc.text()}。{exc.advice()}", _OF_CODE.get(exc.field, exc.field))
        else:
            request.session[MOTHERS] = [*request.session.get(MOTHERS, []), found.public_id][-MOST:]
            return redirect("window-newborn", found.public_id)
    form.focus()
    return render(request, "cards/window/mother.html", {"form": form}, status=422 if form.errors else 200)


def _mother(request: HttpRequest, form: MotherForm, actor: Actor) -> Card:
    if form.code:
        return provisional.card_by_code(text=form.code, actor=actor)
    issued = window.issue_at_window(
        identity_given=form.identity(),
        institution_pk=_institution_pk(actor),
        request_id=form.cleaned_data["ticket"],
        actor=actor,
    )
    remember(request, issued.card.public_id, created=issued.created)
    return issued.card


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_http_methods(["GET", "POST"])
def newborn(request: HttpRequest, public_id: str) -> HttpResponse:
    """The child's particulars; then its card, and perhaps the next child of the same birth.

    Raises:
        CardNotFound: If the mother was not read in this session.
    """
    actor = institutions.staff_actor(request)
    if public_id not in request.session.get(MOTHERS, []):
        raise CardNotFound
    card = window.card_at_window(public_id=public_id, actor=actor)
    form = NewbornForm(request.POST if request.method == "POST" else None)
    done = None
    if form.is_valid():
        try:
            done = _register(request, form, card, actor)
        except DomainError as exc:
            _say(form, exc, {"birth_certificate": "certificate", "id_number": "certificate"})
        else:
            if request.POST.get("do") != "next":
                return redirect("window-card", done.card.public_id)
            form = form.for_the_next()
    elif not form.is_bound:
        audit.record(Action.CARD_READ, actor=actor, subject=card, details={"channel": Channel.WINDOW.value})
    form.focus()
    context = {
        "form": form,
        "mother": mask_name(card.face["name"]),
        "done": done.card if done else None,
        "done_name": done.card.face["name"] if done else "",
    }
    return render(request, "cards/window/newborn.html", context, status=422 if form.errors else 200)


def _register(request: HttpRequest, form: NewbornForm, card: Card, actor: Actor) -> Newborn:
    made = register_newborn(
        mother_pk=card.person_id,
        birth=form.birth(),
        institution_pk=_institution_pk(actor),
        channel=Channel.WINDOW,
        actor=actor,
    )
    remember(request, made.card.public_id, created=made.created)
    children = {**request.session.get(CHILDREN, {}), made.card.public_id: card.public_id}
    request.session[CHILDREN] = dict(list(children.items())[-MOST:])
    if made.is_held:
        messages.success(request, _("母亲的手机上已经可以出示孩子的健康卡"))
    return made


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_http_methods(["GET", "POST"])
def temporary(request: HttpRequest) -> HttpResponse:
    """A patient without papers; the same patient again is found by the institution's number."""
    actor = institutions.staff_actor(request)
    require_open_channel(Channel.WINDOW)
    form = TemporaryForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = register_temporary(
                patient_id=form.cleaned_data["patient_id"],
                name=form.cleaned_data["name"],
                sex=form.cleaned_data["sex"],
                institution_pk=_institution_pk(actor),
                channel=Channel.WINDOW,
                actor=actor,
            )
        except DomainError as exc:
            _say(form, exc, {"local_id": "patient_id", "gender": "sex"})
        else:
            remember(request, made.card.public_id, created=made.created)
            return redirect("window-card", made.card.public_id)
    form.focus()
    return render(request, "cards/window/temporary.html", {"form": form}, status=422 if form.errors else 200)


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_http_methods(["GET", "POST"])
def by_label(request: HttpRequest) -> HttpResponse:
    """Scan the label of somebody who has a certificate by now."""
    actor = institutions.staff_actor(request)
    form = LabelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            card = provisional.card_by_code(text=form.cleaned_data["code"], actor=actor)
            if not provisional.lacks_certificate(card=card):
                raise HasCertificate(field="code")
        except DomainError as exc:
            _say(form, exc, {"health_card_id": "code"})
        else:
            remember(request, card.public_id, created=False)
            return redirect("window-name", card.public_id)
    form.focus()
    return render(request, "cards/window/by_label.html", {"form": form}, status=422 if form.errors else 200)


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_http_methods(["GET", "POST"])
def name(request: HttpRequest, public_id: str) -> HttpResponse:
    """Read the certificate that the person has now: the same person, the same card.

    Raises:
        CardNotFound: If the card was not read in this session.
    """
    card = shown_card(request, public_id)
    form = DocumentForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            provisional.name_at_window(
                card=card,
                identity_given=form.identity(),
                request_id=form.cleaned_data["ticket"],
                actor=institutions.staff_actor(request),
            )
        except TooManyRequests:
            raise
        except DomainError as exc:
            form.again(f"{exc.text()}。{exc.advice()}", exc.field)
        else:
            messages.success(request, _("证件已登记，还是同一张卡；以前的标签仍能识别"))
            return redirect("window-card", card.public_id)
    form.focus()
    context = {"form": form, "card": card, "name": card.face["name"], "born": card.face["birthday"]}
    return render(request, "cards/window/name.html", context, status=422 if form.errors else 200)


def _institution_pk(actor: Actor) -> int:
    return institutions.visible(actor).values_list("pk", flat=True).get()


def _say(form: FocusedForm, exc: DomainError, fields: dict[str, str]) -> None:
    shown = fields.get(exc.field, exc.field)
    form.add_error(shown if shown in form.fields else None, f"{exc.text()}。{exc.advice()}")
