"""The states of a list and of its lines, and why a line is where it is."""

from collections.abc import Mapping
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mpi.rules import problems as faults


class ListKind(TextChoices):
    """What kind of people the list is of (ID-09)."""

    PATIENTS = "patients", "院内患者"
    PHYSICAL_CARDS = "physical_cards", "实体健康卡持卡人"
    POVERTY = "poverty", "低收入帮扶人口"
    STAFF = "staff", "单位职工"
    STUDENTS = "students", "学生"
    BANK = "bank", "银行联名卡客户"
    OTHER = "other", "其他"


class BatchState(TextChoices):
    """Where a list stands."""

    QUEUED = "queued", "等待处理"
    WORKING = "working", "处理中"
    PAUSED = "paused", "已暂停"
    CANCELLED = "cancelled", "已取消"
    DONE = "done", "已完成"


RUNNABLE = (BatchState.QUEUED.value, BatchState.WORKING.value)
OPEN = (*RUNNABLE, BatchState.PAUSED.value)


class Note(TextChoices):
    """Why a list stands still by itself."""

    CHECKS_UNANSWERED = "checks_unanswered", "实名核验没有答复，稍后自动继续"
    LINES_FAILED = "lines_failed", "有几行处理时出错，稍后自动重试"
    CHANNEL_STOPPED = "channel_stopped", "卡管中心停用了批量预制渠道，恢复后请点「继续」"


class RowState(TextChoices):
    """Where a line stands."""

    WAITING = "waiting", "待处理"
    ISSUED = "issued", "已发卡"
    EXISTING = "existing", "原已有卡"
    UNNAMED = "unnamed", "待实名"
    REFUSED = "refused", "不能发卡"
    CANCELLED = "cancelled", "已取消"


class Reason(StrEnum):
    """Why a line has no card, or no new one; beside these there are the faults of particulars."""

    DUPLICATE_LINE = "duplicate_line"
    NUMBER_REPEATED = "number_repeated"
    DUPLICATE_PATIENT_ID = "duplicate_patient_id"
    ALREADY_HAS_CARD = "already_has_card"
    NAME_PLACEHOLDER = "name_placeholder"
    NUMBER_PLACEHOLDER = "number_placeholder"
    NUMBER_LOST_DIGITS = "number_lost_digits"
    FORMULA = "formula"
    UNREADABLE = "unreadable"
    BIRTH_DATE_UNREADABLE = "birth_date_unreadable"
    CERTIFICATE_TOO_LONG = "certificate_too_long"
    REAL_NAME_MISMATCH = "real_name_mismatch"
    REAL_NAME_NOT_FOUND = "real_name_not_found"
    REAL_NAME_UNANSWERED = "real_name_unanswered"
    IDENTITY_CONFLICT = "identity_conflict"
    SOURCE_RECORD_TAKEN = "source_record_taken"
    CANNOT_ISSUE = "cannot_issue"
    FAILED_REPEATEDLY = "failed_repeatedly"
    BATCH_CANCELLED = "batch_cancelled"


SENTENCES: Mapping[str, str | Promise] = {
    Reason.DUPLICATE_LINE: _("与第 %(line)s 行是同一个人，本行没有处理"),
    Reason.NUMBER_REPEATED: _("证件号码与第 %(line)s 行相同，姓名却不同，请对照证件核对两行"),
    Reason.DUPLICATE_PATIENT_ID: _("院内号与第 %(line)s 行相同，但不是同一个人，请先在院内系统核对"),
    Reason.ALREADY_HAS_CARD: _("此人原来就有健康卡，没有重复发卡；填了院内号的，已关联到原卡"),
    Reason.NAME_PLACEHOLDER: _("姓名是「无名氏」一类的代称，请患者到窗口出示证件"),
    Reason.NUMBER_PLACEHOLDER: _("没有证件号码，请患者到窗口出示证件"),
    Reason.NUMBER_LOST_DIGITS: _("证件号码在表格里成了数字，末几位已经丢失，请把该列设为文本后重新填写"),
    Reason.FORMULA: _("单元格里是公式，不是内容，请粘贴为数值后重新上传"),
    Reason.UNREADABLE: _("有一格过长或含有不能识别的字符，请核对原表"),
    Reason.BIRTH_DATE_UNREADABLE: _("出生日期不能识别，请写成 1990-01-31 这样"),
    Reason.CERTIFICATE_TOO_LONG: _("证件号码过长，不能生成健康卡，请到窗口核对证件"),
    Reason.REAL_NAME_MISMATCH: _("姓名与证件号码对不上，请核对证件后到窗口补办"),
    Reason.REAL_NAME_NOT_FOUND: _("人口库中查无此人，请核对证件后到窗口补办"),
    Reason.REAL_NAME_UNANSWERED: _("多次核验都没有得到答复，请核对证件后到窗口补办"),
    Reason.IDENTITY_CONFLICT: _("这个证件号码已用另一个姓名或出生日期登记，请携带证件到窗口人工核对"),
    Reason.SOURCE_RECORD_TAKEN: _("这个院内号已关联另一人，请先在院内系统核对"),
    Reason.CANNOT_ISSUE: _("系统不能为这一行发卡，请联系卡管中心"),
    Reason.FAILED_REPEATEDLY: _(
        "系统几次处理这一行都出错，没有发卡；请核对证件后到窗口补办，窗口也办不成的，请把名单和行号告诉卡管中心"
    ),
    Reason.BATCH_CANCELLED: _("名单已取消，本行没有处理"),
    # What is wrong with particulars, in the words of the form that people fill in themselves.
    **{fault.value: sentence for fault, sentence in faults.SENTENCES.items()},
}


def sentence_of(reason: str, number: int | None) -> str:
    """Why a line is where it is, in the active language; empty without a reason.

    Args:
        number: The line or the count in the sentence, where it has one.
    """
    text = str(SENTENCES.get(reason, ""))
    return text % {"line": number, "count": number} if "%(" in text else text
