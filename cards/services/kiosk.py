"""Issuing a card at a self-service terminal, step by step.

Each step moves the session by compare-and-set; a step that was done already answers where the
session stands, so that a machine that lost an answer simply asks again.
"""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from cards.errors import (
    KioskCheckFailed,
    KioskSessionNotFound,
    KioskSessionOver,
    KioskStepRefused,
    TerminalDisabled,
    TerminalNotSelfService,
    TerminalUnknown,
)
from cards.models import KioskSession
from cards.selectors import require_open_channel
from cards.services.printing import Label, drawn, print_code
from cards.services.registration import check_for_registration, register_checked
from cards.states import OVER_STATES, Channel, KioskState
from foundation.audit import services as audit
from foundation.core import clock
from foundation.core.actor import Actor
from gmcrypto import subject_keys
from identity import services as identity
from identity.rules import Evidence
from institutions import selectors as institutions
from institutions.errors import TerminalBoundElsewhere
from institutions.rules import TerminalKind
from institutions.types import TerminalRef
from mpi.types import PersonIdentity

LIFE = timedelta(minutes=10)
MOST_FAILED_CHECKS = 3
PRINT_REASON = "自助机打印"


def start_session(*, terminal_id: str, actor: Actor, terminal_token: str = "") -> KioskSession:
    """Begin with whoever stands at the machine.

    Args:
        terminal_token: Proves the machine's own sign-in, where it has one; a session that it
            began goes on without.

    Raises:
        ChannelStopped: If the centre has stopped self-service issue.
        TerminalUnknown, TerminalDisabled, TerminalBoundElsewhere, TerminalNotSelfService,
            TerminalNotSignedIn: The machine may not issue.
    """
    require_open_channel(Channel.KIOSK)
    terminal = _require_machine(terminal_id, actor)
    if terminal.must_sign_in:
        institutions.require_session(terminal, terminal_token)
    return KioskSession.objects.create(
        institution=actor.institution,
        client=actor.id,
        terminal_id=terminal_id,
        expires_at=clock.now() + LIFE,
    )


def check_document(*, session_id: str, identity_given: PersonIdentity, request_id: str, actor: Actor) -> str:
    """Check what was read by the rules and by the population database; not in a transaction.

    Returns:
        Public id of the evidence.

    Raises:
        InvalidParticulars, RealNameMismatch, ChannelStopped: As ``check_for_registration``.
        KioskSessionNotFound, KioskSessionOver: As ``session_of``.
    """
    session_of(session_id=session_id, actor=actor)
    return check_for_registration(
        identity_given=identity_given,
        actor=actor,
        request_id=f"kiosk-{session_id}-{request_id}",
        channel=Channel.KIOSK,
    )


@transaction.atomic
def keep_document(
    *, session_id: str, identity_given: PersonIdentity, patient_id: str, check_id: str, actor: Actor
) -> KioskSession:
    """Keep the checked document for the next steps; until the person is checked, another may follow.

    Raises:
        KioskStepRefused: If the session has gone on with another document.
    """
    session = session_of(session_id=session_id, actor=actor)
    moved = KioskSession.objects.filter(
        pk=session.pk, state__in=(KioskState.STARTED, KioskState.READ)
    ).update(state=KioskState.READ, check_id=check_id, updated_at=clock.now())
    if moved:
        session.document = {**_stored(identity_given), "patient_id": patient_id}
        session.save(update_fields=["document"])
        return session_of(session_id=session_id, actor=actor)
    if session.document and _identity_of(session) == identity_given:
        return session
    raise KioskStepRefused


def keep_check(
    *, session_id: str, evidence: Evidence, passed: bool, reference: str, actor: Actor
) -> KioskSession:
    """Keep what the machine's own check of the face or the document said.

    A failed check is counted also where the caller runs this in a transaction: the error is
    raised after the count was written.

    Args:
        reference: The machine's own number of its record of the check.

    Raises:
        KioskCheckFailed: If it did not pass; the third failure ends the session.
        KioskStepRefused: If no document was read.
    """
    session = session_of(session_id=session_id, actor=actor)
    if session.state in (KioskState.CHECKED, KioskState.ISSUED):
        return session
    here = KioskSession.objects.filter(pk=session.pk, state=KioskState.READ)
    if not passed:
        counted = here.update(failed_checks=F("failed_checks") + 1, updated_at=clock.now())
        if not counted:
            raise KioskStepRefused
        if session.failed_checks + 1 >= MOST_FAILED_CHECKS:
            _end(session, KioskState.OVER)
            raise KioskSessionOver
        raise KioskCheckFailed
    if not here.update(
        state=KioskState.CHECKED, evidence=evidence.value, reference=reference, updated_at=clock.now()
    ):
        raise KioskStepRefused
    return session_of(session_id=session_id, actor=actor)


@transaction.atomic
def issue(*, session_id: str, actor: Actor) -> KioskSession:
    """Register the person and issue the card, or find the one that lives.

    Raises:
        KioskStepRefused: If document or person have not been checked.
        IdentityConflict, SourceRecordTaken: From the master index.
    """
    session = session_of(session_id=session_id, actor=actor)
    # The row is held from here: of two calls the second finds the card of the first.
    claimed = KioskSession.objects.filter(pk=session.pk, state=KioskState.CHECKED).update(
        updated_at=clock.now()
    )
    session.refresh_from_db()
    if session.state == KioskState.ISSUED:
        return session
    if not claimed:
        raise KioskStepRefused
    registered = register_checked(
        identity_given=_identity_of(session),
        check_id=session.check_id,
        institution_pk=institutions.visible(actor).values_list("pk", flat=True).get(),
        actor=actor,
        patient_id=session.document["patient_id"],
        channel=Channel.KIOSK,
    )
    identity.keep_evidence(
        request_id=session.public_id,
        subject=audit.subject_of(registered.card),
        person_pk=registered.card.person_id,
        evidence=Evidence(session.evidence),
        reference=session.reference,
        actor=actor,
    )
    KioskSession.objects.filter(pk=session.pk, state=KioskState.CHECKED).update(
        state=KioskState.ISSUED,
        card=registered.card,
        is_new_card=registered.created,
        updated_at=clock.now(),
    )
    return session_of(session_id=session_id, actor=actor)


@transaction.atomic
def print_label(*, session_id: str, actor: Actor) -> Label:
    """What the machine prints; however often it asks, it is one print.

    Raises:
        KioskStepRefused: If no card was issued in the session.
        CardFrozen, CardLost, StaticSwitchedOff: The card is not printed.
    """
    session = session_of(session_id=session_id, actor=actor)
    if session.state != KioskState.ISSUED or session.card is None:
        raise KioskStepRefused
    made = print_code(
        card=session.card,
        channel=Channel.KIOSK,
        request_id=session.public_id,
        reason=PRINT_REASON,
        actor=actor,
    )
    return drawn(made=made)


@transaction.atomic
def finish(*, session_id: str, actor: Actor) -> KioskSession:
    """The person has left; what was read is destroyed. Ending twice is no mistake."""
    session = _find(session_id, actor)
    if session.state not in OVER_STATES:
        _end(session, KioskState.DONE)
        session.refresh_from_db()
    return session


def session_of(*, session_id: str, actor: Actor) -> KioskSession:
    """An open session of the application, at a machine that may still issue.

    Raises:
        KioskSessionNotFound: Also for the session of somebody else.
        KioskSessionOver: If it has ended or run out.
        TerminalDisabled, TerminalBoundElsewhere: If the machine was taken away meanwhile.
    """
    session = _find(session_id, actor)
    if session.state in OVER_STATES or session.expires_at <= clock.now():
        raise KioskSessionOver
    _require_machine(session.terminal_id, actor)
    return session


def end_abandoned() -> int:
    """End the sessions that ran out, and destroy what was read in them."""
    left = KioskSession.objects.filter(expires_at__lte=clock.now()).exclude(state__in=OVER_STATES)
    count = 0
    for session in left.defer("document")[:500]:
        with transaction.atomic():
            _end(session, KioskState.OVER)
        count += 1
    return count


def _find(session_id: str, actor: Actor) -> KioskSession:
    session = (
        KioskSession.objects.select_related("card")
        .filter(public_id=session_id, institution=actor.institution, client=actor.id)
        .first()
    )
    if session is None:
        raise KioskSessionNotFound
    return session


def _end(session: KioskSession, state: KioskState) -> None:
    ended = (
        KioskSession.objects.filter(pk=session.pk)
        .exclude(state__in=OVER_STATES)
        .update(state=state, document=None, updated_at=clock.now())
    )
    if ended:
        subject_keys.destroy_subject_key(session.public_id)


def _require_machine(terminal_id: str, actor: Actor) -> TerminalRef:
    terminal = institutions.terminal_of(actor.institution, terminal_id)
    if terminal is None:
        raise TerminalUnknown(field="terminal_id")
    if not terminal.is_active:
        raise TerminalDisabled(field="terminal_id")
    if terminal.client and terminal.client != actor.id:
        raise TerminalBoundElsewhere(field="terminal_id")
    if terminal.kind != TerminalKind.SELF_SERVICE:
        raise TerminalNotSelfService(field="terminal_id")
    return terminal


def _stored(identity_given: PersonIdentity) -> dict[str, Any]:
    born = identity_given.birth_date
    return {**asdict(identity_given), "birth_date": born.isoformat() if born else None}


def _identity_of(session: KioskSession) -> PersonIdentity:
    values = {name: value for name, value in session.document.items() if name != "patient_id"}
    born = values["birth_date"]
    return PersonIdentity(**{**values, "birth_date": date.fromisoformat(born) if born else None})
