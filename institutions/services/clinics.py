"""Departments and doctors: said by a hospital's system, or written in the admin."""

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import InvalidInput, NotFound, PermissionRefused
from institutions import errors, rules, selectors
from institutions.models import Department, Doctor, Institution
from institutions.rules import ClinicState, Duty
from institutions.services import require
from institutions.types import DepartmentDetails, DoctorDetails

LIMITS = {"code": 32, "name": 60, "place": 100, "skills": 200, "intro": 1_000}


@transaction.atomic
def save_department(*, institution: str, details: DepartmentDetails, actor: Actor, reason: str = "") -> str:
    """Add a department, or change what is said of it; returns its public id.

    A hospital's own system may do so for its own institution, staff by their duty.

    Raises:
        NotFound: The actor sees no such institution.
        UnknownDepartment: The one above is not known, or stands below this one.
        InvalidInput: A field is empty or too long.
    """
    row = _institution(institution, actor)
    _require_text(details)
    parent = None
    if details.parent:
        parent = Department.objects.filter(institution=row, code=details.parent).first()
        if parent is None or details.code in _line(parent):
            raise errors.UnknownDepartment(field="parent")
    said = {
        "name": details.name.strip(),
        "parent": parent,
        "place": details.place.strip(),
        "intro": details.intro.strip(),
        "position": details.position,
        "state": ClinicState.OPEN if details.is_open else ClinicState.CLOSED,
    }
    known = Department.objects.filter(institution=row, code=details.code).first()
    if known is not None and all(getattr(known, name) == value for name, value in said.items()):
        return known.public_id
    saved, created = Department.objects.update_or_create(institution=row, code=details.code, defaults=said)
    audit.record(
        Action.DEPARTMENT_SAVED,
        actor=actor,
        subject=saved,
        institution=row.public_id,
        reason=reason,
        details={"state": saved.state, "outcome": "created" if created else "changed"},
    )
    return saved.public_id


@transaction.atomic
def save_doctor(*, institution: str, details: DoctorDetails, actor: Actor, reason: str = "") -> str:
    """Add a doctor, or change what is said of them; returns the public id.

    Raises:
        NotFound: The actor sees no such institution.
        UnknownDepartment: The department is not known.
        InvalidInput: A field is empty or too long, or the title is not of its table.
        DoctorAccountTaken: Another doctor works with that account.
    """
    row = _institution(institution, actor)
    _require_text(details)
    if details.title not in rules.Title.values:
        raise InvalidInput(field="title")
    department = Department.objects.filter(institution=row, code=details.department).first()
    if department is None:
        raise errors.UnknownDepartment(field="department")
    said = {
        "name": details.name.strip(),
        "department": department,
        "title": details.title,
        "skills": details.skills.strip(),
        "intro": details.intro.strip(),
        "position": details.position,
        "state": ClinicState.OPEN if details.is_open else ClinicState.CLOSED,
    }
    if details.account:
        said["account"] = details.account
    known = Doctor.objects.filter(institution=row, code=details.code).first()
    if known is not None and all(getattr(known, name) == value for name, value in said.items()):
        return known.public_id
    try:
        with transaction.atomic():
            saved, created = Doctor.objects.update_or_create(
                institution=row, code=details.code, defaults=said
            )
    except IntegrityError as exc:
        raise errors.DoctorAccountTaken(field="account") from exc
    audit.record(
        Action.DOCTOR_SAVED,
        actor=actor,
        subject=saved,
        institution=row.public_id,
        reason=reason,
        details={"state": saved.state, "outcome": "created" if created else "changed"},
    )
    return saved.public_id


def _institution(institution: str, actor: Actor) -> Institution:
    if actor.kind is ActorKind.STAFF:
        require(actor, Duty.MANAGE_CLINICS)
    elif actor.kind is ActorKind.CLIENT and actor.institution != institution:
        raise NotFound
    elif actor.kind is ActorKind.RESIDENT:
        raise PermissionRefused
    row = Institution.objects.filter(public_id=institution).first()
    if row is None or (actor.kind is ActorKind.STAFF and not _sees(row, actor)):
        raise NotFound
    return row


def _sees(row: Institution, actor: Actor) -> bool:
    return selectors.visible(actor).filter(pk=row.pk).exists()


def _line(department: Department) -> set[str]:
    """The codes of a department and of all above it."""
    codes: set[str] = set()
    above: Department | None = department
    while above is not None and above.code not in codes:
        codes.add(above.code)
        above = above.parent
    return codes


def _require_text(details: DepartmentDetails | DoctorDetails) -> None:
    for name, most in LIMITS.items():
        text = getattr(details, name, "").strip()
        if len(text) > most or (not text and name in {"code", "name"}):
            raise InvalidInput(field=name)
