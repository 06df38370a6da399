"""Lists of people for whom cards are made in advance: handed in, watched, stopped."""

from itertools import islice
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from cards.batch import files, selectors
from cards.batch.reading import read, too_large
from cards.batch.states import OPEN, RUNNABLE, BatchState, ListKind, RowState
from cards.models import Batch
from cards.services import batch as batches
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.errors import InvalidInput, PermissionRefused
from institutions import selectors as institutions
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.selectors import staff_actor
from institutions.sites import centre_site, institution_site

R = TypeVar("R", bound=HttpResponseBase)

_CSV = "text/csv; charset=utf-8"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What is printed at once; a longer list is for the file.
MOST_PRINTED = 1_000


class UploadForm(ActForm):
    """Hands a list in."""

    institution = forms.ChoiceField(
        label=_("机构"), required=False, help_text=_("不选，即卡管中心自己的名单，不关联院内号")
    )
    kind = forms.ChoiceField(label=_("名单种类"), choices=ListKind.choices)
    file = forms.FileField(
        label=_("文件"),
        help_text=_("CSV 或 xlsx，只读第一张工作表；文件本身不保存，读入的内容加密保存"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.actor.is_centre:
            choices = institutions.visible(self.actor).order_by("code").values_list("public_id", "name")
            self.fields["institution"].choices = [("", "---------"), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["institution"]

    def perform(self) -> Done:
        """Read the file and hand it in."""
        upload = self.cleaned_data["file"]
        if upload.size > settings.BATCH_MOST_BYTES:
            raise too_large()
        content = upload.read()
        batch = batches.hand_in(
            rows=read(content),
            content=content,
            kind=self.cleaned_data["kind"],
            institution_pk=self._institution(),
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("名单已接收，正在后台处理"), row=batch)

    def _institution(self) -> int | None:
        chosen = self.actor.institution or self.cleaned_data.get("institution", "")
        if not chosen:
            return None
        pk = institutions.visible(self.actor).filter(public_id=chosen).values_list("pk", flat=True).first()
        if pk is None:
            raise InvalidInput(field="institution")
        return pk


class PauseForm(ActForm):
    """Lets a list rest."""

    def perform(self) -> Done:
        """Pause it."""
        batches.pause_batch(batch_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("已暂停，处理过的行不受影响"))


class ResumeForm(ActForm):
    """Goes on with a list."""

    def perform(self) -> Done:
        """Resume it."""
        batches.resume_batch(batch_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("已继续，从停下的地方接着处理"))


class CancelForm(ActForm):
    """Gives a list up."""

    def perform(self) -> Done:
        """Cancel it."""
        batches.cancel_batch(batch_pk=self.subject.pk, reason=self.cleaned_data["reason"], actor=self.actor)
        return Done(_("已取消，剩下的行不再处理；已经发的卡照常有效"))


class BatchAdmin(ScopedAdmin):
    """Lists: an institution sees its own."""

    visible = staticmethod(selectors.visible_batches)
    duty = Duty.MANAGE_BATCHES
    creation = Act("add", _("上传名单"), UploadForm, Duty.MANAGE_BATCHES)
    acts = (
        Act("pause", _("暂停"), PauseForm, Duty.MANAGE_BATCHES, lambda row: row.state in RUNNABLE),
        Act(
            "resume",
            _("继续"),
            ResumeForm,
            Duty.MANAGE_BATCHES,
            lambda row: row.state == BatchState.PAUSED,
        ),
        Act("cancel", _("取消名单"), CancelForm, Duty.MANAGE_BATCHES, lambda row: row.state in OPEN),
    )
    change_form_template = "cards/admin/batch.html"
    change_list_template = "cards/admin/batches.html"
    list_display = (
        "created",
        "kind",
        "institution",
        "state",
        "total",
        "done",
        "issued",
        "unnamed",
        "refused",
    )
    list_filter = ("state", "kind", "created_at")
    list_select_related = ("institution",)
    fields = ("number", "kind", "institution", "handed_in_by", "created", "finished")
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        """Beside the pages of every admin: the template, and what a list gives out."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        guarded = self.admin_site.admin_view
        return [
            path("template.<slug:form>", guarded(self.template_view), name=f"{name}_template"),
            path("<slug:object_id>/result.csv", guarded(self.result_view), name=f"{name}_result"),
            path("<slug:object_id>/unnamed.csv", guarded(self.work_list_view), name=f"{name}_unnamed"),
            path("<slug:object_id>/unnamed/", guarded(self.print_view), name=f"{name}_print"),
            *super().get_urls(),
        ]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list, with the counts of its rows read in one query."""
        changelist = super().get_changelist_instance(request)
        progress = selectors.progress_of(changelist.result_list)
        for row in changelist.result_list:
            row.progress = progress[row.pk]
        return changelist

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One list with how far it is; the page asks again while there is something to do."""
        row = self.get_object(request, object_id)
        progress = selectors.progress_of([row])[row.pk]
        context = {
            "batch": row,
            "progress": progress,
            "counts": [(state.label, progress.counts[state.value]) for state in RowState],
            "is_open": selectors.is_open(row),
            "rows_url": f"{self._rows_address()}?batch__public_id__exact={row.public_id}&state=all",
            "unnamed_url": f"{self._rows_address()}?batch__public_id__exact={row.public_id}",
            "files": [
                (_("下载结果（CSV）"), self.address("result", row)),
                (_("下载待实名清单（CSV）"), self.address("unnamed", row)),
                (_("打印待实名清单"), self.address("print", row)),
            ],
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def _rows_address(self) -> str:
        return reverse("admin:cards_batchrow_changelist", current_app=self.admin_site.name)

    # Files

    def template_view(self, request: HttpRequest, form: str) -> HttpResponse:
        """An empty table to fill in."""
        if not self.has_view_permission(request):
            raise PermissionRefused
        if form == "xlsx":
            content: str | bytes = files.template_xlsx()
            return _as_file(HttpResponse(content, content_type=_XLSX), "template.xlsx")
        return _as_file(HttpResponse(files.template_csv(), content_type=_CSV), "template.csv")

    def result_view(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """What became of each line."""
        row = self._exported(request, object_id, "result")
        return _as_file(
            StreamingHttpResponse(files.result_csv(row), content_type=_CSV), f"result-{row.public_id}.csv"
        )

    def work_list_view(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """The lines that wait for somebody's document."""
        row = self._exported(request, object_id, "unnamed")
        return _as_file(
            StreamingHttpResponse(files.work_list_csv(row), content_type=_CSV),
            f"unnamed-{row.public_id}.csv",
        )

    def print_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same as a page for the printer."""
        row = self._exported(request, object_id, "unnamed")
        lines = list(islice(selectors.lines_of(row, RowState.UNNAMED), MOST_PRINTED + 1))
        context = {
            **self._frame(request, _("待实名清单"), row),
            "lines": files.shown(lines[:MOST_PRINTED]),
            "is_cut": len(lines) > MOST_PRINTED,
            "most": MOST_PRINTED,
        }
        return TemplateResponse(request, "cards/admin/unnamed.html", context)

    def _exported(self, request: HttpRequest, object_id: str, kind: str) -> Batch:
        """The list whose lines somebody takes away; recorded, because names leave with them."""
        row: Batch = self.get_object(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionRefused
        actor = staff_actor(request)
        audit.record(Action.BATCH_EXPORTED, actor=actor, subject=row, details={"kind": kind})
        return row

    # Columns

    @admin.display(description=_("完成时间"))
    def finished(self, row: Batch) -> str:
        """When everything was decided."""
        return shown_time(row.finished_at) if row.finished_at else "—"

    @admin.display(description=_("已处理"))
    def done(self, row: Any) -> str:
        """Of a hundred."""
        return f"{row.progress.percent}%"

    @admin.display(description=_("已发卡"))
    def issued(self, row: Any) -> int:
        """New cards."""
        return int(row.progress.counts[RowState.ISSUED.value])

    @admin.display(description=_("待实名"))
    def unnamed(self, row: Any) -> int:
        """For the counter."""
        return int(row.progress.counts[RowState.UNNAMED.value])

    @admin.display(description=_("不能发卡"))
    def refused(self, row: Any) -> int:
        """Refused."""
        return int(row.progress.counts[RowState.REFUSED.value])


def _as_file(answer: R, name: str) -> R:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


for site in (centre_site, institution_site):
    site.register(Batch, BatchAdmin)
