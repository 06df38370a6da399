"""One of our cards, used in another centre's institution: that centre asks us to verify it."""

from django.conf import settings

from cards.models.crossing import Crossing, CrossUse
from cards.providers.base import Use
from cards.verification import crossing
from cards.verification.claim import Details
from cards.verification.verified import Verified
from cards.verification.verify import verify
from foundation.core import clock
from foundation.core.errors import DomainError
from foundation.gateway.caller import Caller

OPERATION = "cross_domain"


def verify_visitor(*, text: str, caller: Caller, request_id: str, use: Use) -> Verified:
    """Verify and consume a code of ours by our own rules, and record who used it where.

    Args:
        caller: The asking centre. It stands for client and institution in the record of use;
            the names are kept beside it.
        request_id: The asking centre's; the same again gets the stored answer.

    Raises:
        DomainError: As ``cards.verification.verify``; also ``CodeForeign``, where the code is not
            ours: a centre never passes a question on that was routed to it.
    """
    details = Details(
        scene=use.scene,
        request_id=request_id,
        operation=OPERATION,
        department=use.department,
        channel=use.channel,
        card_type=use.card_type,
        cost_type=use.cost_type,
        use_city=use.use_city,
        branch=use.branch,
    )
    details.check()
    row = _asked(text, caller, details, use)
    try:
        verified = verify(
            text=text,
            caller=caller,
            scene=use.scene,
            request_id=request_id,
            terminal_id="",
            operation=OPERATION,
            department=use.department,
            channel=use.channel,
            card_type=use.card_type,
            cost_type=use.cost_type,
            use_city=use.use_city,
            branch=use.branch,
        )
    except DomainError as exc:
        crossing.settle(row, outcome=exc.code, answered_by=settings.EHCAPPID)
        raise
    crossing.settle(
        row,
        outcome=crossing.VERIFIED,
        answered_by=settings.EHCAPPID,
        reference=verified.usage_id,
        code_kind=verified.code_kind.value,
    )
    return verified


def places_of(requests: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Names of the institutions elsewhere, by asking centre and request id, in one query."""
    if not requests:
        return {}
    rows = CrossUse.objects.filter(
        crossing=Crossing.OURS_ELSEWHERE, request_id__in={request_id for _, request_id in requests}
    ).values_list("asked_by", "request_id", "institution_name", "using_centre_name")
    return {
        (asked_by, request_id): " ".join(part for part in (centre, place) if part)
        for asked_by, request_id, place, centre in rows
        if (asked_by, request_id) in requests
    }


def _asked(text: str, caller: Caller, details: Details, use: Use) -> CrossUse:
    row = CrossUse(
        crossing=Crossing.OURS_ELSEWHERE,
        request_id=details.request_id,
        body_digest=details.digest(text),
        using_centre=use.centre,
        using_centre_name=use.centre_name,
        issuing_centre=settings.EHCAPPID,
        asked_by=caller.public_id,
        institution=use.institution,
        institution_name=use.institution_name,
        scene=use.scene,
        terminal=use.terminal,
        department=use.department,
        channel=use.channel,
        asked_at=clock.now(),
    )
    return crossing.keep_asked(row)
