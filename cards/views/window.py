"""The window: a document is read, a card issued, its static code printed.

Made for a keyboard and a scanner: the focus stands in the first field, Enter goes on, and
nothing lies over the page.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cards.errors import CardNotFound
from cards.models import Card
from cards.rules.life import REFUSALS
from cards.selectors import require_open_channel
from cards.services import printing, window
from cards.services.window_provisional import lacks_certificate
from cards.states import Channel
from cards.window_forms import DocumentForm, PrintForm
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.errors import DomainError, TooManyRequests
from foundation.core.text import mask_name, mask_number
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty

# The cards that this session has been shown a document for; others are not opened by address.
SHOWN = "window_cards"
# The cards of newborns that this session issued, each with the card of the mother.
CHILDREN = "window_children"
MOST_SHOWN = 50
SIZES = ("label", "a6")


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_http_methods(["GET", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """Read the document; with a right one, on to the card."""
    actor = institutions.staff_actor(request)
    require_open_channel(Channel.WINDOW)
    form = DocumentForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            issued = window.issue_at_window(
                identity_given=form.identity(),
                institution_pk=institutions.visible(actor).values_list("pk", flat=True).get(),
                request_id=form.cleaned_data["ticket"],
                actor=actor,
            )
        except TooManyRequests:
            raise
        except DomainError as exc:
            form.again(f"{exc.text()}。{exc.advice()}", exc.field)
        else:
            remember(request, issued.card.public_id, created=issued.created)
            return redirect("window-card", issued.card.public_id)
    form.focus()
    return render(request, "cards/window/desk.html", {"form": form}, status=422 if form.errors else 200)


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_GET
def card(request: HttpRequest, public_id: str) -> HttpResponse:
    """The card that was issued or found, and the way to print its code."""
    return _card(request, shown_card(request, public_id), PrintForm())


@duty_required(Duty.WORK_AT_WINDOW)
@require_POST
def print_code(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note the print, and go on to the label."""
    found = shown_card(request, public_id)
    form = PrintForm(request.POST)
    if not form.is_valid():
        return _card(request, found, form)
    try:
        made = printing.print_code(
            card=found,
            channel=Channel.WINDOW,
            request_id=form.cleaned_data["ticket"],
            reason=form.words(),
            actor=institutions.staff_actor(request),
        )
    except DomainError as exc:
        form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
        return _card(request, found, form)
    return redirect("window-label", made.public_id)


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_GET
def label(request: HttpRequest, public_id: str) -> HttpResponse:
    """The label, in the size of a roll or of an A6 sheet."""
    institution = institutions.staff_actor(request).institution
    size = request.GET.get("size", "")
    context = {
        "label": printing.label_of(institution=institution, print_id=public_id),
        "size": size if size in SIZES else SIZES[0],
        "place": institutions.names([institution]).get(institution, ""),
    }
    return render(request, "cards/window/label.html", context)


def _card(request: HttpRequest, found: Card, form: PrintForm) -> HttpResponse:
    audit.record(
        Action.CARD_READ,
        actor=institutions.staff_actor(request),
        subject=found,
        details={"channel": Channel.WINDOW.value},
    )
    try:
        printing.require_printable(card=found)
        refusal = None
    except DomainError as exc:
        refusal = exc
    form.focus()
    is_nameless = lacks_certificate(card=found)
    context = {
        "card": found,
        # Newborns and patients without papers are told apart by nothing else.
        "holder": found.face["name"] if is_nameless else mask_name(found.face["name"]),
        "number": mask_number(found.face["id_number"]),
        "created": request.session.get(SHOWN, {}).get(found.public_id, False),
        "lacks_certificate": is_nameless,
        "siblings": _siblings(request, found),
        "mother_id": request.session.get(CHILDREN, {}).get(found.public_id, ""),
        "refusal": refusal,
        "is_stopped": found.state in REFUSALS,
        "copies": printing.times_printed(card_pk=found.pk),
        "form": form,
    }
    return render(request, "cards/window/card.html", context, status=422 if form.errors else 200)


def _siblings(request: HttpRequest, found: Card) -> list[tuple[str, str]]:
    """The other children of the same mother that this session gave cards to, with their names."""
    children = request.session.get(CHILDREN, {})
    mother = children.get(found.public_id)
    others = [child for child, hers in children.items() if hers == mother and child != found.public_id]
    cards = Card.objects.filter(public_id__in=others) if mother else Card.objects.none()
    return [(card.public_id, card.face["name"]) for card in cards.order_by("pk")]


def shown_card(request: HttpRequest, public_id: str) -> Card:
    """A card that this session has been shown a document for.

    Raises:
        CardNotFound: For every other card.
    """
    if public_id not in request.session.get(SHOWN, {}):
        raise CardNotFound
    return window.card_at_window(public_id=public_id, actor=institutions.staff_actor(request))


def remember(request: HttpRequest, public_id: str, *, created: bool) -> None:
    """Keep in the session that the clerk has this card before them."""
    shown = {key: value for key, value in request.session.get(SHOWN, {}).items() if key != public_id}
    shown[public_id] = created
    request.session[SHOWN] = dict(list(shown.items())[-MOST_SHOWN:])
