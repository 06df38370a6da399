"""Cleansing a list (GA 1.4): one form for what is written in many, the named apart from the unnamed.

Lines with a usable name and certificate wait for the real-name check. Lines without are the
unnamed, to be completed at the counter with the document in hand (GA 7.3). What cannot be
treated at all is refused. Nothing here asks anybody or reads a table.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from cards.batch.reading import RawRow
from cards.batch.states import Reason, RowState
from foundation.core.text import normalise_name, normalise_number
from mpi import rules

LONGEST_PATIENT_ID = 64
LONGEST_ADDRESS = 200

_SEXES: Mapping[str, str] = {
    **dict.fromkeys(("男", "男性", "1", "M", "MALE"), "1"),
    **dict.fromkeys(("女", "女性", "2", "F", "FEMALE"), "2"),
    **dict.fromkeys(("未说明", "9"), "9"),
}
_NATION_CODES: Mapping[str, str] = {
    **{code: code for code in rules.NATIONS},
    **{name.removesuffix("族"): code for code, name in rules.NATIONS.items()},
    **{name: code for code, name in rules.NATIONS.items()},
}
_TYPE_CODES: Mapping[str, str] = {
    **{str(kind.name): code for code, kind in rules.CERTIFICATE_TYPES.items()},
    **{code: code for code in rules.CERTIFICATE_TYPES},
    **{code.lstrip("0"): code for code in rules.CERTIFICATE_TYPES},
    **dict.fromkeys(("身份证", "二代身份证", "公民身份证", "IDCARD"), "01"),
    **dict.fromkeys(("户口簿", "户口本"), "02"),
    **dict.fromkeys(("护照", "PASSPORT"), "03"),
    **dict.fromkeys(("港澳通行证", "港澳居民通行证", "回乡证"), "06"),
    **dict.fromkeys(("台湾通行证", "台胞证"), "07"),
    **dict.fromkeys(("出生证", "出生证明"), "08"),
}
_NO_NAME = frozenset(
    ["无名氏", "无名", "无姓名", "未知", "不详", "不明", "佚名", "匿名", "某某", "某人", "无", "空"]
)
_NO_NUMBER = frozenset(["无", "无证", "无证件", "未知", "不详", "不明", "暂无", "未带", "空", "/"])
_NOTHING = frozenset(["UNKNOWN", "NONE", "NULL", "NA", "N/A"])
_DATE = re.compile(r"([12][0-9]{3})[-/.年]?([0-9]{1,2})[-/.月]?([0-9]{1,2})日?(?:[ T]00?:00(?::00)?)?")


@dataclass(frozen=True, slots=True)
class CleanRow:
    """One line in stored form.

    Attributes:
        content: Fields of a person by the names of ``PersonIdentity``, and ``patient_id``;
            what is empty is left out.
    """

    line: int
    content: Mapping[str, str] = field(repr=False)
    state: RowState = RowState.WAITING
    reason: str = ""
    reason_number: int | None = None


def cleanse(rows: Iterable[RawRow], *, today: date) -> list[CleanRow]:
    """Every line in stored form, in the order of the list."""
    return _without_repetitions([_clean(row, today) for row in rows])


def birth_date_of(content: Mapping[str, str]) -> date | None:
    """The birth date of a cleansed line."""
    return date.fromisoformat(content["birth_date"]) if content.get("birth_date") else None


def _clean(row: RawRow, today: date) -> CleanRow:
    given = row.values
    id_type = _id_type(given.get("id_type", ""))
    born = _birth_date(given["birth_date"]) if given.get("birth_date") else None
    phone = rules.normalise_phone(given.get("phone", ""))
    content = {
        "name": normalise_name(given.get("name", "")),
        "id_type": id_type,
        "id_number": rules.canonical_number(id_type, given.get("id_number", "")),
        "sex": _SEXES.get(given.get("sex", "").upper(), ""),
        "birth_date": born.isoformat() if born else "",
        "nation": _NATION_CODES.get(given.get("nation", ""), ""),
        # A telephone number that cannot be one helps nobody, and keeps nobody from a card.
        "phone": phone if phone and not rules.check_phone(phone) else "",
        "address": given.get("address", "").replace("\n", " "),
        "patient_id": given.get("patient_id", ""),
    }
    clean = CleanRow(row.line, {name: value for name, value in content.items() if value})
    return _judged(clean, row, born, today)


def _judged(clean: CleanRow, row: RawRow, born: date | None, today: date) -> CleanRow:
    content = clean.content
    too_long = (
        len(content.get("patient_id", "")) > LONGEST_PATIENT_ID
        or len(content.get("address", "")) > LONGEST_ADDRESS
    )
    if row.fault is Reason.NUMBER_LOST_DIGITS:
        return replace(clean, state=RowState.UNNAMED, reason=row.fault)
    if row.fault is not None or too_long:
        return replace(clean, state=RowState.REFUSED, reason=row.fault or Reason.UNREADABLE)
    if "birth_date" in row.values and born is None:
        return replace(clean, state=RowState.REFUSED, reason=Reason.BIRTH_DATE_UNREADABLE)
    if content.get("name", "").upper() in _NO_NAME | _NOTHING:
        return replace(clean, state=RowState.UNNAMED, reason=Reason.NAME_PLACEHOLDER)
    if _is_no_number(content.get("id_number", "")):
        return replace(clean, state=RowState.UNNAMED, reason=Reason.NUMBER_PLACEHOLDER)
    problems = [
        *rules.check_name(content.get("name", "")),
        *rules.check_certificate(content["id_type"], content["id_number"], born, today=today),
    ]
    if not problems:
        return clean
    first = problems[0]
    return replace(clean, state=RowState.UNNAMED, reason=first.code, reason_number=first.count or None)


def _is_no_number(number: str) -> bool:
    return not number or number in _NO_NUMBER | _NOTHING or len(set(number)) == 1


def _id_type(text: str) -> str:
    """The code of a type of certificate; what is not known stays, and is found at fault."""
    plain = normalise_number(text)
    return _TYPE_CODES.get(plain, plain[:2]) if plain else "01"


def _birth_date(text: str) -> date | None:
    found = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def _without_repetitions(rows: Sequence[CleanRow]) -> list[CleanRow]:
    """The first line of each person and of each patient number stays, the others name it."""
    people: dict[tuple[str, str], CleanRow] = {}
    patients: dict[str, CleanRow] = {}
    kept = []
    for row in rows:
        other, reason = None, ""
        if row.state is RowState.WAITING:
            keys = rules.known_as(row.content["id_type"], row.content["id_number"])
            other = next((people[key] for key in keys if key in people), None)
            if other is None:
                people.update(dict.fromkeys(keys, row))
            else:
                same = other.content["name"] == row.content["name"]
                reason = Reason.DUPLICATE_LINE if same else Reason.NUMBER_REPEATED
        patient = row.content.get("patient_id", "")
        if other is None and patient and row.state is not RowState.REFUSED:
            first = patients.setdefault(patient, row)
            if first is not row:
                other, reason = first, Reason.DUPLICATE_PATIENT_ID
        kept.append(
            row
            if other is None
            else replace(row, state=RowState.REFUSED, reason=reason, reason_number=other.line)
        )
    return kept
