"""Completing the unnamed at the counter (GA 7.3): the document is there, and somebody has seen it."""

from dataclasses import replace

from django.db import transaction

from cards.batch.states import RowState
from cards.batch.verdicts import issued_verdict, write
from cards.errors import BatchRowTaken, RealNameMismatch
from cards.models import Batch, BatchRow
from cards.selectors import require_open_channel
from cards.services.bulk import Applicant, IssuedOne, issue_cards
from cards.services.registration import check_particulars
from cards.states import Channel
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.ids import new_public_id
from foundation.core.text import normalise_name
from identity import services as identity
from identity.types import CheckOutcome
from institutions.rules import Duty
from institutions.services import require
from mpi.rules import canonical_number
from mpi.types import PersonIdentity


def complete_row(*, row: BatchRow, identity_given: PersonIdentity, actor: Actor, reason: str) -> IssuedOne:
    """Issue the card of somebody on the work list, with what their document says.

    Not to be called in a transaction. The name is checked within the time that a window waits; a
    check without an answer does not hold up somebody whose document is on the table.

    Raises:
        ChannelStopped: If the centre has stopped issuing at windows.
        InvalidParticulars: One subclass for each kind of fault.
        RealNameMismatch: If the population database knows the number by another name.
        BatchRowTaken: If the line is not on the work list any more.
        IdentityConflict, SourceRecordTaken: As in a single registration; the line stays.
    """
    require(actor, Duty.COMPLETE_UNNAMED)
    require_open_channel(Channel.WINDOW)
    check_particulars(identity_given)
    check = identity.check_real_name(
        request_id=new_public_id(),
        subject=audit.subject_of(row),
        id_type=identity_given.id_type,
        id_number=canonical_number(identity_given.id_type, identity_given.id_number),
        name=normalise_name(identity_given.name),
        actor=actor,
        deadline=identity.SYNCHRONOUS_SECONDS,
    )
    if check.outcome is CheckOutcome.MISMATCH:
        raise RealNameMismatch(field="name")
    return _issue(row, identity_given, check.check_id, actor, reason=reason)


@transaction.atomic
def _issue(
    row: BatchRow, identity_given: PersonIdentity, check_id: str, actor: Actor, *, reason: str
) -> IssuedOne:
    batch = Batch.objects.select_related("institution").get(pk=row.batch_id)
    locked = (
        BatchRow.objects.select_for_update()
        .filter(pk=row.pk, state=RowState.UNNAMED, content__isnull=False)
        .first()
    )
    if locked is None:
        raise BatchRowTaken
    patient_id = locked.given.get("patient_id", "")
    (issued,) = issue_cards(
        applicants=[Applicant(identity_given, check_id=check_id, patient_id=patient_id)],
        channel=Channel.WINDOW,
        # Whoever works for the centre acts here for the institution whose patient it is.
        actor=replace(actor, institution=batch.institution.public_id if batch.institution else ""),
        institution_pk=batch.institution_id,
    )
    if issued.error is not None:
        raise issued.error
    verdict = issued_verdict(locked, issued, check_id, Channel.WINDOW)
    write(verdicts=[verdict], before=RowState.UNNAMED)
    audit.record(
        Action.BATCH_ROW_COMPLETED,
        actor=actor,
        subject=locked,
        reason=reason,
        details={"after": verdict.state.value},
    )
    return issued
