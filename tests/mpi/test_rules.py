"""What may be said of a person: certificates, names, telephone numbers."""

import string
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from foundation.core.text import normalise_name
from mpi import rules
from mpi.rules import Fault

TODAY = date(2026, 11, 20)
SPECIFICATION = "11010020171225006X"

birth_dates = st.dates(min_value=date(1900, 1, 1), max_value=TODAY)
divisions = st.sampled_from(["110100", "370100", "430100", "650100", "810000", "830000"])
sequences = st.integers(0, 999).map("{:03d}".format)


def citizen_number(division: str, born: date, sequence: str) -> str:
    first = f"{division}{born:%Y%m%d}{sequence}"
    return first + rules.check_digit_of(first)


valid_numbers = st.builds(citizen_number, divisions, birth_dates, sequences)


def faults(id_type: str, number: str, birth_date: date | None = None) -> list[Fault]:
    return [problem.fault for problem in rules.check_certificate(id_type, number, birth_date, today=TODAY)]


# GB 11643


def test_the_number_printed_in_the_specification_is_valid() -> None:
    assert faults("01", SPECIFICATION) == []
    assert rules.birth_date_of("01", SPECIFICATION) == date(2017, 12, 25)
    assert rules.sex_of("01", SPECIFICATION) == "2"


@given(divisions, birth_dates, sequences)
def test_every_made_number_is_valid_and_tells_what_it_was_made_of(
    division: str, born: date, sequence: str
) -> None:
    number = citizen_number(division, born, sequence)
    assert faults("01", number) == []
    assert rules.birth_date_of("01", number) == born
    assert rules.sex_of("01", number) == ("1" if int(sequence) % 2 else "2")


@given(valid_numbers, st.integers(0, 16), st.sampled_from(string.digits))
def test_no_single_mistyped_digit_goes_unnoticed(number: str, place: int, digit: str) -> None:
    assume(number[place] != digit)
    assert faults("01", number[:place] + digit + number[place + 1 :]) != []


@given(valid_numbers, st.integers(0, 15))
def test_no_exchange_of_two_neighbouring_digits_goes_unnoticed(number: str, place: int) -> None:
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert faults("01", swapped) != []


@given(valid_numbers, st.sampled_from("0123456789X"))
def test_only_one_character_ends_a_number(number: str, character: str) -> None:
    expected = [] if character == number[17] else [Fault.NUMBER_CHECK_DIGIT]
    assert faults("01", number[:17] + character) == expected


@given(st.text(max_size=30))
def test_no_text_breaks_the_check(text: str) -> None:
    for id_type in rules.CERTIFICATE_TYPES:
        rules.check_certificate(id_type, text, today=TODAY)
        rules.known_as(id_type, text)
        rules.birth_date_of(id_type, text)


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("", Fault.NUMBER_MISSING),
        ("  ", Fault.NUMBER_MISSING),
        ("1101002017122500", Fault.NUMBER_LENGTH),
        ("11010020171225006X1", Fault.NUMBER_LENGTH),
        ("1101002017122500A1", Fault.NUMBER_CHARACTERS),
        ("X10100201712250061", Fault.NUMBER_CHARACTERS),
        ("001010020171225006"[:18], Fault.NUMBER_DIVISION),
        ("990100201712250061", Fault.NUMBER_DIVISION),
        ("110100201702300060", Fault.NUMBER_DATE),
        ("110100201713250060", Fault.NUMBER_DATE),
        ("110100000001010060", Fault.NUMBER_DATE),
        ("110100202702280060", Fault.NUMBER_DATE_FUTURE),
        ("110100189002280060", Fault.NUMBER_DATE_TOO_OLD),
        ("110100201712250060", Fault.NUMBER_CHECK_DIGIT),
    ],
)
def test_the_reason_of_a_refused_number_is_said(number: str, fault: Fault) -> None:
    assert faults("01", number) == [fault]


def test_a_number_born_today_is_possible_and_one_born_tomorrow_is_not() -> None:
    assert faults("01", citizen_number("110100", TODAY, "001")) == []
    assert faults("01", citizen_number("110100", TODAY + timedelta(days=1), "001")) == [
        Fault.NUMBER_DATE_FUTURE
    ]


def test_the_29th_of_february_exists_in_leap_years_only() -> None:
    assert faults("01", citizen_number("110100", date(2000, 2, 29), "001")) == []
    first = "11010019000229001"
    assert faults("01", first + rules.check_digit_of(first)) == [Fault.NUMBER_DATE]


@pytest.mark.parametrize(
    "typed",
    [
        "11010020171225006x",
        "110100 20171225 006X",
        "110100-20171225-006X",
        "１１０１００２０１７１２２５００６Ｘ",
    ],
)
def test_a_number_is_read_however_it_was_typed(typed: str) -> None:
    assert faults("01", typed) == []
    assert rules.canonical_number("01", typed) == SPECIFICATION


def test_an_old_number_of_15_digits_becomes_one_of_18() -> None:
    long = rules.canonical_number("01", "110100491231002")
    assert long.startswith("11010019491231002")
    assert faults("01", "110100491231002") == []
    assert rules.birth_date_of("01", "110100491231002") == date(1949, 12, 31)
    assert faults("01", "110100491332002") == [Fault.NUMBER_DATE]


def test_every_sentence_says_what_to_do_and_shows_no_number() -> None:
    for number in ("110100", "110100201712250060", "110100201702300060"):
        for problem in rules.check_certificate("01", number, today=TODAY):
            assert "请" in problem.sentence
            assert number not in problem.sentence
            assert "%(" not in problem.sentence
    assert "6 位" in rules.check_certificate("01", "110100", today=TODAY)[0].sentence


# Birth date


def test_a_birth_date_must_agree_with_the_number() -> None:
    assert faults("01", SPECIFICATION, date(2017, 12, 25)) == []
    assert faults("01", SPECIFICATION, date(2017, 12, 26)) == [Fault.BIRTH_DATE_DISAGREES]


def test_a_birth_date_beside_a_passport_must_be_possible() -> None:
    assert faults("03", "E1234567", date(1990, 1, 1)) == []
    assert faults("03", "E1234567", TODAY + timedelta(days=1)) == [Fault.BIRTH_DATE_FUTURE]
    assert faults("03", "E1234567", date(1880, 1, 1)) == [Fault.BIRTH_DATE_TOO_OLD]


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2012, 11, 20), TODAY, 14),
        (date(2012, 11, 21), TODAY, 13),
        (date(2000, 2, 29), date(2014, 2, 28), 13),
        (date(2000, 2, 29), date(2014, 3, 1), 14),
    ],
)
def test_ages_are_whole_years(born: date, day: date, age: int) -> None:
    assert rules.age_on(born, day) == age


# Other certificates


def test_the_certificate_types_are_those_of_the_code_table() -> None:
    assert sorted(rules.CERTIFICATE_TYPES) == ["01", "02", "03", "04", "05", "06", "07", "08", "99"]
    assert all(str(kind.name) for kind in rules.CERTIFICATE_TYPES.values())


@pytest.mark.parametrize("id_type", ["", "00", "1", "09", "98", "AB", "０１"])
def test_an_unknown_type_is_refused(id_type: str) -> None:
    assert faults(id_type, SPECIFICATION) == [Fault.TYPE_UNKNOWN]


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        ("02", SPECIFICATION),
        ("02", "012345678"),
        ("03", "E12345678"),
        ("03", "EA1234567"),
        ("03", "G12345678"),
        ("03", "C01X00T47"),
        ("04", "军字第1234567号"),
        ("04", "南字第01234567号"),
        ("05", "110100201712"),
        ("05", SPECIFICATION),
        ("06", "H01234567"),
        ("06", "M0123456701"),
        ("07", "01234567"),
        ("07", "0123456701"),
        ("07", "0123456701B"),
        ("07", "0123456701(B)"),
        ("08", "A110000001"),
        ("99", "ZZ-2026-0001"),
    ],
)
def test_numbers_of_each_type_are_accepted(id_type: str, number: str) -> None:
    assert faults(id_type, number) == []


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        ("02", "110100201712250060"),
        ("03", "ABCDEFG"),
        ("03", "E12"),
        ("03", "E1234 '; --"),
        ("04", "军官"),
        ("05", "1"),
        ("06", "X01234567"),
        ("06", "H0123456"),
        ("07", "H01234567"),
        ("07", "0123"),
        ("08", "1100000001"),
        ("99", "abc"),
        ("99", "9" * 31),
        ("99", "证" * 9 + "12345"),
    ],
)
def test_numbers_that_cannot_be_of_a_type_are_refused(id_type: str, number: str) -> None:
    assert len(faults(id_type, number)) == 1


def test_what_counts_renewals_does_not_name_the_person() -> None:
    assert rules.index_form("06", "H0123456701") == rules.index_form("06", "h01234567") == "H01234567"
    assert rules.index_form("07", "0123456701(B)") == rules.index_form("07", "01234567") == "01234567"


def test_a_household_register_names_the_citizen_too() -> None:
    assert rules.known_as("02", SPECIFICATION) == (("02", SPECIFICATION), ("01", SPECIFICATION))
    assert rules.known_as("02", "012345678") == (("02", "012345678"),)
    assert rules.known_as("01", SPECIFICATION) == (("01", SPECIFICATION),)


# Names


@pytest.mark.parametrize(
    "name",
    [
        "张三",
        "李",
        "买买提·吐尔逊",
        "买买提•吐尔逊",
        "阿卜杜拉·阿卜杜克热木·吐尔逊江",
        "𠮷野",
        "䶮",
        "王㛃",
        "〇明",
        "\U0003134a",
        "\U0002ebf0",
        "JOHN SMITH",
        "O'Connor",
        "ANNE-MARIE D'ARC",
        "A" * 26,
        "WOLFESCHLEGELSTEINHAUSENBERGERDORFF",
        "José García",
        "张" * 50,
    ],
)
def test_names_of_people_are_accepted(name: str) -> None:
    assert rules.check_name(name) == []


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", Fault.NAME_MISSING),
        ("  ", Fault.NAME_MISSING),
        ("张" * 51, Fault.NAME_TOO_LONG),
        ("张3", Fault.NAME_DIGITS),
        ("张３", Fault.NAME_DIGITS),
        ("张①", Fault.NAME_DIGITS),
        ("张\u200b三", Fault.NAME_CHARACTERS),
        ("张\x00三", Fault.NAME_CHARACTERS),
        ("张😀", Fault.NAME_CHARACTERS),
        ("张_三", Fault.NAME_CHARACTERS),
        ("<b>", Fault.NAME_CHARACTERS),
        ("张\ue863", Fault.NAME_CHARACTERS),
        ("--", Fault.NAME_CHARACTERS),
        ("·买买提", Fault.NAME_DOTS),
        ("买买提·", Fault.NAME_DOTS),
        ("买买提··吐尔逊", Fault.NAME_DOTS),
    ],
)
def test_what_is_no_name_is_refused_with_the_reason(name: str, fault: Fault) -> None:
    assert [problem.fault for problem in rules.check_name(name)] == [fault]


@pytest.mark.parametrize("dot", "·•‧∙⋅・･.。．")
def test_every_form_of_the_dot_gives_one_name(dot: str) -> None:
    assert normalise_name(f"买买提 {dot} 吐尔逊") == "买买提·吐尔逊"
    assert rules.check_name(f"买买提{dot}吐尔逊") == []


@given(st.text(max_size=60))
def test_no_text_breaks_the_check_of_names(text: str) -> None:
    if not rules.check_name(text):
        assert 1 <= len(normalise_name(text)) <= 50
        assert rules.tokens_of(text, None).name == normalise_name(text)


@pytest.mark.parametrize(
    ("name", "surname"),
    [
        ("张晓明", "张"),
        ("欧阳娜", "欧阳"),
        ("欧阳", "欧"),
        ("欧", "欧"),
        ("𠮷野", "𠮷"),
        ("买买提·吐尔逊", "买买提"),
        ("SMITH JOHN", "SMITH"),
        ("", ""),
    ],
)
def test_the_family_name_is_told_from_the_form(name: str, surname: str) -> None:
    assert rules.surname_of(name) == surname


def test_names_that_sound_alike_share_a_token_and_others_do_not() -> None:
    def sound(name: str) -> str:
        return rules.tokens_of(name, None).pinyin

    assert sound("张伟") == sound("章炜") == "zhangwei"
    assert sound("张伟") != sound("李伟")


def test_tokens_show_nobody_in_their_repr() -> None:
    assert repr(rules.tokens_of("张伟", date(1990, 1, 1))) == "Tokens()"


# Telephone numbers


@pytest.mark.parametrize(
    "phone",
    [
        "13900000001",
        "+86 139 0000 0001",
        "0086-13900000001",
        "139-0000-0001",
        "0531-88880000",
        "+85212345678",
    ],
)
def test_telephone_numbers_are_accepted_however_written(phone: str) -> None:
    assert rules.check_phone(phone) == []


@pytest.mark.parametrize(
    "phone", ["", "1390000000", "139000000011", "12900000001", "abc", "1390000000a", "88880000"]
)
def test_what_is_no_telephone_number_is_refused(phone: str) -> None:
    assert [problem.fault for problem in rules.check_phone(phone)] == [Fault.PHONE_SHAPE]


def test_a_mobile_number_has_one_stored_form() -> None:
    assert {
        rules.normalise_phone(form) for form in ("13900000001", "+86 139-0000-0001", "008613900000001")
    } == {"13900000001"}
