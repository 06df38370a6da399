"""The columns of a list, by the many names that people give them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from cards.errors import BatchHeaderMissing, BatchHeaderRepeated

HEADER_WITHIN = 10

# Field: its name on the template first, then what else it is called.
NAMES: Mapping[str, tuple[str, ...]] = {
    "name": ("姓名", "患者姓名", "居民姓名", "持卡人姓名", "名字", "name", "fullname", "patientname"),
    "id_type": ("证件类型", "证件类别", "证件种类", "idtype", "certificatetype"),
    "id_number": (
        "证件号码",
        "证件号",
        "身份证号",
        "身份证号码",
        "身份证",
        "公民身份号码",
        "居民身份证号",
        "idnumber",
        "idno",
        "idcard",
        "certificatenumber",
    ),
    "sex": ("性别", "gender", "sex"),
    "birth_date": ("出生日期", "出生年月日", "生日", "birthdate", "birthday", "dateofbirth", "dob"),
    "nation": ("民族", "nation", "ethnicity", "ethnicgroup"),
    "phone": ("联系电话", "手机号", "手机号码", "电话", "手机", "phone", "mobile", "telephone"),
    "address": ("地址", "家庭住址", "住址", "现住址", "联系地址", "address"),
    "patient_id": (
        "院内号",
        "患者编号",
        "患者号",
        "病人号",
        "病人编号",
        "就诊卡号",
        "门诊号",
        "病案号",
        "学号",
        "工号",
        "patientid",
        "patid",
        "patientnumber",
        "patientno",
    ),
}
TITLES: Mapping[str, str] = {field: names[0] for field, names in NAMES.items()}
_FIELDS: Mapping[str, str] = {name: field for field, names in NAMES.items() for name in names}
_NOTE = re.compile(r"[((【\[][^))】\]]*[))】\]]")
_NOISE = re.compile(r"[\s*_\-.:：/＊]+")


def field_of(header: str) -> str:
    """The field that a header names, as 证件号码（必填）* or ID_Number; empty for any other column."""
    text = _NOTE.sub("", unicodedata.normalize("NFKC", header))
    return _FIELDS.get(_NOISE.sub("", text).lower(), "")


def is_header(cells: Sequence[str]) -> bool:
    """Whether a line names the columns that no list can do without."""
    return {"name", "id_number"} <= {field_of(cell) for cell in cells}


def places(cells: Sequence[str]) -> dict[str, int]:
    """Where each field stands in a header.

    Raises:
        BatchHeaderRepeated: If two columns are the same field.
        BatchHeaderMissing: If it is no header.
    """
    if not is_header(cells):
        raise BatchHeaderMissing
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        field = field_of(cell)
        if field in found:
            raise BatchHeaderRepeated(name=TITLES[field])
        if field:
            found[field] = place
    return found
