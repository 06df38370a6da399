"""Demo data: examinations of the hospital, the rules between them, their places, and three orders."""

from datetime import date, datetime, time, timedelta

from appointments.models import ExamItem, ExamOrder, Schedule
from appointments.rules import ClinicKind, Session
from appointments.rules.exams import ExamRuleKind
from appointments.services import exams
from appointments.services.exams import ExamItemDetails
from appointments.services.schedules import apply_schedules
from appointments.types import Band, ScheduleDetails
from foundation.accounts.selectors import account_by_phone
from foundation.core import clock
from foundation.core.actor import Actor
from identity import selectors as identity
from institutions import selectors as institutions
from institutions.services import clinics
from institutions.types import DepartmentDetails

ACTOR = Actor.system("demo")
HOSPITAL = "90001"
PHONE = "13900000001"
DAYS = 8
DEPARTMENTS = (
    DepartmentDetails("9001", "超声科", "90", "医技楼一层东", position=91),
    DepartmentDetails("9002", "CT室", "90", "医技楼一层西", position=92),
    DepartmentDetails("9003", "放射科", "90", "医技楼一层南", position=93),
)
ITEMS = (
    ExamItemDetails(
        "US-ABD",
        "腹部彩超",
        "9001",
        ("fasting", "ultrasound"),
        time(11, 0),
        10,
        "检查前 8 小时不吃东西，可以喝少量水。",
    ),
    ExamItemDetails(
        "CT-CON",
        "增强CT",
        "9002",
        ("contrast", "ct"),
        None,
        20,
        "检查前 4 小时不吃东西；对造影剂过敏的，请先告诉医生。检查后多喝水。",
    ),
    ExamItemDetails("XR-CHEST", "胸部X光", "9003", ("x-ray",), None, 50, "请取下项链等金属物。"),
    ExamItemDetails(
        "XR-GI", "上消化道钡餐", "9003", ("barium", "x-ray"), None, 90, "检查前一晚 10 点以后不吃不喝。"
    ),
)
_THREE_DAYS = 3 * 24 * 60
RULES = (
    (ExamRuleKind.BEFORE, "fasting", "contrast", 0, "要空腹的检查先做，再做用造影剂的检查。"),
    (ExamRuleKind.BEFORE, "ultrasound", "barium", 0, "钡剂会挡住超声，所以先做超声，再做钡餐。"),
    (ExamRuleKind.BEFORE, "ct", "barium", 0, "钡剂会影响CT的图像，所以先做CT，再做钡餐。"),
    (ExamRuleKind.BLOCKS, "barium", "ct", _THREE_DAYS, "做过钡餐，三天内不做CT。"),
    (ExamRuleKind.APART, "contrast", "contrast", 24 * 60, "两次用造影剂的检查要隔开一天。"),
)


def load(context: dict[str, object]) -> None:
    """Write down what is missing, and places of the coming days."""
    place = institutions.institution_by_hospital_id(HOSPITAL)
    if place is None:
        return
    for department in DEPARTMENTS:
        clinics.save_department(institution=place.public_id, details=department, actor=ACTOR)
    for item in ITEMS:
        exams.save_item(institution=place.public_id, details=item, actor=ACTOR)
    for kind, first, second, gap, words in RULES:
        exams.save_rule(
            institution=place.public_id,
            kind=kind,
            first=first,
            second=second,
            gap_minutes=gap,
            words=words,
            actor=ACTOR,
        )
    roll_forward()
    _order(place.public_id)


def roll_forward() -> int:
    """Add the places of the days that have come into reach; how many sessions they are."""
    place = institutions.institution_by_hospital_id(HOSPITAL)
    if place is None or not ExamItem.objects.filter(institution__public_id=place.public_id).exists():
        return 0
    today = clock.beijing(clock.now()).date()
    days = [today + timedelta(days=ahead) for ahead in range(DAYS)]
    said = [_schedule(department.code, day) for department in DEPARTMENTS for day in days]
    known = set(Schedule.objects.filter(code__startswith="EXAM-").values_list("code", flat=True))
    fresh = [each for each in said if each.code not in known]
    if fresh:
        apply_schedules(institution=place.public_id, said=fresh, heard_at=None, actor=ACTOR)
    return len(fresh)


def _schedule(department: str, day: date) -> ScheduleDetails:
    morning = datetime.combine(day, time(8), tzinfo=clock.BEIJING)
    bands = tuple(
        Band(begins, begins + timedelta(minutes=20), 4)
        for number in range(10)
        for begins in [morning + timedelta(minutes=20 * number)]
    )
    return ScheduleDetails(
        code=f"EXAM-{department}-{day:%Y%m%d}",
        department=department,
        date=day,
        session=Session.MORNING,
        bands=bands,
        kind=ClinicKind.EXAM,
    )


def _order(institution: str) -> None:
    account = account_by_phone(PHONE)
    own = identity.self_person(account.pk) if account is not None else None
    pk = institutions.institution_pk(institution)
    if own is None or pk is None or ExamOrder.objects.filter(institution=pk).exists():
        return
    for item in ("US-ABD", "CT-CON", "XR-GI"):
        exams.order_exam(
            institution_pk=pk,
            person_pk=own.person_pk,
            number=f"DEMO-{item}",
            item=item,
            ordered_at=clock.now(),
            actor=ACTOR,
        )
