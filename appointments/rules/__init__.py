"""Pure rules: states, code tables, and what follows from the clock."""

from django.db.models import TextChoices


class Session(TextChoices):
    """A part of the day in which a doctor sees patients (出诊时段)."""

    MORNING = "am", "上午"
    AFTERNOON = "pm", "下午"
    EVENING = "night", "晚上"


class ClinicKind(TextChoices):
    """What kind of clinic a schedule is of (号别)."""

    GENERAL = "general", "普通"
    EXPERT = "expert", "专家"
    SPECIAL = "special", "特需"
    # Booked by an order, and not found by whoever looks for a doctor.
    EXAM = "exam", "检查"


class ScheduleState(TextChoices):
    """Where a schedule stands."""

    OPEN = "open", "正常出诊"
    STOPPED = "stopped", "停诊"


class BookingState(TextChoices):
    """Where a booking stands."""

    HELD = "held", "待确认"
    BOOKED = "booked", "已预约"
    ARRIVED = "arrived", "已签到"
    DONE = "done", "已就诊"
    CANCELLED = "cancelled", "已取消"
    EXPIRED = "expired", "超时未确认"
    MISSED = "missed", "爽约"
    STOPPED = "stopped", "停诊取消"


class EndReason(TextChoices):
    """Why a booking ended before its visit, or how."""

    RESIDENT = "resident", "本人取消"
    STAFF = "staff", "窗口取消"
    HOSPITAL = "hospital", "医院取消"
    MOVED = "moved", "改约"
    BILL_OVER = "bill_over", "未按时支付"
    TIME_OVER = "time_over", "未按时确认"
    SEEN = "seen", "已就诊"
    SESSION_OVER = "session_over", "出诊结束"


# A person has one of these in a session at most, and each of them keeps its place.
LIVE_STATES = (BookingState.HELD, BookingState.BOOKED, BookingState.ARRIVED)

TRANSITIONS: dict[BookingState, frozenset[BookingState]] = {
    BookingState.HELD: frozenset(
        {BookingState.BOOKED, BookingState.CANCELLED, BookingState.EXPIRED, BookingState.STOPPED}
    ),
    BookingState.BOOKED: frozenset(
        {
            BookingState.ARRIVED,
            BookingState.CANCELLED,
            BookingState.MISSED,
            BookingState.STOPPED,
            # Where nobody was checked in at all, nobody is said to have stayed away.
            BookingState.DONE,
        }
    ),
    # The hospital may call off the visit of somebody who is there already.
    BookingState.ARRIVED: frozenset({BookingState.DONE, BookingState.CANCELLED, BookingState.STOPPED}),
    # Who came late after all is taken in by the desk.
    BookingState.MISSED: frozenset({BookingState.ARRIVED}),
    BookingState.DONE: frozenset(),
    BookingState.CANCELLED: frozenset(),
    BookingState.EXPIRED: frozenset(),
    BookingState.STOPPED: frozenset(),
}


def may_become(old: BookingState, new: BookingState) -> bool:
    """Whether the table knows this step."""
    return new in TRANSITIONS[old]
