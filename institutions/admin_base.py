"""The base of every admin: rows in the reader's scope, changes only by services.

Lists and details are read-only. What changes something is an ``Act``: a page of its own with
a form that asks for a reason and calls one service. Nothing is deleted here. Rows are named
in addresses by their public ids.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import DateTimeField, ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from foundation.audit import selectors as audit_entries
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import PermissionRefused, StalePage
from institutions.admin_acts import Act, SentBefore, perform, was_sent
from institutions.rules import Duty, may
from institutions.selectors import staff_actor

_View = TypeVar("_View", bound=Callable[..., Any])


def second_click_led(view: _View) -> _View:
    """Lead the second click upon a form to what the first has done, and do nothing twice.

    For views of a ``ScopedAdmin`` that perform acts: to the row that the address names, else to the list.
    """

    @wraps(view)
    def led(admin: "ScopedAdmin", request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not was_sent(request):
            try:
                return view(admin, request, *args, **kwargs)
            except SentBefore:
                # Both came in the same moment.
                return admin.lead_on(request, kwargs.get("object_id", ""))
        return admin.lead_on(request, kwargs.get("object_id", ""))

    return cast("_View", led)


class _ScopedList(ChangeList):
    """A list that links to rows by their public ids."""

    def url_for_result(self, result: Model) -> str:
        scoped: ScopedAdmin = self.model_admin  # type: ignore[assignment]
        return scoped.address("change", result)


class ScopedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read-mostly admin of one model.

    Attributes:
        visible: The selector of the rows that an actor may see.
        duty: Who may read; None for everybody on the site.
        acts: What may be done to a row.
        creation: The act that makes a new row.
        read_action: Recorded when somebody opens a row, where it shows personal details.
        url_field: What names a row in addresses.
        has_history: Whether the audit tells of single rows.
    """

    visible: Callable[[Actor], QuerySet[Any]]
    duty: ClassVar[Duty | None] = None
    acts: ClassVar[Sequence[Act]] = ()
    creation: ClassVar[Act | None] = None
    read_action: ClassVar[Action | None] = None
    url_field: ClassVar[str] = "public_id"
    has_history: ClassVar[bool] = True

    actions = None
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    change_form_template = "institutions/admin_row.html"
    object_history_template = "institutions/admin_history.html"

    # Scope

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Only what the reader may see."""
        rows: QuerySet[Any] = self.visible(staff_actor(request))
        return rows.order_by(*(self.get_ordering(request) or ("-pk",)))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, or 404 also where it is somebody else's."""
        row = self.get_queryset(request).filter(**{self.url_field: unquote(object_id)}).first()
        if row is None:
            raise Http404
        return row

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that links by public ids."""
        return _ScopedList

    def address(self, view: str, row: Model, *more: str) -> str:
        """The address of a view of a row on this site."""
        options = self.opts
        name = f"admin:{options.app_label}_{options.model_name}_{view}"
        key = quote(getattr(row, self.url_field))
        return reverse(name, args=(key, *more), current_app=self.admin_site.name)

    # What is shown

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The columns as given; moments as everywhere on these sites."""
        moments = self._columns(DateTimeField)
        names: Any = super().get_list_display(request)
        return [self._moment(name) if name in moments else name for name in names]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """The filters as given; whoever sees one institution alone has none to choose from."""
        filters: list[Any] = list(super().get_list_filter(request))
        if staff_actor(request).institution:
            return [each for each in filters if each != "institution"]
        return filters

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fields as given; rows of other tables are linked by their public ids."""
        return [
            (title, {**options, "fields": [self._shown(name) for name in options["fields"]]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def _shown(self, name: Any) -> Any:
        if name in self._columns(DateTimeField):
            return self._moment(name)
        foreign = self._columns(ForeignKey)
        if name not in foreign:
            return name

        @admin.display(description=foreign[name].verbose_name)
        def linked(row: Any) -> Any:
            return self.link(getattr(row, name))

        return linked

    def _columns(self, kind: type[Any]) -> dict[Any, Any]:
        return {field.name: field for field in self.opts.concrete_fields if isinstance(field, kind)}

    def _moment(self, name: str) -> Callable[[Any], str]:
        column = self._columns(DateTimeField)[name]

        @admin.display(description=column.verbose_name, ordering=name)
        def shown(row: Any) -> str:
            moment = getattr(row, name)
            return shown_time(moment) if moment else "—"

        return shown

    def link(self, row: Model | None) -> Any:
        """A row by its name, linked where this site shows it."""
        if row is None:
            return "—"
        other = self.admin_site._registry.get(type(row))
        if not isinstance(other, ScopedAdmin):
            return row
        return format_html('<a href="{}">{}</a>', other.address("change", row), row)

    @admin.display(description=_("编号"))
    def number(self, row: Any) -> str:
        """The row's public id."""
        return str(row.public_id)

    @admin.display(description=_("创建时间"))
    def created(self, row: Any) -> str:
        """When the row was made."""
        return shown_time(row.created_at)

    @admin.display(description=_("更新时间"))
    def updated(self, row: Any) -> str:
        """When the row was last changed."""
        return shown_time(row.updated_at)

    # Permission

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As reading."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever has the duty to read."""
        return self.duty is None or may(staff_actor(request), self.duty)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever has the duty of the creating act."""
        return self.creation is not None and may(staff_actor(request), self.creation.duty)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits rows; acts change them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes rows."""
        return False

    def open_acts(self, request: HttpRequest, row: Any) -> list[Act]:
        """The acts that this reader may do to this row now."""
        actor = staff_actor(request)
        return [act for act in self.acts if may(actor, act.duty) and act.applies(row)]

    # Pages

    def get_urls(self) -> list[URLPattern]:
        """The pages of the acts, before Django's own."""
        options = self.opts
        acting = path(
            "<path:object_id>/do/<slug:name>/",
            self.admin_site.admin_view(self.act_view),
            name=f"{options.app_label}_{options.model_name}_do",
        )
        return [acting, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One row, read-only, with the acts that are open to the reader."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionRefused
        if self.read_action is not None:
            actor = staff_actor(request)
            audit.record(self.read_action, actor=actor, subject=row, details={"channel": "admin"})
        offered = [(act, self.address("do", row, act.name)) for act in self.open_acts(request, row)]
        history = self.address("history", row) if self.has_history else ""
        context = {"acts": offered, "history_url": history, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    @second_click_led
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of the creating act."""
        if self.creation is None or not self.has_add_permission(request):
            raise PermissionRefused
        return self._act(request, self.creation, None)

    @second_click_led
    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """The page of an act upon one row."""
        row = self.get_object(request, object_id)
        act = next((act for act in self.acts if act.name == name), None)
        if act is None:
            raise Http404
        if not may(staff_actor(request), act.duty):
            raise PermissionRefused
        if not act.applies(row):
            raise StalePage
        return self._act(request, act, row)

    def lead_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """After a second click: to the row, or to the list where the address names none."""
        text = _("这张表单已经提交过，没有再做第二次。请看现在的状态")
        self.message_user(request, text, messages.WARNING)
        row = self.get_object(request, object_id) if object_id else None
        return HttpResponseRedirect(self._list_address() if row is None else self.address("change", row))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit knows of one row, as far as the reader may know it."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionRefused
        if not self.has_history:
            raise Http404
        entries = audit_entries.about(*audit.subject_of(row), reader=staff_actor(request))
        page = Paginator(entries, self.list_per_page).get_page(request.GET.get("p"))
        context = {**self._frame(request, _("变更历史"), row), "entries": page}
        return TemplateResponse(request, self.object_history_template, context)

    def _act(self, request: HttpRequest, act: Act, row: Any | None) -> HttpResponse:
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = act.form(*sent, subject=row, actor=staff_actor(request))
        done = perform(form) if form.is_bound and form.is_valid() else None
        back = self._list_address() if row is None else self.address("change", row)
        if done is None:
            context = {**self._frame(request, act.label, row), "form": form, "back": back}
            return TemplateResponse(request, "institutions/admin_act.html", context)
        if done.once:
            context = {**self._frame(request, act.label, row), "done": done, "back": back}
            response = TemplateResponse(request, "institutions/admin_once.html", context)
            response.headers["Cache-Control"] = "no-store"
            return response
        self.message_user(request, str(done.message), messages.SUCCESS)
        return HttpResponseRedirect(self.address("change", done.row) if done.row is not None else back)

    def _frame(self, request: HttpRequest, title: str | Promise, row: Any | None) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": row,
            "list_url": self._list_address(),
            "row_url": self.address("change", row) if row is not None else "",
        }

    def _list_address(self) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return reverse(name, current_app=self.admin_site.name)


def shown_time(moment: datetime) -> str:
    """A moment as staff read it, on a clock in Beijing."""
    return f"{clock.beijing(moment):%Y-%m-%d %H:%M:%S}"
