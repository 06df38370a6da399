"""What residents leave for rescuers, and records opened without consent because it cannot wait (ER-01)."""

from dataclasses import asdict

from django.conf import settings
from django.db import transaction

from cards.codes.institution import find_number
from cards.errors import StaticNotAllowed
from cards.rules import codes
from cards.services.desk_scan import scan_at_desk
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import DomainError, InvalidInput, PermissionRefused, TooManyRequests
from foundation.events import services as events
from identity import selectors as identity
from identity.rules import Deed, require_guardians_deed
from identity.rules import require as require_level
from identity.types import Relation
from institutions.rules import Duty
from institutions.services import require
from mpi import selectors as mpi
from mpi import services as persons
from records.errors import AccessUnknown, EmergencyCodeRefused, OwnReview, PatientNotFound
from records.events import EmergencyOpened
from records.models import EmergencyInfo, EmergencyOpening
from records.places import place_of
from records.rules import EMERGENCY_LASTS, BloodGroup, ReviewState, Rhesus, Way
from records.selectors.emergency import visible_openings
from records.services.access import reader_name
from records.types import EmergencyDetails

SCENE = "010102"
SHORTEST_REASON, LONGEST_REASON, LONGEST_TEXT = 4, 200, 500
MOST_CONTACTS = 3
OPENED_PER_DAY = 100
_DAY = 86_400


@transaction.atomic
def keep_emergency_info(*, account_pk: int, person_id: str, details: EmergencyDetails, actor: Actor) -> None:
    """Keep what the resident, or a child's guardian, wants rescuers to know; empty values empty it.

    Raises:
        InvalidInput: A value does not fit.
        NotFound, LevelTooLow, NotForGuardians: The account may not decide for this person.
    """
    acting = identity.acting(account_pk, person_id)
    require_level(acting.level, Deed.GRANT_ACCESS)
    if acting.relation != Relation.SELF:
        require_guardians_deed(Deed.GRANT_ACCESS, is_by_consent=acting.is_by_consent)
        actor = actor.acting_for(acting.person_id)
    _check(details)
    root = persons.take_on(acting.person_pk)
    row = EmergencyInfo.objects.filter(person=root).first()
    if row is None:
        row = EmergencyInfo(person_id=root, subject=mpi.public_id_of(root))
    row.content = asdict(details)
    row.updated_at = clock.now()
    row.save()
    audit.record(Action.EMERGENCY_INFO_CHANGED, actor=actor, subject=row)


def open_by_code(*, text: str, reason: str, ticket: str, actor: Actor) -> str:
    """Open the records of the patient whose card was scanned, without consent.

    A static code, on paper around a neck, is enough here: it says who lies there, and the reason
    is what opens.

    Args:
        ticket: One for each form that was shown; sent again it leads to the opening that it made.

    Returns:
        Public id of the opening.

    Raises:
        PermissionRefused: The actor may not.
        InvalidInput: There is no real reason.
        EmergencyCodeRefused: The code has expired, was used, or opens nothing for another reason of
            ``cards.verification.verify``; whoever lies there can be found by a document.
        TooManyRequests: The actor opened too much today.
    """
    require(actor, Duty.OPEN_EMERGENCY)
    _check_reason(reason)
    _count(actor)
    try:
        person_pk = _person_of(text, ticket, actor)
    except (PermissionRefused, TooManyRequests):
        raise
    except DomainError as exc:
        raise EmergencyCodeRefused(field="who", why=exc.text()) from exc
    return _open(person_pk=person_pk, way=Way.CODE, reason=reason, ticket=ticket, actor=actor)


def open_by_document(*, id_type: str, number: str, reason: str, ticket: str = "", actor: Actor) -> str:
    """The same, by a document that was found on the patient.

    Args:
        ticket: As for ``open_by_code``; empty where no form was sent.

    Raises:
        PatientNotFound: Nobody is registered with it.
        PermissionRefused, InvalidInput, TooManyRequests: As ``open_by_code``.
    """
    require(actor, Duty.OPEN_EMERGENCY)
    _check_reason(reason)
    _count(actor)
    found = mpi.find_by_identifier(id_type, number)
    if found is None:
        raise PatientNotFound(field="who")
    return _open(person_pk=found.person_pk, way=Way.DOCUMENT, reason=reason, ticket=ticket, actor=actor)


@transaction.atomic
def review_opening(*, opening: str, is_justified: bool, finding: str, actor: Actor) -> None:
    """Say whether an opening was justified; once, and never by who opened it.

    Raises:
        PermissionRefused: The actor reviews no openings.
        AccessUnknown: There is no such opening for the actor, or it was reviewed.
        OwnReview: The actor opened it.
    """
    require(actor, Duty.REVIEW_EMERGENCY)
    row = (
        visible_openings(actor)
        .select_for_update(of=("self",), no_key=True)
        .filter(public_id=opening, state=ReviewState.WAITING)
        .first()
    )
    if row is None:
        raise AccessUnknown
    if row.reader == actor.id:
        raise OwnReview
    row.state = ReviewState.JUSTIFIED if is_justified else ReviewState.UNJUSTIFIED
    row.reviewer = actor.id
    row.finding = finding
    row.reviewed_at = clock.now()
    row.save(update_fields=["state", "reviewer", "finding", "reviewed_at"])
    audit.record(
        Action.EMERGENCY_REVIEWED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        details={"outcome": row.state},
    )


@transaction.atomic
def _open(*, person_pk: int, way: Way, reason: str, ticket: str, actor: Actor) -> str:
    # The person is held from here on: of two clicks on one form the second waits, and finds what the
    # first has opened.
    root = persons.take_on(person_pk)
    known = EmergencyOpening.objects.filter(reader=actor.id, ticket=ticket, person__in=mpi.cluster(root))
    earlier = known.first() if ticket else None
    if earlier is not None:
        return earlier.public_id
    moment = clock.now()
    row = EmergencyOpening.objects.create(
        institution_id=place_of(actor.institution),
        reader=actor.id,
        reader_name=reader_name(actor=actor),
        person_id=root,
        subject=mpi.public_id_of(root),
        way=way,
        ticket=ticket,
        reason=reason,
        opened_at=moment,
        until=moment + EMERGENCY_LASTS,
    )
    audit.record(Action.EMERGENCY_OPENED, actor=actor, subject=row, details={"method": way.value})
    events.publish(EmergencyOpened(row.public_id, row.subject, actor.institution))
    return row.public_id


def _count(actor: Actor) -> None:
    """Count a try before anybody is looked for, so that nobody learns who is registered by trying."""
    ratelimit.hit(f"emergency:{actor.id}", limit=OPENED_PER_DAY, per_seconds=_DAY)


def _person_of(text: str, ticket: str, actor: Actor) -> int:
    try:
        person, _needs_document = scan_at_desk(text=text, scene=SCENE, request_id=ticket, actor=actor)
    except StaticNotAllowed:
        return _person_of_static(text)
    return person.person_pk


def _person_of_static(text: str) -> int:
    code = codes.parse(text, own_issuer=settings.EHCAPPID)
    if not isinstance(code, codes.StaticCode):
        raise StaticNotAllowed(field="code")
    return int(find_number(code.card_id).card.person_id)


def _check_reason(reason: str) -> None:
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        raise InvalidInput(field="reason")


def _check(details: EmergencyDetails) -> None:
    if details.blood not in ("", *BloodGroup.values) or details.rhesus not in ("", *Rhesus.values):
        raise InvalidInput(field="blood")
    for name in ("allergies", "conditions", "medicines"):
        if len(getattr(details, name)) > LONGEST_TEXT:
            raise InvalidInput(field=name)
    if len(details.contacts) > MOST_CONTACTS:
        raise InvalidInput(field="contacts")
    for contact in details.contacts:
        if not contact.name.strip() or not contact.phone.strip():
            raise InvalidInput(field="contacts")
