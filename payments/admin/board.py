"""The board of reconciliation: the four levels of a day, each side of the last days, and the downloads."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.core.money import yuan
from institutions import selectors as institutions
from institutions.admin.places import institution_choices
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.selectors import staff_actor
from institutions.services import require
from payments.reconciliation import files
from payments.reconciliation.rules import FileState, beijing_day
from payments.selectors import clearing, statements
from payments.selectors.hospital_days import HospitalDay, hospital_days

BOARD_DAYS = 7
PAGE = 60


class BoardForm(forms.Form):
    """Which days are shown, and of whom; staff of an institution see their own."""

    day = forms.DateField(
        label=_("账单日"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    institution = forms.ChoiceField(label=_("机构"), required=False)
    only = forms.BooleanField(label=_("只看有差异的"), required=False, label_suffix="")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        if actor.institution:
            del self.fields["institution"]
        else:
            chosen = cast(forms.ChoiceField, self.fields["institution"])
            chosen.choices = [("", _("全部机构")), *list(institution_choices(actor))[1:]]

    def asked(self) -> tuple[date, str, bool]:
        """The last day, the institution's public id, and whether only differences are wanted."""
        data = self.cleaned_data if self.is_valid() else {}
        day = data.get("day") or beijing_day(clock.now()) - timedelta(days=1)
        return day, self.actor.institution or data.get("institution", ""), bool(data.get("only"))


class BoardPages(ScopedAdmin):
    """The board and its downloads, beside the list of differences."""

    def get_urls(self) -> list[URLPattern]:
        """The board and the downloads, before the others."""
        names = f"{self.opts.app_label}_{self.opts.model_name}"
        views = {"board": self.board_view, "statement": self.statement_view, "clearing": self.clearing_view}
        return [
            *(
                path(f"{name}/", self.admin_site.admin_view(view), name=f"{names}_{name}")
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]

    def board_view(self, request: HttpRequest) -> HttpResponse:
        """Where statements stand, sums and differences of each way of paying; four levels of one day."""
        actor = staff_actor(request)
        require(actor, Duty.SEE_RECONCILIATION)
        form = BoardForm(request.GET, actor=actor)
        day, institution, only = form.asked()
        first = day - timedelta(days=BOARD_DAYS - 1)
        rows = clearing.clearing(actor=actor, first=first, last=day, institution=institution)
        posted = hospital_days(actor=actor, first=first, last=day, institution=institution)
        levels = clearing.levels(actor=actor, day=day, institution=institution)
        shown = [row for row in reversed(rows) if row.differences or not only]
        page = Paginator(shown, PAGE).get_page(request.GET.get("p"))
        posted = [row for row in reversed(posted) if row.differences or not only]
        posted_page = Paginator(posted, PAGE).get_page(request.GET.get("h"))
        address = request.GET.copy()
        for name in ("p", "h"):
            address.pop(name, None)
        context = {
            **self._frame(request, _("对账看板"), None),
            "form": form,
            "day": day,
            "first": first,
            "institution": institution,
            "page": page,
            "rows": [_board_row(row) for row in page],
            "posted_page": posted_page,
            "posted": [_posted_row(row) for row in posted_page],
            "owed": _owed(rows),
            "levels": levels,
            "level_rows": _level_rows(levels),
            "asked": address.urlencode(),
        }
        return TemplateResponse(request, "payments/admin/board.html", context)

    def statement_view(self, request: HttpRequest) -> HttpResponse:
        """The statement of a day of one institution, as CSV."""
        actor, day, institution = self._asked(request)
        place = institutions.visible(actor).filter(public_id=institution).first()
        if place is None:
            raise NotFound
        rows = statements.statement_of(actor=actor, institution=institution, day=day)
        _note_download(actor, place, institution, len(rows))
        return _csv(files.written(rows), f"statement-{place.code}-{day.isoformat()}.csv")

    def clearing_view(self, request: HttpRequest) -> HttpResponse:
        """What is owed by each way of paying on the days of the board, as CSV."""
        actor, day, institution = self._asked(request)
        first = day - timedelta(days=BOARD_DAYS - 1)
        rows = clearing.clearing(actor=actor, first=first, last=day, institution=institution)
        _note_download(actor, ("payments.clearing", day.isoformat()), institution, len(rows))
        return _csv(files.written_clearing(rows), f"clearing-{first.isoformat()}-{day.isoformat()}.csv")

    def _asked(self, request: HttpRequest) -> tuple[Actor, date, str]:
        actor = staff_actor(request)
        require(actor, Duty.SEE_RECONCILIATION)
        form = BoardForm(request.GET, actor=actor)
        if not form.is_valid() or form.cleaned_data["day"] is None:
            raise NotFound
        return actor, form.cleaned_data["day"], form.asked()[1]


def _note_download(actor: Actor, subject: Any, institution: str, count: int) -> None:
    audit.record(
        Action.STATEMENT_DOWNLOADED,
        actor=actor,
        subject=subject,
        institution=institution,
        details={"count": count, "channel": "admin"},
    )


def _csv(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _level_rows(levels: clearing.Levels) -> list[tuple[str, clearing.Sums]]:
    """Everything, each application, each channel, and the details, one under the other."""
    channels: dict[str, clearing.Sums] = {}
    for row in levels.channels:
        channels[row.label] = channels.get(row.label, clearing.Sums()) + row.sums
    return [
        (str(_("总汇总")), levels.total),
        *((f"{_('应用')} · {app}", sums) for app, sums in levels.applications),
        *((f"{_('渠道')} · {label}", sums) for label, sums in channels.items()),
        (str(_("明细汇总")), levels.detail),
    ]


def _owed(rows: Sequence[clearing.Cleared]) -> list[tuple[str, str]]:
    """What each way of paying owes for all the days together."""
    owed: dict[str, int] = {}
    for row in rows:
        if row.is_owed:
            owed[row.label] = owed.get(row.label, 0) + row.owed_fen
    return [(label, yuan(fen)) for label, fen in owed.items()]


def _shown_fen(fen: int | None) -> str:
    return "—" if fen is None else yuan(fen)


def _board_row(row: clearing.Cleared) -> dict[str, Any]:
    stated = row.stated
    return {
        "row": row,
        "state": _state(row),
        "came": yuan(row.sums.came_fen),
        "went": yuan(row.sums.went_fen),
        "stated_came": _shown_fen(stated.came_fen if stated else None),
        "stated_went": _shown_fen(stated.went_fen if stated else None),
        "differs": stated is not None and not stated.is_as(row.sums),
        "fee": yuan(row.fee_fen),
        "owed": yuan(row.owed_fen) if row.is_owed else "—",
    }


def _state(row: clearing.Cleared) -> Any:
    """Where a statement stands; an insurer is asked order by order, and gives none."""
    if not row.file_state:
        return "—"
    if row.channel_pk is None:
        return _("等待核对") if row.file_state == FileState.WAITING else _("已逐笔核对")
    return FileState(row.file_state).label


def _posted_row(row: HospitalDay) -> dict[str, Any]:
    stated = row.stated
    return {
        "row": row,
        "state": FileState(row.file_state).label if row.file_state else _("未提交"),
        "came": yuan(row.sums.came_fen),
        "went": yuan(row.sums.went_fen),
        "stated_came": _shown_fen(stated.came_fen if stated else None),
        "stated_went": _shown_fen(stated.went_fen if stated else None),
        "differs": stated is not None and not stated.is_as(row.sums),
    }
