"""What institutions told: each event with what became of it, never with what it says."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.text import mask_number
from foundation.events import inbound, repairs
from institutions import selectors as institutions
from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin
from institutions.admin_lists import BoundedPaginator, PeriodFilter
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site
from interop.webhooks import selectors, services


class RetryForm(ActForm):
    """Applies an event once more."""

    def perform(self) -> Done:
        """Apply it."""
        services.retry_event(
            event=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("事件正在重新处理"))


class DiscardForm(ActForm):
    """Ends an event without an effect."""

    def perform(self) -> Done:
        """End it."""
        services.discard_event(
            event=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("事件已放弃，不会生效"))


def events(actor: Actor) -> "QuerySet[Any]":
    """What an actor may see, each event with its institution's name."""
    source = Concat(Value(inbound.SOURCE), "public_id", output_field=CharField())
    place = institutions.visible(actor).annotate(source=source).filter(source=OuterRef("source"))
    rows: QuerySet[Any] = selectors.visible_events(actor).annotate(
        place=Subquery(place.values("short_name")[:1])
    )
    return rows


class ReceivedFilter(PeriodFilter):
    """By the day on which an event came."""

    column = "received_at"


class EventAdmin(ScopedAdmin):
    """Events of institutions."""

    visible = staticmethod(events)
    duty = Duty.SEE_EXCHANGE
    read_action = Action.EVENT_READ
    acts = (
        Act("retry", _("立即重试"), RetryForm, Duty.MANAGE_EXCHANGE, repairs.is_open),
        Act("discard", _("放弃"), DiscardForm, Duty.MANAGE_EXCHANGE, repairs.is_open),
    )
    paginator = BoundedPaginator
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-pk",)
    list_display = (
        "topic",
        "institution_name",
        "aggregate",
        "seq",
        "state",
        "waiting_for",
        "outcome",
        "last_error",
        "received_at",
    )
    list_filter = (ReceivedFilter, "state", "waiting_for", "outcome", "topic")
    search_fields = ("message_id", "aggregate")
    fields = (
        "topic",
        "institution_name",
        "message_id",
        "aggregate",
        "seq",
        "patient",
        "state",
        "waiting_for",
        "outcome",
        "attempts",
        "waits",
        "last_error",
        "received_at",
        "next_attempt_at",
        "done_at",
        "number",
    )
    readonly_fields = ("institution_name", "patient", "number")

    @admin.display(description=_("机构"))
    def institution_name(self, row: Any) -> str:
        """The institution's short name."""
        return getattr(row, "place", None) or "—"

    @admin.display(description=_("就诊人"))
    def patient(self, row: Any) -> str:
        """By which number it names whom it is about; in full for the institution whose number it is."""
        named = repairs.patient_of(row)
        shown = (
            named if self.admin_site is institution_site else {k: mask_number(v) for k, v in named.items()}
        )
        return "、".join(f"{name} {value}" for name, value in sorted(shown.items())) or "—"


for site in (centre_site, institution_site):
    site.register(apps.get_model("events", "InboxMessage"), EventAdmin)
