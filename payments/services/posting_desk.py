"""What staff decide about postings that hospitals did not confirm, and how long is waited for them."""

from datetime import timedelta

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require
from payments.errors import PostingDecided
from payments.models import PostingRule, WriteBack, WriteBackState
from payments.models.posting import UNDECIDED, Cause
from payments.services.bills import note_receipt
from payments.services.posting import give_back, move, record, rule_of


@transaction.atomic
def return_by_staff(*, write_back: str, reason: str, actor: Actor) -> None:
    """Give the money back although the hospital has not refused.

    Raises:
        PostingDecided: It is decided.
    """
    require(actor, Duty.REFUND)
    row = _found(write_back, actor)
    if not give_back(known=row, bill=row.bill, cause=Cause.STAFF, states=UNDECIDED, actor=actor):
        raise PostingDecided
    record(action=Action.BILL_RETURNED, bill=row.bill, actor=actor, reason=reason, outcome=Cause.STAFF.value)


@transaction.atomic
def confirm_by_staff(*, write_back: str, receipt: str, reason: str, actor: Actor) -> None:
    """Say for the hospital that it has posted, as staff have seen in its system.

    Raises:
        PostingDecided: It is decided.
    """
    require(actor, Duty.REFUND)
    row = _found(write_back, actor)
    if not move(row=row, before=UNDECIDED, after=WriteBackState.POSTED, receipt=receipt):
        raise PostingDecided
    record(action=Action.BILL_POSTED, bill=row.bill, actor=actor, reason=reason)
    note_receipt(bill=row.bill.public_id, receipt=receipt, actor=actor)


@transaction.atomic
def ask_anew(*, write_back: str, reason: str, actor: Actor) -> None:
    """Have the hospital asked at once, and again for as long as at first.

    Raises:
        PostingDecided: It is decided.
    """
    require(actor, Duty.REFUND)
    row = _found(write_back, actor)
    minutes, _returns = rule_of(institution_pk=row.bill.institution_id)
    moment = clock.now()
    if not move(
        row=row,
        before=UNDECIDED,
        after=WriteBackState.WAITING,
        asked=0,
        next_ask_at=moment,
        give_up_at=moment + timedelta(minutes=minutes),
    ):
        raise PostingDecided
    record(action=Action.POSTING_ASKED_AGAIN, bill=row.bill, actor=actor, reason=reason)


@transaction.atomic
def clear_difference(*, write_back: str, reason: str, actor: Actor) -> None:
    """Say that a posting that came too late was taken back at the hospital.

    Raises:
        PostingDecided: There is no difference open.
    """
    require(actor, Duty.REFUND)
    row = _found(write_back, actor)
    if not move(row=row, before=(WriteBackState.DIFFERENT,), after=WriteBackState.CLEARED):
        raise PostingDecided
    record(action=Action.BILL_POSTING_CLEARED, bill=row.bill, actor=actor, reason=reason)


@transaction.atomic
def set_posting_rule(
    *, institution: str, limit_minutes: int, returns: bool, reason: str, actor: Actor
) -> str:
    """Say how long an institution is waited for, and whether the money then goes back by itself.

    What is waited for already keeps its time.

    Returns:
        The public id of the rule.

    Raises:
        NotFound: The institution is none of the actor's.
    """
    require(actor, Duty.MANAGE_CHANNELS)
    place = institutions.visible(actor).filter(public_id=institution).first()
    if place is None:
        raise NotFound
    before = PostingRule.objects.filter(institution=place).first()
    row, _is_new = PostingRule.objects.update_or_create(
        institution=place, defaults={"limit_minutes": limit_minutes, "returns": returns}
    )
    audit.record(
        Action.POSTING_RULE_CHANGED,
        actor=actor,
        subject=row,
        institution=institution,
        reason=reason,
        details={
            "before": f"{before.limit_minutes}:{before.returns}" if before else "",
            "after": f"{limit_minutes}:{returns}",
        },
    )
    return row.public_id


def _found(write_back: str, actor: Actor) -> WriteBack:
    rows = WriteBack.objects.select_related("bill__institution")
    row = institutions.scope(rows, actor, path="bill__institution__public_id").filter(public_id=write_back)
    found = row.first()
    if found is None:
        raise NotFound
    return found
