"""Departments and doctors: those that an actor may see, and those that residents find."""

from django.db.models import QuerySet

from foundation.core.actor import Actor
from institutions.models import Department, Doctor
from institutions.rules import ClinicState, InstitutionState
from institutions.selectors import scope
from institutions.types import DepartmentRef, DoctorRef


def visible_departments(actor: Actor) -> "QuerySet[Department]":
    """The departments that a member of staff may see."""
    return scope(Department.objects.select_related("institution", "parent"), actor)


def visible_doctors(actor: Actor) -> "QuerySet[Doctor]":
    """The doctors that a member of staff may see."""
    return scope(Doctor.objects.select_related("institution", "department"), actor)


def open_departments(institution: str) -> list[DepartmentRef]:
    """What residents may choose from at an institution, by its public id."""
    rows = _departments().filter(
        institution__public_id=institution,
        institution__state=InstitutionState.APPROVED,
        state=ClinicState.OPEN,
    )
    return [_department(row) for row in rows.order_by("position", "pk")]


def open_doctors(department: str) -> list[DoctorRef]:
    """The doctors of a department, by its public id, whom residents may choose."""
    rows = _doctors().filter(department__public_id=department, state=ClinicState.OPEN)
    return [_doctor(row) for row in rows.order_by("position", "pk")]


def department_by_public_id(public_id: str) -> DepartmentRef | None:
    """The department with this public id, whether open or not."""
    row = _departments().filter(public_id=public_id).first()
    return _department(row) if row is not None else None


def doctor_by_public_id(public_id: str) -> DoctorRef | None:
    """The doctor with this public id, whether open or not."""
    row = _doctors().filter(public_id=public_id).first()
    return _doctor(row) if row is not None else None


def departments_by_code(institution: str) -> dict[str, DepartmentRef]:
    """Every department of an institution by the hospital's own code."""
    return {row.code: _department(row) for row in _departments().filter(institution__public_id=institution)}


def doctors_by_code(institution: str) -> dict[str, DoctorRef]:
    """Every doctor of an institution by the hospital's own staff number."""
    return {row.code: _doctor(row) for row in _doctors().filter(institution__public_id=institution)}


def doctor_of_account(account: str) -> DoctorRef | None:
    """The doctor who works with this staff account, by its public id."""
    row = _doctors().filter(account=account).first() if account else None
    return _doctor(row) if row is not None else None


def _departments() -> "QuerySet[Department]":
    return Department.objects.select_related("institution")


def _doctors() -> "QuerySet[Doctor]":
    return Doctor.objects.select_related("institution", "department")


def _department(row: Department) -> DepartmentRef:
    return DepartmentRef(
        pk=row.pk,
        public_id=row.public_id,
        institution=row.institution.public_id,
        code=row.code,
        name=row.name,
        place=row.place,
        intro=row.intro,
        is_open=row.state == ClinicState.OPEN,
    )


def _doctor(row: Doctor) -> DoctorRef:
    return DoctorRef(
        pk=row.pk,
        public_id=row.public_id,
        institution=row.institution.public_id,
        department=row.department.public_id,
        code=row.code,
        name=row.name,
        title=row.get_title_display() if row.title != "99" else "",
        skills=row.skills,
        intro=row.intro,
        is_open=row.state == ClinicState.OPEN,
        account=row.account,
    )
