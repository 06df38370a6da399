"""Files as people make them, and files that somebody made to do harm."""

import io
import itertools
import zipfile
from datetime import date, datetime

import pytest
from pytest_django import Settings

from cards.batch.cleansing import CleanRow, cleanse
from cards.batch.columns import field_of
from cards.batch.reading import read
from cards.batch.states import sentence_of
from cards.errors import (
    BatchEmpty,
    BatchFileRefused,
    BatchFileTooLarge,
    BatchHeaderMissing,
    BatchHeaderRepeated,
)
from tests.cards.listing import csv_of, line, xlsx_of
from tests.cards.world import citizen_number

pytestmark = pytest.mark.row("ID-09")

TODAY = date(2026, 11, 21)
NUMBER = "11010020171225006X"


def cleansed(content: bytes) -> list[CleanRow]:
    return cleanse(read(content), today=TODAY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_that_are_met(encoding: str) -> None:
    (row,) = cleansed(csv_of([line("测试㛃", NUMBER, "P1")], encoding=encoding))
    assert (row.line, row.state) == (2, "waiting")
    assert row.content == {
        "name": "测试㛃",
        "id_type": "01",
        "id_number": NUMBER,
        "phone": "13900000000",
        "patient_id": "P1",
    }


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_columns_are_told_apart_whatever_stands_between_them(separator: str) -> None:
    content = (
        separator.join(["Name", "ID Number", "Patient ID"]) + "\n" + separator.join(["测试甲", NUMBER, "P1"])
    )
    (row,) = cleansed(content.encode())
    assert row.content["patient_id"] == "P1"


def test_a_workbook_is_read_with_its_texts_dates_and_whole_numbers() -> None:
    header = ("序号", "患者姓名*", "身份证号(必填)", "出生日期", "民族", "门诊号", "备注")
    content = xlsx_of(
        [("某院患者名单",), header, (1, " 测试甲 ", NUMBER.lower(), datetime(2017, 12, 25), "汉", 1001, "x")],
        header=(),
    )
    (row,) = cleansed(content)
    assert row.line == 4
    assert row.content == {
        "name": "测试甲",
        "id_type": "01",
        "id_number": NUMBER,
        "birth_date": "2017-12-25",
        "nation": "01",
        "patient_id": "1001",
    }


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("姓 名", "name"),
        ("证件号码（必填）", "id_number"),
        ("ID_NO.", "id_number"),
        ("公民身份号码", "id_number"),
        ("Patient ID", "patient_id"),
        ("手机号码：", "phone"),
        ("备注", ""),
        ("", ""),
    ],
)
def test_a_header_is_known_by_many_names(header: str, field: str) -> None:
    assert field_of(header) == field


@pytest.mark.parametrize(
    ("cell", "state", "reason"),
    [
        (110101199001011234, "unnamed", "number_lost_digits"),
        ("1.10101E+17", "unnamed", "number_lost_digits"),
        ("=A1&B1", "refused", "formula"),
        ("", "unnamed", "number_placeholder"),
        ("无", "unnamed", "number_placeholder"),
        ("000000000000000000", "unnamed", "number_placeholder"),
        ("110100201712250060", "unnamed", "number_check_digit"),
        ("11010020171225", "unnamed", "number_length"),
        ("1" * 500, "refused", "unreadable"),
        (True, "refused", "unreadable"),
    ],
)
def test_what_is_no_certificate_number_is_not_guessed(cell: object, state: str, reason: str) -> None:
    (row,) = cleansed(xlsx_of([("测试甲", "", cell)]))
    assert (row.state, row.reason) == (state, reason)
    assert sentence_of(row.reason, row.reason_number)
    assert "%" not in sentence_of(row.reason, row.reason_number)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({2: f'"=""{NUMBER}"""'}, {"id_number": NUMBER}),
        ({2: f"'{NUMBER}"}, {"id_number": NUMBER}),
        ({2: "１１０１００２０１７１２２５００６Ｘ"}, {"id_number": NUMBER}),
        ({0: "阿卜杜拉•测试", 2: NUMBER}, {"name": "阿卜杜拉·测试"}),
        ({1: "护照", 2: "e 1234567"}, {"id_type": "03", "id_number": "E1234567"}),
        ({1: "1", 2: NUMBER}, {"id_type": "01"}),
        ({2: NUMBER, 3: "女"}, {"sex": "2"}),
        ({2: NUMBER, 3: "不清楚"}, {"sex": None}),
        ({2: NUMBER, 4: "无"}, {"phone": None}),
        ({2: NUMBER, 4: "+86 139 0000 0000"}, {"phone": "13900000000"}),
    ],
)
def test_what_is_written_in_many_forms_is_stored_in_one(
    changes: dict[int, str], expected: dict[str, str | None]
) -> None:
    given = line(number=NUMBER)
    for place, text in changes.items():
        given[place] = text
    (row,) = cleansed(csv_of([given]))
    assert row.state == "waiting"
    assert {name: row.content.get(name) for name in expected} == expected


def test_repetitions_name_the_first_line() -> None:
    first, second = citizen_number(), citizen_number()
    rows = cleansed(
        csv_of([line(number=first), line(number=second), line(number=first), line("测试乙", second)])
    )
    found = [(row.line, row.reason, row.reason_number) for row in rows]
    assert found == [(2, "", None), (3, "", None), (4, "duplicate_line", 2), (5, "number_repeated", 3)]
    assert sentence_of("duplicate_line", 2).startswith("与第 2 行")


def test_the_number_that_a_household_register_shows_is_the_same_person() -> None:
    number = citizen_number()
    rows = cleansed(csv_of([line(number=number, id_type="户口簿"), line(number=number)]))
    assert [row.reason for row in rows] == ["", "duplicate_line"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", BatchHeaderMissing),
        ("你好".encode(), BatchHeaderMissing),
        (csv_of([line()], header=("姓名", "性别")), BatchHeaderMissing),
        (csv_of([]), BatchEmpty),
        (csv_of([[""] * 6]), BatchEmpty),
        (csv_of([line()], header=("姓名", "证件号", "身份证号")), BatchHeaderRepeated),
        (b"\xff\xfe\x00\x01", BatchFileRefused),
        (b"\xff\xff\xff", BatchFileRefused),
        (b"\x89PNG\r\n", BatchHeaderMissing),
        ('姓名,证件号码\n"没有结束'.encode(), BatchFileRefused),
        (b"PK\x03\x04 no archive", BatchFileRefused),
        (xlsx_of([line()])[:-200], BatchFileRefused),
    ],
    # The numbers are invented anew in each process, and the names of tests must not be.
    ids=map(str, itertools.count()),
)
def test_what_is_no_list_is_refused_with_what_to_do(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(content)


def test_a_list_is_bounded_in_lines_and_bytes(settings: Settings) -> None:
    settings.BATCH_MOST_ROWS = 2
    rows = [line() for _ in range(3)]
    assert len(read(csv_of(rows[:2]))) == 2
    with pytest.raises(BatchFileTooLarge):
        read(csv_of(rows))
    with pytest.raises(BatchFileTooLarge):
        read(xlsx_of(rows))
    settings.BATCH_MOST_BYTES = 100
    with pytest.raises(BatchFileTooLarge):
        read(csv_of(rows[:1]) + b" " * 100)


def repacked(content: bytes, name: str, part: bytes) -> bytes:
    """A workbook with one of its parts exchanged."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            new.writestr(entry.filename, part if entry.filename == name else old.read(entry))
    return written.getvalue()


def test_a_workbook_that_unpacks_to_a_mountain_is_refused_unopened() -> None:
    bomb = repacked(xlsx_of([line()]), "xl/worksheets/sheet1.xml", b" " * 120_000_000)
    assert len(bomb) < 1_000_000
    with pytest.raises(BatchFileTooLarge):
        read(bomb)


def test_a_workbook_whose_xml_multiplies_itself_is_refused() -> None:
    entities = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 9))
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY a0 "ha">' + entities + b"]>"
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>&a8;</t></is></c></row></sheetData></worksheet>'
    )
    with pytest.raises(BatchFileRefused):
        read(repacked(xlsx_of([line()]), "xl/worksheets/sheet1.xml", laughs))
