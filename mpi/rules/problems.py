"""Each way in which what somebody typed can be wrong, with its sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Fault(StrEnum):
    """The kinds of faults; the value is the code that outsiders get."""

    TYPE_UNKNOWN = "type_unknown"
    NUMBER_MISSING = "number_missing"
    NUMBER_LENGTH = "number_length"
    NUMBER_CHARACTERS = "number_characters"
    NUMBER_DIVISION = "number_division"
    NUMBER_DATE = "number_date"
    NUMBER_DATE_FUTURE = "number_date_future"
    NUMBER_DATE_TOO_OLD = "number_date_too_old"
    NUMBER_CHECK_DIGIT = "number_check_digit"
    NUMBER_SHAPE = "number_shape"
    BIRTH_DATE_DISAGREES = "birth_date_disagrees"
    BIRTH_DATE_FUTURE = "birth_date_future"
    BIRTH_DATE_TOO_OLD = "birth_date_too_old"
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    NAME_DIGITS = "name_digits"
    NAME_CHARACTERS = "name_characters"
    NAME_DOTS = "name_dots"
    PHONE_SHAPE = "phone_shape"


SENTENCES: Mapping[Fault, str | Promise] = {
    Fault.TYPE_UNKNOWN: _("没有这种证件类型，请从列表中选择"),
    Fault.NUMBER_MISSING: _("请填写证件号码"),
    Fault.NUMBER_LENGTH: _("身份证号应为 18 位，现在是 %(count)s 位，请看看是否多写或漏写"),
    Fault.NUMBER_CHARACTERS: _("身份证号前 17 位应为数字，最后一位是数字或字母 X"),
    Fault.NUMBER_DIVISION: _("身份证号开头的地区码不存在，请对照证件核对前 6 位"),
    Fault.NUMBER_DATE: _("身份证号第 7 至 14 位不是一个真实的日期，请对照证件核对"),
    Fault.NUMBER_DATE_FUTURE: _("身份证号中的出生日期晚于今天，请对照证件核对第 7 至 14 位"),
    Fault.NUMBER_DATE_TOO_OLD: _("身份证号中的出生日期过早，请对照证件核对第 7 至 14 位"),
    Fault.NUMBER_CHECK_DIGIT: _("身份证号最后一位对不上，请对照证件再核对一遍"),
    Fault.NUMBER_SHAPE: _("证件号码的格式与所选证件类型不符，请对照证件核对"),
    Fault.BIRTH_DATE_DISAGREES: _("出生日期与身份证号不一致，请核对两处"),
    Fault.BIRTH_DATE_FUTURE: _("出生日期晚于今天，请核对"),
    Fault.BIRTH_DATE_TOO_OLD: _("出生日期过早，请核对"),
    Fault.NAME_MISSING: _("请填写姓名"),
    Fault.NAME_TOO_LONG: _("姓名最多 %(count)s 个字，请按证件填写"),
    Fault.NAME_DIGITS: _("姓名中不能有数字，请按证件填写"),
    Fault.NAME_CHARACTERS: _("姓名中有不能识别的符号，请去掉后按证件填写"),
    Fault.NAME_DOTS: _("姓名中的间隔点要写在两段名字之间，请按证件填写"),
    Fault.PHONE_SHAPE: _("电话号码格式不对，请核对；手机号应为 11 位"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in one field.

    Attributes:
        field: Name of the field at fault: ``id_type``, ``id_number``, ``name`` ...
        count: The number in the sentence, where it has one; never personal data.
    """

    fault: Fault
    field: str
    count: int = 0

    @property
    def code(self) -> str:
        """The stable code of the fault."""
        return self.fault.value

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, in the active language."""
        text = str(SENTENCES[self.fault])
        return text % {"count": self.count} if "%(" in text else text
