"""Printing static codes: what stands on the label, and that it was printed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from cards.centre import rules_in_force
from cards.codes import image
from cards.codes.page import showable_number
from cards.errors import LabelGone, ReprintReasonNeeded, StaticSwitchedOff
from cards.models import Card, CardNumber, CodePrint
from cards.states import CardState, NumberState
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.text import mask_name
from institutions.rules import Duty
from institutions.services import require_of_staff

LABEL_LIFE = timedelta(minutes=10)
ENDING = 4


@dataclass(frozen=True, slots=True)
class Label:
    """What is printed: the code, and just enough to hand it to the right person.

    Attributes:
        ending: Last characters of the certificate's number.
        copies: How often the card's code was printed, this one included.
    """

    print_id: str
    text: str
    svg: str
    sheet_svg: str
    name: str
    ending: str
    copies: int
    at: datetime


def require_printable(*, card: Card) -> CardNumber:
    """The number whose static code may be printed now.

    Raises:
        CardFrozen, CardLost, CardCancelled: The card's codes are refused.
        StaticSwitchedOff: The holder or the centre does not allow static codes.
    """
    number = showable_number(card)
    if not (card.static_enabled and rules_in_force().static_allowed):
        raise StaticSwitchedOff
    return number


def times_printed(*, card_pk: int) -> int:
    """How often the card's static code was printed."""
    return CodePrint.objects.filter(card=card_pk).count()


@transaction.atomic
def print_code(*, card: Card, channel: str, request_id: str, reason: str = "", actor: Actor) -> CodePrint:
    """Note that the card's static code is printed now; the same request again is the same print.

    Args:
        reason: Why again; the first print needs none.

    Raises:
        CardFrozen, CardLost, CardCancelled, StaticSwitchedOff: As ``require_printable``.
        ReprintReasonNeeded: If the code was printed before and no reason is given.
    """
    require_of_staff(actor, Duty.WORK_AT_WINDOW)
    number = require_printable(card=card)
    earlier = CodePrint.objects.filter(institution=actor.institution, request_id=request_id).first()
    if earlier is not None:
        return earlier
    before = times_printed(card_pk=card.pk)
    if before and not reason.strip():
        raise ReprintReasonNeeded(field="reason")
    try:
        with transaction.atomic():
            made = CodePrint.objects.create(
                card=card,
                number=number,
                institution=actor.institution,
                channel=channel,
                request_id=request_id,
                reason=reason.strip(),
                printed_by=actor.id,
                at=clock.now(),
            )
    except IntegrityError:
        return CodePrint.objects.get(institution=actor.institution, request_id=request_id)
    audit.record(
        Action.CODE_PRINTED,
        actor=actor,
        subject=card,
        reason=reason.strip(),
        details={"channel": channel, "code_kind": "static", "count": before + 1},
    )
    return made


def label_of(*, institution: str, print_id: str) -> Label:
    """The label of a print of this institution, for as long as it may be sent to the printer.

    Raises:
        LabelGone: If there is none, it is too old, or the card or its number has changed.
    """
    made = (
        CodePrint.objects.select_related("card", "number")
        .filter(institution=institution, public_id=print_id, at__gte=clock.now() - LABEL_LIFE)
        .first()
    )
    if made is None or made.card.state != CardState.ACTIVE or made.number.state != NumberState.CURRENT:
        raise LabelGone
    return drawn(made=made)


def drawn(*, made: CodePrint) -> Label:
    """A print as it goes on paper."""
    text = made.number.fixed_text
    face = made.card.face
    return Label(
        print_id=made.public_id,
        text=text,
        svg=image.printed_svg(text),
        sheet_svg=image.decorated_svg(text),
        name=mask_name(face["name"]),
        ending=face["id_number"][-ENDING:],
        copies=CodePrint.objects.filter(card=made.card_id, pk__lte=made.pk).count(),
        at=made.at,
    )
