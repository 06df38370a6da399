"""Finding a hospital, a department or a doctor by name."""

from typing import Any

import pytest
from django.test import Client

from appointments import boards
from appointments.selectors import finding
from institutions.models import Doctor
from tests.appointments import world

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02")]


@pytest.fixture
def place() -> world.Hospital:
    """A hospital whose doctor has a session, and whose children's department has none."""
    found = world.hospital()
    world.heard(found, world.details())
    return found


def names(text: str) -> tuple[list[str], list[str], list[str]]:
    found = finding.find(text)
    return (
        [each.name for each in found.hospitals],
        [each.name for each in found.departments],
        [each.name for each in found.doctors],
    )


def test_whatever_is_called_so_is_found_and_where_it_is(place: world.Hospital) -> None:
    [doctor] = finding.find("医生甲").doctors
    assert (doctor.name, doctor.title, doctor.department) == ("示范医生甲", "主任医师", "心血管内科")
    assert names("心血管") == ([], ["心血管内科"], [])
    hospital = doctor.hospital
    assert names(hospital) == ([hospital], [], [])
    assert names(f"{hospital} 心血管") == ([], ["心血管内科"], [])
    assert names("心血管 医生甲") == ([], [], ["示范医生甲"])
    assert names(" 心血管　医生乙 ") == ([], [], [])


def test_capitals_and_full_width_letters_make_no_difference(place: world.Hospital) -> None:
    Doctor.objects.update(name="Test Doctor A")
    assert names("ｔｅｓｔ")[2] == ["Test Doctor A"]


@pytest.mark.parametrize("text", ["", "   ", "儿科", "%", "_", "\\", "没有的名字"])
def test_what_has_no_session_or_no_such_name_is_not_found(place: world.Hospital, text: str) -> None:
    assert finding.find(text).is_empty


def test_a_doctor_who_does_not_see_patients_any_more_is_not_found(place: world.Hospital) -> None:
    Doctor.objects.update(state="closed")
    assert finding.find("医生甲").is_empty


def test_a_kept_search_asks_the_database_nothing_whatever_is_typed(
    place: world.Hospital, django_assert_num_queries: Any
) -> None:
    finding.find("甲")
    with django_assert_num_queries(0):
        for text in ("乙", "心血管", "x" * 500):
            finding.find(text)


def test_no_more_than_a_page_of_each_is_listed_and_the_rest_is_said(place: world.Hospital) -> None:
    answer = boards.names()
    rows = [
        {**row, "doctor": {"id": f"{number:026d}", "name": f"示范医生{number}", "title": ""}}
        for row in answer.value
        for number in range(finding.MOST_OF_A_KIND + 1)
    ]
    answer.value[:] = rows
    finding.remember(answer)
    found = finding.find("示范医生")
    assert (len(found.doctors), found.more) == (finding.MOST_OF_A_KIND, True)


def test_the_page_finds_without_an_account_and_keeps_what_was_typed(place: world.Hospital) -> None:
    anybody = Client()
    assert 'name="q"' in anybody.get("/hospitals/").content.decode()
    page = anybody.get("/hospitals/", {"q": "医生甲"}).content.decode()
    assert "示范医生甲" in page
    assert 'value="医生甲"' in page
    assert f"/doctors/{Doctor.objects.get().public_id}/" in page
    nothing = anybody.get("/hospitals/", {"q": "没有的名字<script>"}).content.decode()
    assert "没有找到" in nothing
    assert "<script>" not in nothing.partition("<body>")[2].partition("<script src")[0]
    assert "去哪家医院看病" in anybody.get("/hospitals/", {"q": " "}).content.decode()
    long = anybody.get("/hospitals/", {"q": "长" * 41})
    assert (long.status_code, "最多 40 个字" in long.content.decode()) == (422, True)


def test_the_api_finds_the_same(place: world.Hospital) -> None:
    anybody = Client()
    found = anybody.get("/api/resident/v1/hospitals/find", {"q": "心血管"}).json()
    assert [each["name"] for each in found["departments"]] == ["心血管内科"]
    assert (found["hospitals"], found["doctors"], found["more"]) == ([], [], False)
    assert found["freshness"]["as_of"]
    for wrong in ("", "长" * 41):
        answer = anybody.get("/api/resident/v1/hospitals/find", {"q": wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
