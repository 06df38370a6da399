"""What staff do to sessions."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from appointments import showing
from appointments.models import Schedule
from appointments.rules import ClinicKind, ScheduleState, Session
from appointments.rules.saying import MOST_FEN, MOST_PLACES
from appointments.selectors import schedules as reading
from appointments.services import by_hand, suspension
from appointments.types import Band, ScheduleDetails
from foundation.core.actor import Actor
from foundation.core.clock import BEIJING
from institutions import selectors as institutions
from institutions.admin_acts import ActForm, Done, ToldActForm

_FEE: dict[str, Any] = {"min_value": 0, "max_value": MOST_FEN // 100, "max_digits": 8, "decimal_places": 2}
MOST_BANDS = 48


class ScheduleForm(ActForm):
    """Adds a session."""

    institution = forms.ChoiceField(label=_("机构"))
    department = forms.CharField(label=_("科室代码"), max_length=32)
    doctor = forms.CharField(
        label=_("医生工号"), required=False, max_length=32, help_text=_("不填则为科室普通号")
    )
    date = forms.DateField(label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}))
    session = forms.ChoiceField(label=_("时段"), choices=Session.choices)
    kind = forms.ChoiceField(label=_("号别"), choices=ClinicKind.choices)
    fee = forms.DecimalField(label=_("挂号费（元）"), initial=0, **_FEE)
    begins = forms.TimeField(label=_("开始时间"), widget=forms.TimeInput(attrs={"type": "time"}))
    minutes = forms.IntegerField(label=_("每段多少分钟"), initial=30, min_value=5, max_value=480)
    bands = forms.IntegerField(label=_("共几段"), initial=6, min_value=1, max_value=MOST_BANDS)
    places = forms.IntegerField(label=_("每段号数"), initial=5, min_value=0, max_value=MOST_PLACES)
    code = forms.CharField(
        label=_("排班号"), required=False, max_length=40, help_text=_("医院系统里的号；不填则自动生成")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = institutions.visible(self.actor).order_by("short_name")
        choices = list(places.values_list("public_id", "short_name"))
        self.fields["institution"].choices = choices  # type: ignore[attr-defined]

    def perform(self) -> Done:
        """Add it."""
        data = self.cleaned_data
        begins = datetime.combine(data["date"], data["begins"], BEIJING)
        band = timedelta(minutes=data["minutes"])
        doctor = data["doctor"] or "0"
        code = f"{data['date']:%Y%m%d}-{data['department']}-{doctor}-{data['session']}-{data['kind']}"
        by_hand.create_schedule(
            institution=data["institution"],
            details=ScheduleDetails(
                code=data["code"] or code[:40],
                department=data["department"],
                doctor=data["doctor"],
                date=data["date"],
                session=data["session"],
                kind=data["kind"],
                fee_fen=fen_of(data["fee"]),
                bands=tuple(
                    Band(begins + band * number, begins + band * (number + 1), data["places"])
                    for number in range(data["bands"])
                ),
            ),
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("排班已添加"))


class EditForm(ActForm):
    """Changes a session."""

    kind = forms.ChoiceField(label=_("号别"), choices=ClinicKind.choices)
    fee = forms.DecimalField(label=_("挂号费（元）"), help_text=_("已经预约的人仍按原来的费用"), **_FEE)
    places = forms.IntegerField(
        label=_("每段号数"),
        required=False,
        min_value=0,
        max_value=MOST_PLACES,
        help_text=_("不填则不变。改少时，已经约上的人不受影响；医院系统再传来排班时，以医院的为准"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].initial = self.subject.kind
        self.fields["fee"].initial = Decimal(self.subject.fee_fen) / 100

    def perform(self) -> Done:
        """Change it."""
        data = self.cleaned_data
        by_hand.change_schedule(
            schedule=self.subject.public_id,
            kind=data["kind"],
            fee_fen=fen_of(data["fee"]),
            places=data["places"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("排班已修改"))


class RepeatForm(ActForm):
    """Repeats a session, or its week."""

    scope = forms.ChoiceField(
        label=_("复制什么"),
        choices=[
            ("schedule", _("只这个班次")),
            ("department", _("这个科室这一周的全部班次")),
            ("institution", _("全院这一周的全部班次")),
        ],
    )
    weeks = forms.IntegerField(
        label=_("复制到以后几周"),
        initial=1,
        min_value=1,
        max_value=by_hand.MOST_WEEKS,
        help_text=_("已有的班次不重复添加，停诊的不复制"),
    )

    def perform(self) -> Done:
        """Repeat it."""
        data = self.cleaned_data
        outcome = by_hand.repeat_weekly(
            schedule=self.subject.public_id,
            scope=data["scope"],
            weeks=data["weeks"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_now("已添加 %(count)s 个班次") % {"count": outcome.created})


class _StopForm(ToldActForm):
    substitute = forms.ChoiceField(
        label=_("替诊班次"), required=False, help_text=_("被取消的居民可以直接改约到这个班次")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("会写入审计记录，居民也会看到")
        self.fields["reason"].max_length = suspension.LONGEST_REASON  # type: ignore[attr-defined]
        self.fields["substitute"].choices = substitutes(self.actor, self.subject)  # type: ignore[attr-defined]


class StopForm(_StopForm):
    """Stops a session."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        booked = reading.with_bookings(Schedule.objects.filter(pk=self.subject.pk)).get().booked
        self.fields["sure"] = forms.BooleanField(
            label=_now("取消 %(count)s 个预约，并通知预约的人") % {"count": booked}
        )
        self.order_fields(["substitute", "reason", "sure"])

    def perform(self) -> Done:
        """Stop it."""
        data = self.cleaned_data
        stopped = suspension.stop_schedule(
            schedule=self.subject.public_id,
            reason=data["reason"],
            substitute=data["substitute"],
            actor=self.actor,
        )
        return Done(_now("已停诊，取消了 %(count)s 个预约") % {"count": stopped.bookings})


class StopBandForm(_StopForm):
    """Stops one band of a session."""

    slot = forms.ChoiceField(label=_("哪一段"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        slots = self.subject.slots.filter(stopped_at=None).order_by("starts_at")
        self.fields["slot"].choices = [  # type: ignore[attr-defined]
            (slot.public_id, f"{showing.time_of(slot.starts_at)}–{showing.time_of(slot.ends_at)}")
            for slot in slots
        ]
        self.order_fields(["slot", "substitute", "reason"])

    def perform(self) -> Done:
        """Stop it."""
        data = self.cleaned_data
        stopped = suspension.stop_slot(
            slot=data["slot"], reason=data["reason"], substitute=data["substitute"], actor=self.actor
        )
        return Done(_now("已停诊，取消了 %(count)s 个预约") % {"count": stopped.bookings})


class ResumeForm(ActForm):
    """Holds a stopped session after all."""

    def perform(self) -> Done:
        """Hold it."""
        suspension.resume_schedule(
            schedule=self.subject.public_id, reason=self.cleaned_data["reason"], actor=self.actor
        )
        return Done(_("已恢复出诊。停诊时取消的预约不会恢复"))


class ChoosingForm(forms.Form):
    """Which sessions a suspension is about: the first page of it."""

    institution = forms.ChoiceField(label=_("机构"))
    first = forms.DateField(label=_("从哪天"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("到哪天"), widget=forms.DateInput(attrs={"type": "date"}))
    department = forms.CharField(label=_("科室代码"), required=False, max_length=32)
    doctor = forms.CharField(label=_("医生工号"), required=False, max_length=32)
    session = forms.ChoiceField(label=_("时段"), required=False, choices=[("", _("全天")), *Session.choices])

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = institutions.visible(actor).order_by("short_name")
        choices = list(places.values_list("public_id", "short_name"))
        self.fields["institution"].choices = choices  # type: ignore[attr-defined]


class ConfirmingForm(ActForm):
    """Stops the sessions that were chosen: the second page."""

    schedules = forms.MultipleChoiceField(
        label=_("停诊的班次"), widget=forms.CheckboxSelectMultiple(attrs={"class": "plain"})
    )

    def __init__(self, *args: Any, rows: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, subject=None, **kwargs)
        self.fields["reason"].help_text = _("会写入审计记录，居民也会看到")
        choices = [(row.public_id, self._label(row)) for row in rows]
        self.fields["schedules"].choices = choices  # type: ignore[attr-defined]
        self.fields["schedules"].initial = [public_id for public_id, _label in choices]
        self.order_fields(["schedules", "reason"])

    @staticmethod
    def _label(row: Any) -> str:
        who = row.doctor.name if row.doctor is not None else _now("科室普通号")
        said = {
            "day": showing.day_of(row.date),
            "part": showing.SESSIONS[Session(row.session)],
            "department": row.department.name,
            "who": who,
            "count": row.booked,
        }
        return _now("%(day)s %(part)s %(department)s %(who)s，已约 %(count)s 人") % said

    def perform(self) -> Done:
        """Stop them."""
        data = self.cleaned_data
        stopped = suspension.stop_schedules(
            schedules=data["schedules"], reason=data["reason"], actor=self.actor
        )
        said = {"schedules": stopped.schedules, "count": stopped.bookings}
        return Done(_now("已停诊 %(schedules)s 个班次，取消了 %(count)s 个预约") % said)


def substitutes(actor: Actor, row: Schedule) -> list[tuple[str, str]]:
    """Sessions that can be offered instead, the first choice being none."""
    found = [("", _now("不提供"))]
    for other in reading.offered_instead(actor, row):
        who = other.doctor.name if other.doctor is not None else _now("科室普通号")
        part = showing.SESSIONS[Session(other.session)]
        found.append((other.public_id, f"{showing.day_of(other.date)} {part} {who}"))
    return found


def fen_of(yuan: Decimal) -> int:
    """An amount in fen."""
    return int(yuan * 100)


def is_open(row: Schedule) -> bool:
    """Whether it is held."""
    return row.state == ScheduleState.OPEN


def is_stopped(row: Schedule) -> bool:
    """Whether it, or a band of it, is not held."""
    return row.state == ScheduleState.STOPPED or row.slots.exclude(stopped_at=None).exists()
