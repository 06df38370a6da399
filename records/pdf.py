"""A report as PDF with the hospital's letterhead, where the hospital sends none of its own."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from foundation.core import clock
from foundation.core.paper import NoFont, Sheet, can_print
from records.errors import DocumentNotFound
from records.selectors.reports import ReadReport, Result

_COLUMNS = (58, 30, 24, 38, 24)


def can_render() -> bool:
    """Whether there is a font to write with."""
    return can_print()


def render_report(report: ReadReport, *, name: str, institution: str) -> bytes:
    """The PDF of a version: head, results or findings, and the foot that says where this comes from.

    Args:
        name: The patient's, as it is to stand on it.
        institution: The hospital's full name.

    Raises:
        DocumentNotFound: There is no font to write it with.
    """
    running = (report.title, f"{_('姓名')} {name}", f"{_('报告号')} {report.number}")
    try:
        sheet = Sheet(letterhead=institution, running=running)
    except NoFont as exc:
        raise DocumentNotFound from exc
    sheet.title(report.title)
    _facts(sheet, report, name)
    if report.results:
        _table(sheet, report.results)
    for heading, text in ((_("所见"), report.findings), (_("结论"), report.conclusion)):
        if text:
            sheet.line(heading, size=12)
            sheet.line(text)
            sheet.gap(2)
    _foot(sheet, report)
    return sheet.finished()


def _facts(sheet: Sheet, report: ReadReport, name: str) -> None:
    signed = f"{clock.beijing(report.reported_at):%Y-%m-%d %H:%M}"
    sheet.facts(
        (
            (_("姓名"), name),
            (_("科室"), report.department),
            (_("医生"), report.doctor),
            (_("标本"), report.specimen),
            (_("报告时间"), signed),
            (_("报告号"), report.number),
        )
    )


def _table(sheet: Sheet, results: Sequence[Result]) -> None:
    rows = [(_("项目"), _("结果"), _("单位"), _("参考范围"), _("提示"))]
    rows += [(one.name, one.value, one.unit, one.reference, one.mark_words) for one in results]
    sheet.table(rows, columns=_COLUMNS)


def _foot(sheet: Sheet, report: ReadReport) -> None:
    sheet.gap(4)
    made = f"{clock.beijing(clock.now()):%Y-%m-%d %H:%M}"
    sheet.line(
        _("本页由%(centre)s按医院发布的第 %(version)d 版内容生成，生成时间 %(made)s。以医院原件为准。")
        % {"centre": settings.CENTRE_NAME, "version": report.version, "made": made},
        size=8,
    )
    if not report.is_current:
        sheet.line(_("这一版已被医院更正，请看最新一版。"), size=8)
