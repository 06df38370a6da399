"""Departments and doctors: written by staff or by the hospital's system, found by residents."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import InvalidInput, NotFound, PermissionRefused
from institutions import services as institutions
from institutions.errors import DoctorAccountTaken, UnknownDepartment
from institutions.models import Department, Doctor
from institutions.rules import Role
from institutions.selectors import clinics as selectors
from institutions.services import clinics
from institutions.types import DepartmentDetails, DoctorDetails
from tests.institutions import people
from tests.institutions.test_admin import submit

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02")]

WARD = DepartmentDetails("0101", "测试心内科", place="三层东")
DOCTOR = DoctorDetails("1001", "测试医生", "0101", "11")


@pytest.fixture
def place() -> str:
    return people.hospital()


def system_of(institution: str) -> Actor:
    return Actor(kind=ActorKind.CLIENT, id="0" * 26, institution=institution)


def test_a_hospitals_system_says_the_same_again_and_nothing_is_written(place: str) -> None:
    actor = system_of(place)
    first = clinics.save_department(institution=place, details=WARD, actor=actor)
    assert clinics.save_department(institution=place, details=WARD, actor=actor) == first
    assert AuditEntry.objects.filter(action="department.saved").count() == 1
    clinics.save_department(institution=place, details=replace(WARD, place="五层"), actor=actor)
    assert Department.objects.get().place == "五层"
    assert AuditEntry.objects.filter(action="department.saved").count() == 2


def test_a_system_writes_nothing_for_another_hospital_and_a_resident_nothing_at_all(place: str) -> None:
    with pytest.raises(NotFound):
        clinics.save_department(institution=place, details=WARD, actor=system_of(people.hospital(2)))
    with pytest.raises(PermissionRefused):
        clinics.save_department(institution=place, details=WARD, actor=Actor.resident("1" * 26))
    assert not Department.objects.exists()


def test_a_department_stands_below_a_known_one_and_never_below_itself(place: str) -> None:
    actor = system_of(place)
    with pytest.raises(UnknownDepartment):
        clinics.save_department(institution=place, details=replace(WARD, parent="01"), actor=actor)
    clinics.save_department(institution=place, details=DepartmentDetails("01", "测试内科"), actor=actor)
    clinics.save_department(institution=place, details=replace(WARD, parent="01"), actor=actor)
    for parent in ("0101", "01"):
        with pytest.raises(UnknownDepartment):
            clinics.save_department(
                institution=place, details=DepartmentDetails("01", "测试内科", parent), actor=actor
            )


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": " "}, "name"), ({"name": "长" * 61}, "name"), ({"title": "77"}, "title")],
)
def test_what_does_not_fit_is_named(place: str, change: dict[str, Any], field: str) -> None:
    actor = system_of(place)
    clinics.save_department(institution=place, details=WARD, actor=actor)
    with pytest.raises(InvalidInput) as refused:
        clinics.save_doctor(institution=place, details=replace(DOCTOR, **change), actor=actor)
    assert refused.value.field == field


def test_an_account_is_one_doctor(place: str) -> None:
    actor = system_of(place)
    clinics.save_department(institution=place, details=WARD, actor=actor)
    clinics.save_doctor(institution=place, details=replace(DOCTOR, account="2" * 26), actor=actor)
    with pytest.raises(DoctorAccountTaken):
        clinics.save_doctor(
            institution=place, details=replace(DOCTOR, code="1002", account="2" * 26), actor=actor
        )
    # What a system says later without an account takes none away.
    clinics.save_doctor(institution=place, details=replace(DOCTOR, skills="起搏器"), actor=actor)
    found = selectors.doctor_of_account("2" * 26)
    assert found is not None
    assert (found.code, found.skills, found.title) == ("1001", "起搏器", "主任医师")


def test_residents_find_what_is_open_at_an_open_hospital(place: str) -> None:
    actor = system_of(place)
    for details in (replace(WARD, position=20), DepartmentDetails("02", "测试儿科", position=10)):
        clinics.save_department(institution=place, details=details, actor=actor)
    clinics.save_department(
        institution=place, details=DepartmentDetails("03", "已撤科室", is_open=False), actor=actor
    )
    clinics.save_doctor(institution=place, details=DOCTOR, actor=actor)
    clinics.save_doctor(institution=place, details=replace(DOCTOR, code="1002", is_open=False), actor=actor)
    found = selectors.open_departments(place)
    assert [department.code for department in found] == ["02", "0101"]
    assert [doctor.code for doctor in selectors.open_doctors(found[1].public_id)] == ["1001"]
    institutions.suspend(institution=place, actor=people.CENTRE, reason=people.REASON)
    assert selectors.open_departments(place) == []


def test_staff_write_them_in_the_admin_and_only_for_their_own_hospital(client: Client, place: str) -> None:
    other = people.hospital(2)
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))
    page = "/institution/institutions/department/add/"
    given = {"code": "0101", "name": "测试心内科", "position": "10"}
    assert submit(client, page, institution=other, **given).status_code in {200, 422}
    assert not Department.objects.exists()
    submit(client, page, institution=place, **given)
    row = Department.objects.get()
    assert (row.institution.public_id, row.state) == (place, "open")
    submit(
        client,
        f"/institution/institutions/department/{row.public_id}/do/edit/",
        name="测试心血管内科",
        position="5",
        state="closed",
    )
    row.refresh_from_db()
    assert (row.name, row.position, row.state) == ("测试心血管内科", 5, "closed")
    submit(
        client,
        "/institution/institutions/doctor/add/",
        institution=place,
        code="1001",
        name="测试医生",
        department="0101",
        title="12",
        position="10",
    )
    assert Doctor.objects.get().get_title_display() == "副主任医师"


def test_a_clerk_of_the_window_changes_no_department(client: Client, place: str) -> None:
    people.at_work(client, people.staff(Role.WINDOW_CLERK, place))
    assert client.get("/institution/institutions/department/add/").status_code == 403
