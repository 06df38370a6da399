"""Looking for a session, on the pages and by the interface for applications, without signing in."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from appointments.services.suspension import stop_schedule
from foundation.core.actor import Actor
from institutions.models import Department, Doctor
from tests.appointments import world

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02")]

API = "/api/resident/v1"
CENTRE = Actor.system("tests")


@pytest.fixture
def place(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> world.Hospital:
    """A hospital with a doctor tomorrow, with the department in a later week, and one not released."""
    made = world.hospital()
    with django_capture_on_commit_callbacks(execute=True):
        world.heard(made, world.details(fee_fen=5_000), world.details("S3", ahead=12, doctor=""))
    return made


@pytest.fixture
def nobody() -> Client:
    """Somebody who has not signed in."""
    return Client(headers={"accept-language": "zh-hans"})


def text(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def session(code: str = "S1") -> str:
    return f"/schedules/{world.schedule(code).public_id}"


def department() -> str:
    return f"/departments/{Department.objects.get(code='01').public_id}"


def test_from_the_hospital_to_a_place_in_four_pages(place: world.Hospital, nobody: Client) -> None:
    assert f"/hospitals/{place.public_id}/" in text(nobody, "/hospitals/")
    assert f"{department()}/" in text(nobody, f"/hospitals/{place.public_id}/")
    week = text(nobody, f"{department()}/")
    assert f"{session()}/" in week
    assert all(word in week for word in ("示范医生甲 主任医师", "余 5", "¥50.00", "有号"))
    shown = text(nobody, f"{session()}/")
    assert all(word in shown for word in ("08:00–08:30", "余 3", "余 2", "07:30 停止网上预约"))
    assert all(f"/appointments/new/{slot.public_id}/" in shown for slot in world.slots())
    doctor = Doctor.objects.get()
    assert f"/doctors/{doctor.public_id}/" in shown
    assert "擅长：冠心病" in text(nobody, f"/doctors/{doctor.public_id}/")


def test_full_stopped_and_not_released_are_said(
    place: world.Hospital,
    nobody: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    later = text(nobody, f"{session('S3')}/")
    assert "07:00:00 放号" in later
    assert 'href="?week=1"' in text(nobody, f"{department()}/")
    next_week = text(nobody, f"{department()}/", week="1")
    assert "待放号" in next_week
    assert 'href="?week=0"' in next_week
    with django_capture_on_commit_callbacks(execute=True):
        world.heard(place, world.details(capacities=(0, 0)))
    full = text(nobody, f"{session()}/")
    assert "号约满了" in full
    assert "/appointments/new/" not in full
    with django_capture_on_commit_callbacks(execute=True):
        stop_schedule(
            schedule=world.schedule().public_id,
            reason="医生临时外出",
            substitute=world.schedule("S3").public_id,
            actor=CENTRE,
        )
    stopped = text(nobody, f"{session()}/")
    assert "医生临时外出" in stopped
    assert f"{session('S3')}/" in stopped


def test_every_page_says_how_fresh_it_is(place: world.Hospital, nobody: Client) -> None:
    for address in (f"{department()}/", f"{session()}/"):
        shown = text(nobody, address)
        assert "号源查询时间" in shown
        assert "医院系统最近更新" in shown


@pytest.mark.parametrize(
    "query", [{"day": "tomorrow"}, {"week": "-1"}, {"week": "99999"}, {"day": "1999-01-01"}]
)
def test_a_made_up_day_leads_to_a_real_one(
    place: world.Hospital, nobody: Client, query: dict[str, str]
) -> None:
    assert "示范医生甲" in text(nobody, f"{department()}/", **query)


def test_what_is_not_there_says_what_to_do(nobody: Client) -> None:
    assert "现在没有可以预约的医院" in text(nobody, "/hospitals/")
    for kind in ("hospitals", "departments", "doctors", "schedules"):
        answer = nobody.get(f"/{kind}/{'0' * 26}/")
        assert answer.status_code == 404
        assert "没有找到" in answer.content.decode()


def test_the_interface_answers_the_same(place: world.Hospital, nobody: Client) -> None:
    def ask(address: str) -> Any:
        answer = nobody.get(API + address)
        assert answer.status_code == 200, answer.content
        return answer.json()

    assert [each["id"] for each in ask("/hospitals")["hospitals"]] == [place.public_id]
    assert ask(f"/hospitals/{place.public_id}")["departments"][0]["first"] == world.day(1).isoformat()
    week = ask(department())
    assert week["sessions"][0]["state"] == "open"
    assert week["days"][1] == {"day": world.day(1).isoformat(), "state": "open", "free": 5}
    assert ask(f"{department()}?day={world.day(12)}")["sessions"][0]["state"] == "not_yet"
    doctor = ask(f"/doctors/{Doctor.objects.get().public_id}")
    assert (doctor["about"]["title"], doctor["later"]) == ("主任医师", False)
    one = ask(session())
    assert [slot["free"] for slot in one["session"]["slots"]] == [3, 2]
    assert one["freshness"]["heard_at"] is not None


def test_the_interface_says_which_field_is_wrong(place: world.Hospital, nobody: Client) -> None:
    for query in ("day=soon", "week=x"):
        answer = nobody.get(f"{API}{department()}?{query}")
        assert answer.status_code == 400
    assert nobody.get(f"{API}/schedules/{'0' * 26}").json()["code"] == "schedule_not_found"
