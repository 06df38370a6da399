"""A doctor asks, the resident looks at what would open, and agrees, refuses or takes it back (OP-07)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

import gmcrypto
from cards.services.desk_scan import scan_at_desk
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import InvalidInput
from foundation.core.ids import new_public_id
from foundation.events import services as events
from gmcrypto.index import blind_index
from gmcrypto.statements import sign_statement
from identity import selectors as identity
from identity.rules import Deed, require_guardians_deed
from identity.rules import require as require_level
from identity.types import Acting, Relation
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.selectors import clinics
from institutions.services import require
from mpi import selectors as mpi
from mpi import services as persons
from records.errors import (
    AccessChanged,
    AccessOver,
    AccessTaken,
    AccessUnknown,
    NothingToOpen,
)
from records.events import AccessAsked, AccessGranted, AccessRevoked
from records.models import AccessGrant, AccessRequest
from records.places import place_of
from records.rules import CODE_LIVES, DURATIONS, QUESTION_LIVES, Purpose, RecordKind, RequestState
from records.selectors.access import Scope, preview, records_of

FORM = "ehc.access.1"
SCENE = "010102"
ASKED_PER_DAY = 20
_DAY = 86_400
_SUBJECT_DOMAIN = "access-subject"


@dataclass(frozen=True, slots=True)
class Shown:
    """A request with the text of the code that the doctor shows."""

    request_id: str
    text: str = field(repr=False)
    expires_at: datetime


@transaction.atomic
def ask_with_code(*, purpose: str, kinds: Sequence[str], actor: Actor) -> Shown:
    """Begin a request whose code the patient scans.

    Args:
        kinds: Values of ``RecordKind``; the patient may open less.

    Raises:
        PermissionRefused: The actor reads no records.
        InvalidInput: A value does not fit.
    """
    require(actor, Duty.READ_RECORDS)
    token = new_public_id()
    row = _ask(
        purpose, kinds, actor, reader_name(actor=actor), expires_at=clock.now() + CODE_LIVES, token=token
    )
    return Shown(row.public_id, f"{settings.BASE_URL}/open/access/{token}/", row.expires_at)


def ask_by_scan(*, text: str, purpose: str, kinds: Sequence[str], ticket: str, actor: Actor) -> str:
    """Ask the patient whose own dynamic code the doctor scanned; the phone is told.

    Args:
        ticket: One for each form that was shown.

    Returns:
        Public id of the request.

    Raises:
        PermissionRefused, InvalidInput: As ``ask_with_code``.
        TooManyRequests: This doctor asked this patient too often today.
        CodeMalformed, CodeUsed and the other refusals of ``cards.verification.verify``.
    """
    require(actor, Duty.READ_RECORDS)
    _check(purpose, kinds)
    person, _needs_document = scan_at_desk(text=text, scene=SCENE, request_id=ticket, actor=actor)
    return ask_person(
        person_pk=person.person_pk, purpose=purpose, kinds=kinds, name=reader_name(actor=actor), actor=actor
    )


@transaction.atomic
def ask_person(*, person_pk: int, purpose: str, kinds: Sequence[str], name: str, actor: Actor) -> str:
    """Ask a person whom the caller has found at the institution; the phone is told.

    Args:
        name: The doctor's, as the patient will read it.

    Returns:
        Public id of the request.

    Raises:
        InvalidInput: A value does not fit.
        TooManyRequests: This reader asked this patient too often today.
    """
    root = persons.take_on(person_pk)
    ratelimit.hit(f"access:{actor.id}:{root}", limit=ASKED_PER_DAY, per_seconds=_DAY)
    row = _ask(purpose, kinds, actor, name, expires_at=clock.now() + QUESTION_LIVES, person_pk=root)
    subject = mpi.public_id_of(root)
    events.publish(AccessAsked(row.public_id, subject, actor.institution))
    return row.public_id


@transaction.atomic
def open_code(*, token: str, actor: Actor) -> AccessRequest:
    """What the resident who scanned the doctor's code is asked; from now on it is theirs alone.

    Raises:
        AccessUnknown: There is no such code.
        AccessOver: Its time is over, and it was not this account that answered it.
        AccessTaken: Somebody else was first.
    """
    row = _with_code(token)
    if row.state == RequestState.WAITING and row.expires_at > clock.now() and not row.account:
        AccessRequest.objects.filter(pk=row.pk, state=RequestState.WAITING, account="").update(
            account=actor.id
        )
        row.refresh_from_db()
    if row.account and row.account != actor.id:
        raise AccessTaken
    if row.account != actor.id:
        raise AccessOver
    return row


@transaction.atomic
def grant_access(
    *,
    request_id: str,
    account_pk: int,
    person_id: str,
    scope: Scope,
    duration: str,
    seen: str,
    actor: Actor,
) -> AccessGrant:
    """Open exactly what was shown, to this reader, until the time chosen; the receipt is signed.

    Args:
        person_id: Whose records: the account's own person, or a child whom it holds.
        duration: A word of ``DURATIONS``.
        seen: ``Preview.digest`` of what was shown.

    Raises:
        AccessUnknown: There is no such request for this account.
        AccessOver: It was answered, or its time is over.
        AccessChanged: Other records would open than those that were shown.
        NothingToOpen: None would.
        NotFound, LevelTooLow, NotForGuardians: The account may not open this person's records.
        InvalidInput: A value does not fit.
    """
    acting = _acting(account_pk, person_id)
    row = _answerable(request_id, acting, actor)
    if duration not in DURATIONS or not scope.kinds <= set(RecordKind.values):
        raise InvalidInput(field="scope")
    # Nothing is heard of the person meanwhile: what is counted here is what is signed.
    root = persons.take_on(acting.person_pk)
    shown = preview(records_of(root), scope)
    if not shown.opens:
        raise NothingToOpen
    if shown.digest != seen:
        raise AccessChanged
    moment = clock.now()
    _answer(row, RequestState.GRANTED, moment, account=actor.id, person_id=root)
    grant = AccessGrant(
        request=row,
        institution=row.institution,
        reader=row.reader,
        reader_name=row.reader_name,
        person_id=root,
        subject=mpi.public_id_of(root),
        account=actor.id,
        purpose=row.purpose,
        kinds=sorted(scope.kinds),
        sources=sorted({item.institution for item in shown.opens}),
        since=scope.since,
        items=[item.item_id for item in shown.opens],
        until=moment + DURATIONS[duration],
        granted_at=moment,
    )
    grant.receipt = sign_statement(FORM, _statement(grant, acting, len(shown.opens), len(shown.stays), seen))
    grant.save(force_insert=True)
    audit.record(
        Action.ACCESS_GRANTED,
        actor=_for(actor, acting),
        subject=grant,
        institution=row.institution.public_id,
        details={"purpose": row.purpose, "count": len(shown.opens), "level": acting.level},
    )
    events.publish(AccessGranted(grant.public_id, grant.subject, row.institution.public_id))
    return grant


@transaction.atomic
def refuse_access(*, request_id: str, account_pk: int, person_id: str, actor: Actor) -> None:
    """Say no; the doctor sees that it was refused.

    Raises:
        AccessUnknown, AccessOver, NotFound, LevelTooLow, NotForGuardians: As ``grant_access``.
    """
    acting = _acting(account_pk, person_id)
    row = _answerable(request_id, acting, actor)
    _answer(row, RequestState.REFUSED, clock.now(), account=actor.id)
    audit.record(
        Action.ACCESS_REFUSED,
        actor=_for(actor, acting),
        subject=row,
        institution=row.institution.public_id,
        details={"purpose": row.purpose},
    )


@transaction.atomic
def revoke_access(*, grant_id: str, account_pk: int, actor: Actor) -> bool:
    """Take a consent back, at once: from the commit on nothing opens by it.

    Returns:
        Whether it was live until now.

    Raises:
        AccessUnknown: There is no such grant of somebody whom the account holds.
        LevelTooLow, NotForGuardians: The account may not decide for the person.
    """
    row = AccessGrant.objects.select_related("institution").filter(public_id=grant_id).first()
    held = {acts.person_pk: acts for acts in identity.persons_of(account_pk)}
    root = mpi.survivor(row.person_id) if row is not None else None
    if row is None or root not in held:
        raise AccessUnknown
    acting = _acting(account_pk, held[root].person_id)
    moment = clock.now()
    ended = AccessGrant.objects.filter(pk=row.pk, revoked_at=None, until__gt=moment).update(revoked_at=moment)
    if not ended:
        return False
    audit.record(
        Action.ACCESS_REVOKED,
        actor=_for(actor, acting),
        subject=row,
        institution=row.institution.public_id,
    )
    events.publish(AccessRevoked(row.public_id, row.subject, row.institution.public_id))
    return True


def reader_name(*, actor: Actor) -> str:
    """The name that the patient reads: the doctor's own, or the institution's where there is none."""
    doctor = clinics.doctor_of_account(actor.id) if actor.kind is ActorKind.STAFF else None
    if doctor is not None:
        return f"{doctor.name} {doctor.title}".strip()
    return institutions.names([actor.institution]).get(actor.institution, "")


def _ask(
    purpose: str,
    kinds: Sequence[str],
    actor: Actor,
    name: str,
    *,
    expires_at: datetime,
    token: str = "",
    person_pk: int | None = None,
) -> AccessRequest:
    _check(purpose, kinds)
    row = AccessRequest.objects.create(
        institution_id=place_of(actor.institution),
        reader=actor.id,
        reader_name=name[:60],
        token_digest=_digest(token) if token else None,
        person_id=person_pk,
        purpose=purpose,
        kinds=[kind for kind in RecordKind.values if kind in kinds],
        created_at=clock.now(),
        expires_at=expires_at,
    )
    audit.record(Action.ACCESS_ASKED, actor=actor, subject=row, details={"purpose": purpose})
    return row


def _check(purpose: str, kinds: Sequence[str]) -> None:
    if purpose not in Purpose.values:
        raise InvalidInput(field="purpose")
    if not kinds or not set(kinds) <= set(RecordKind.values):
        raise InvalidInput(field="kinds")


def _acting(account_pk: int, person_id: str) -> Acting:
    acting = identity.acting(account_pk, person_id)
    require_level(acting.level, Deed.GRANT_ACCESS)
    if acting.relation != Relation.SELF:
        require_guardians_deed(Deed.GRANT_ACCESS, is_by_consent=acting.is_by_consent)
    return acting


def _answerable(request_id: str, acting: Acting, actor: Actor) -> AccessRequest:
    """The request, if the account may answer it: it scanned the code, or it is about its person."""
    row = AccessRequest.objects.select_related("institution").filter(public_id=request_id).first()
    if row is None:
        raise AccessUnknown
    is_asked = row.person_id is not None and row.person_id in mpi.cluster(acting.person_pk)
    if not is_asked and (row.person_id is not None or row.account != actor.id):
        raise AccessUnknown
    return row


def _answer(row: AccessRequest, state: RequestState, moment: datetime, **values: Any) -> None:
    """Of several answers at once the conditional update takes one."""
    answered = AccessRequest.objects.filter(pk=row.pk, state=RequestState.WAITING, expires_at__gt=moment)
    if not answered.update(state=state, answered_at=moment, **values):
        raise AccessOver


def _statement(grant: AccessGrant, acting: Acting, opens: int, stays: int, digest: str) -> dict[str, Any]:
    """What is signed: no name and no number of the person, and of the records their digest."""
    place = institutions.institution_by_public_id(grant.institution.public_id)
    return {
        "form": FORM,
        "id": grant.public_id,
        "centre": {"name": settings.CENTRE_NAME, "ehcappid": settings.EHCAPPID},
        "institution": {"id": grant.institution.public_id, "name": place.name if place is not None else ""},
        "reader": grant.reader,
        "reader_name": grant.reader_name,
        "purpose": grant.purpose,
        "kinds": list(grant.kinds),
        "sources": list(grant.sources),
        "since": clock.beijing(grant.since).isoformat() if grant.since else "",
        "until": clock.beijing(grant.until).isoformat(),
        "opens": opens,
        "stays_shut": stays,
        "opens_sm3": digest,
        "person": blind_index(_SUBJECT_DOMAIN, f"{grant.institution.public_id}\n{grant.subject}").hex(),
        "answered_by": acting.relation,
        "level": acting.level,
        "granted_at": clock.beijing(grant.granted_at).isoformat(),
    }


def _for(actor: Actor, acting: Acting) -> Actor:
    return actor if acting.relation == Relation.SELF else actor.acting_for(acting.person_id)


def _with_code(token: str) -> AccessRequest:
    row = AccessRequest.objects.select_related("institution").filter(token_digest=_digest(token)).first()
    if row is None:
        raise AccessUnknown
    return row


def _digest(token: str) -> bytes:
    return gmcrypto.sm3(f"ehc.access.1\n{token}".encode())
