"""Asking a hospital to post what was paid for its bill, and what it knows of it (自费结算入账).

The hospital is asked to post once, under a key of its own. What it did not answer it may have done:
from then on it is first asked what it knows. Once its time is over it is asked that one last time,
and never to post again.
"""

from typing import Any

import structlog

from foundation.core.actor import Actor, ActorKind
from interop.his import client, selectors
from interop.his.client import HospitalFailure, Posting, PostingState
from interop.his.models import HospitalSystem, Offer
from payments.rules import LegKind
from payments.services import posting
from payments.services.posting import Asked

log = structlog.get_logger(__name__)


def work(*, write_back: str) -> None:
    """Ask about one payment, and record what is said; in no transaction."""
    asked = posting.asked_about(write_back=write_back)
    if asked is None:
        return
    system = selectors.system_of(asked.institution, Offer.PAYMENTS)
    if asked.is_told_back:
        _take_back(asked, system)
    elif system is None:
        _without_system(asked)
    else:
        _ask(asked, system)


def _ask(asked: Asked, system: HospitalSystem) -> None:
    try:
        said = _said(asked, system)
    except HospitalFailure as exc:
        log.info("posting_not_answered", write_back=asked.write_back, code=exc.code)
        _unanswered(asked, exc.code)
        return
    actor = _hospital(asked)
    if said.state is PostingState.POSTED:
        posting.confirm_posting(
            bill=asked.bill_id, receipt=said.receipt, amount_fen=asked.amount_fen, actor=actor
        )
    elif said.state is PostingState.REFUSED:
        posting.refuse_posting(bill=asked.bill_id, refusal=said.refusal, actor=actor)
    else:
        _unanswered(asked, said.state.value)


def _said(asked: Asked, system: HospitalSystem) -> Posting:
    if asked.asked or asked.is_over:
        said = client.posting_of(system, payment_id=asked.payment_id)
        if said.state is not PostingState.UNKNOWN or asked.is_over:
            return said
    return client.post_payment(system, _told(asked), key=asked.write_back)


def _take_back(asked: Asked, system: HospitalSystem | None) -> None:
    """The money went back: a posting that nobody heard of is found and taken back now."""
    if system is None:
        posting.stop_telling(write_back=asked.write_back)
        return
    try:
        said = client.take_back_payment(system, _told(asked), key=f"{asked.write_back}-returned")
    except HospitalFailure as exc:
        posting.ask_again(write_back=asked.write_back, failure=exc.code)
        return
    if said.state is PostingState.POSTED:
        posting.confirm_posting(
            bill=asked.bill_id, receipt=said.receipt, amount_fen=asked.amount_fen, actor=_hospital(asked)
        )
    elif said.state is PostingState.PENDING:
        posting.ask_again(write_back=asked.write_back, failure=said.state.value)
    else:
        posting.stop_telling(write_back=asked.write_back)


def _without_system(asked: Asked) -> None:
    if asked.is_over:
        posting.end_waiting(write_back=asked.write_back, failure="no_answer")
    else:
        posting.remind(write_back=asked.write_back)


def _unanswered(asked: Asked, failure: str) -> None:
    if asked.is_over:
        posting.end_waiting(write_back=asked.write_back, failure=failure)
    else:
        posting.ask_again(write_back=asked.write_back, failure=failure)


def _told(asked: Asked) -> dict[str, Any]:
    return {
        "payment_id": asked.payment_id,
        "bill_id": asked.bill_id,
        "bill_no": asked.bill_no,
        "amount_fen": asked.amount_fen,
        "reduction_fen": sum(part.amount_fen for part in asked.parts if part.kind == LegKind.REDUCTION),
        "paid_at": asked.paid_at.isoformat(),
        "parts": [
            {
                "kind": part.kind,
                "provider": part.provider,
                "amount_fen": part.amount_fen,
                "channel_ref": part.channel_ref,
            }
            for part in asked.parts
        ],
    }


def _hospital(asked: Asked) -> Actor:
    return Actor(kind=ActorKind.SYSTEM, id="hospital", institution=asked.institution)
