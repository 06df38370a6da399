"""What an institution settles for its waiting areas: where one checks in, and which screens hang there."""

from decimal import Decimal

from django.db import transaction

from appointments.errors import QueueNotFound
from appointments.models import CallScreen, CheckInRule
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound, StalePage
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.selectors import clinics
from institutions.services import require

RADIUS = range(50, 5_001)
LONGEST_NAME = 40
EARLIEST_MINUTES = 720


@transaction.atomic
def set_check_in_rule(
    *,
    institution: str,
    point: tuple[Decimal, Decimal] | None,
    radius_metres: int,
    opens_minutes: int,
    reason: str,
    actor: Actor,
) -> str:
    """Say where an institution stands, in WGS 84, and how early one may check in; gives the rule's id.

    Args:
        point: Latitude and longitude; none where residents check in by the code of the day alone.

    Raises:
        NotFound: The actor sees no such institution.
        InvalidInput: A value is outside its range.
    """
    require(actor, Duty.MANAGE_SCHEDULES)
    place = institutions.visible(actor).filter(public_id=institution).first()
    if place is None:
        raise NotFound(field="institution")
    if point is not None and not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180):
        raise InvalidInput(field="latitude")
    if radius_metres not in RADIUS:
        raise InvalidInput(field="radius_metres")
    if not 0 <= opens_minutes <= EARLIEST_MINUTES:
        raise InvalidInput(field="opens_minutes")
    latitude, longitude = point if point is not None else (None, None)
    rule, created = CheckInRule.objects.update_or_create(
        institution=place,
        defaults={
            "latitude": latitude,
            "longitude": longitude,
            "radius_metres": radius_metres,
            "opens_minutes": opens_minutes,
        },
    )
    audit.record(
        Action.CHECK_IN_RULE_CHANGED,
        actor=actor,
        subject=rule,
        institution=place.public_id,
        reason=reason,
        details={"outcome": "created" if created else "changed"},
    )
    return rule.public_id


@transaction.atomic
def open_screen(*, department: str, name: str, reason: str, actor: Actor) -> str:
    """Make an address for a screen in the waiting area of a department; gives the screen's id.

    Raises:
        QueueNotFound: The actor's institution has no such department.
        InvalidInput: The screen has no name.
    """
    require(actor, Duty.MANAGE_SCHEDULES)
    row = clinics.visible_departments(actor).filter(public_id=department).first()
    if row is None:
        raise QueueNotFound(field="department")
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(field="name")
    screen = CallScreen.objects.create(institution_id=row.institution_id, department_id=row.pk, name=name)
    audit.record(
        Action.SCREEN_OPENED,
        actor=actor,
        subject=screen,
        institution=row.institution.public_id,
        reason=reason,
    )
    return screen.public_id


@transaction.atomic
def close_screen(*, screen: str, reason: str, actor: Actor) -> None:
    """Switch a screen off, for good: whoever has its address sees nothing any more.

    Raises:
        StalePage: It is off, or is none of the actor's institution.
    """
    require(actor, Duty.MANAGE_SCHEDULES)
    rows = institutions.scope(CallScreen.objects.select_related("institution"), actor)
    row = rows.filter(public_id=screen).first()
    if row is None or not CallScreen.objects.filter(pk=row.pk, is_open=True).update(is_open=False):
        raise StalePage
    audit.record(
        Action.SCREEN_CLOSED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
    )
