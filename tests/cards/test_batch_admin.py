"""What clerks do with lists: hand them in, watch them, complete the unnamed, take results away."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cards.models import Batch, BatchRow, Card
from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from institutions.rules import Role
from mpi import selectors as mpi
from tests.cards.listing import csv_of, line, results, worked_off, xlsx_of
from tests.cards.world import citizen_number
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.row("ID-09"), pytest.mark.row("MPI-05"), pytest.mark.django_db(transaction=True)]

ROOT = "/institution/cards/batch/"
ROWS = "/institution/cards/batchrow/"


@pytest.fixture
def place() -> str:
    return people.hospital()


@pytest.fixture
def admin(place: str) -> Account:
    return people.staff(Role.INSTITUTION_ADMIN, place, username="admin")


@pytest.fixture
def desk(client: Client, admin: Account) -> Client:
    return people.at_work(client, admin)


def upload(client: Client, content: bytes, *, root: str = ROOT, **data: Any) -> Any:
    file = SimpleUploadedFile("patients.csv", content)
    return submit(client, f"{root}add/", file=file, kind="patients", **data)


def text(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode("utf-8-sig"))


def handed_in(desk: Client, rows: list[list[str]]) -> Batch:
    answer = upload(desk, csv_of(rows))
    batch = Batch.objects.latest("pk")
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == f"{ROOT}{batch.public_id}/change/"
    return batch


def test_a_clerk_hands_in_a_workbook_watches_it_and_takes_the_result(
    desk: Client, place: str, sandbox: Sandbox
) -> None:
    good = citizen_number()
    rows = [line(number=good, patient="P1"), line("无名氏", "", "P2"), line(number=good, patient="P3")]
    answer = upload(desk, xlsx_of(rows))
    batch = Batch.objects.get()
    assert batch.institution is not None
    assert batch.institution.public_id == place

    page = text(desk.get(answer["Location"]))
    assert re.search(r'max="3"\s+value="2"', page)
    assert "data-refresh-seconds" in page
    worked_off(batch)
    page = text(desk.get(answer["Location"]))
    assert "100%" in page
    assert "data-refresh-seconds" not in page
    assert "已完成" in text(desk.get(ROOT))

    result = text(desk.get(f"{ROOT}{batch.public_id}/result.csv"))
    lines = result.splitlines()
    assert lines[0].startswith("行号,院内号,姓名")
    assert ",已发卡," in lines[1]
    assert "待实名,number_placeholder" in lines[2] or "待实名,name_placeholder" in lines[2]
    assert "与第 2 行是同一个人" in lines[3]
    assert good not in result
    assert "测试甲" not in result
    exported = AuditEntry.objects.get(action="batch.exported")
    assert exported.details == {"kind": "result"}


def test_the_unnamed_are_found_by_patient_number_and_completed_with_the_document(
    desk: Client, place: str, sandbox: Sandbox
) -> None:
    batch = worked_off(handed_in(desk, [line("测试甲", "", "MZ-00007"), line("测试乙", "", "MZ-00008")]))
    assert "MZ-00007" in text(desk.get(ROWS))
    found = text(desk.get(ROWS, {"q": "MZ-00007"}))
    assert "MZ-00007" in found
    assert "MZ-00008" not in found
    row = BatchRow.objects.get(line=2)
    address = f"{ROWS}{row.public_id}/do/complete/"
    number = citizen_number()
    form = {"id_type": "01", "name": "测试甲", "phone": ""}

    refused = submit(desk, address, **form, id_number=number[:-1] + ("1" if number[-1] != "1" else "2"))
    assert "身份证号最后一位对不上" in text(refused)
    denied = submit(desk, address, **{**form, "name": "测不符"}, id_number=number)
    assert "errornote" in text(denied)
    assert not Card.objects.exists()

    assert submit(desk, address, **form, id_number=number).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.channel) == ("issued", "window")
    person = mpi.find_by_source(place, "MZ-00007")
    assert person is not None
    assert mpi.particulars(person.person_pk).id_number == number
    assert AuditEntry.objects.filter(action="batch.row_completed", subject_id=row.public_id).count() == 1
    assert results(batch)[2] == ("issued", "")
    # A colleague with the same page open is told.
    assert desk.get(address).status_code == 409


def test_the_work_list_can_be_printed_and_downloaded(desk: Client, sandbox: Sandbox) -> None:
    batch = handed_in(desk, [line("测试甲", "", "MZ-00007"), line("=测试", "", "=1+1"), line("", "", "-2")])
    worked_off(batch)
    printed = text(desk.get(f"{ROOT}{batch.public_id}/unnamed/"))
    assert "MZ-00007" in printed
    assert "**甲" in printed
    listed = text(desk.get(f"{ROOT}{batch.public_id}/unnamed.csv"))
    # Nothing that a list brought in is worked out by the program that opens the file.
    assert "\n4,'-2," in listed.replace("\r", "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("姓名,性别\n测试甲,男\n".encode(), "没有找到表头"),
        (b"\x00\x01", "不能读成名单"),
        (csv_of([]), "名单里没有人"),
    ],
)
def test_what_is_no_list_is_told_on_the_form(desk: Client, content: bytes, sentence: str) -> None:
    answer = upload(desk, content)
    assert answer.status_code == 200
    assert sentence in text(answer)
    assert not Batch.objects.exists()


def test_the_same_file_twice_is_told(desk: Client, sandbox: Sandbox) -> None:
    content = csv_of([line()])
    upload(desk, content)
    assert "同样的名单已经提交过" in text(upload(desk, content))


def test_a_list_is_paused_gone_on_with_and_cancelled_from_its_page(desk: Client, sandbox: Sandbox) -> None:
    batch = handed_in(desk, [line()])
    page = f"{ROOT}{batch.public_id}/"
    for act, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        assert f"/do/{act}/" in text(desk.get(f"{page}change/"))
        assert submit(desk, f"{page}do/{act}/").status_code == 302
        batch.refresh_from_db()
        assert batch.state == state
    assert desk.get(f"{page}do/resume/").status_code == 409


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_template_can_be_filled_in_and_handed_in(desk: Client, form: str) -> None:
    answer = desk.get(f"{ROOT}template.{form}")
    assert answer["Content-Disposition"] == f'attachment; filename="template.{form}"'
    assert "名单里没有人" in text(upload(desk, answer.content))


def test_another_institution_finds_nothing_of_a_list(client: Client, desk: Client, sandbox: Sandbox) -> None:
    batch = worked_off(handed_in(desk, [line("测试甲", "", "MZ-00007")]))
    row = BatchRow.objects.get()
    stranger = people.at_work(Client(), people.staff(Role.INSTITUTION_ADMIN, people.hospital(2)))
    assert batch.public_id not in text(stranger.get(ROOT))
    assert row.public_id not in text(stranger.get(ROWS, {"q": "MZ-00007"}))
    for address in ("change/", "result.csv", "unnamed.csv", "unnamed/", "do/cancel/"):
        assert stranger.get(f"{ROOT}{batch.public_id}/{address}").status_code == 404, address
    assert stranger.get(f"{ROWS}{row.public_id}/do/complete/").status_code == 404


def test_a_window_clerk_completes_but_hands_no_list_in(place: str, desk: Client, sandbox: Sandbox) -> None:
    worked_off(handed_in(desk, [line("测试甲", "", "MZ-00007")]))
    clerk = people.at_work(Client(), people.staff(Role.WINDOW_CLERK, place))
    assert clerk.get(f"{ROOT}add/").status_code == 403
    assert clerk.get(f"{ROOT}{Batch.objects.get().public_id}/result.csv").status_code == 403
    assert "MZ-00007" in text(clerk.get(ROWS))
    assert clerk.get(f"{ROWS}{BatchRow.objects.get().public_id}/do/complete/").status_code == 200


def test_the_centre_hands_in_lists_of_its_own_and_for_an_institution(
    client: Client, place: str, sandbox: Sandbox
) -> None:
    centre = people.at_work(client, people.staff(Role.CENTRE_ADMIN))
    root = "/admin/cards/batch/"
    assert upload(centre, csv_of([line(patient="P1")]), root=root).status_code == 302
    assert upload(centre, csv_of([line(patient="P1")]), root=root, institution=place).status_code == 302
    own, theirs = Batch.objects.order_by("pk")
    assert own.institution is None
    assert theirs.institution is not None
    for batch in (own, theirs):
        assert results(worked_off(batch)) == {2: ("issued", "")}
    assert mpi.find_by_source(place, "P1") is not None
    assert Card.objects.filter(institution=None).count() == 1


def test_lists_are_read_with_few_queries(
    desk: Client, sandbox: Sandbox, django_assert_max_num_queries: Any
) -> None:
    for place in range(4):
        handed_in(desk, [line("测试甲", "", f"P{place}-{number}") for number in range(10)])
    desk.get(ROOT)
    with django_assert_max_num_queries(14):
        desk.get(ROOT)
    with django_assert_max_num_queries(14):
        desk.get(ROWS)
