"""Hospitals with examinations, and what their doctors order; other rooms' tests use them too."""

import itertools
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from appointments.models import ExamOrder, Schedule, Slot
from appointments.rules import ClinicKind, Session
from appointments.rules.exams import ExamRuleKind
from appointments.services import exams
from appointments.services.exams import ExamItemDetails
from foundation.core import clock
from institutions.models import Department, Institution
from institutions.services import clinics
from institutions.types import DepartmentDetails
from tests.cards.world import CENTRE, hospital

_serial = itertools.count(1)
ITEMS = (
    ExamItemDetails(
        "US", "腹部彩超", "91", ("ultrasound", "fasting"), time(11, 0), 10, "检查前 8 小时不吃东西。"
    ),
    ExamItemDetails("CT", "增强CT", "92", ("ct", "contrast"), priority=20, preparation="检查后多喝水。"),
    ExamItemDetails("BA", "钡餐透视", "93", ("barium",), priority=30),
    ExamItemDetails("XR", "胸片", "92", ("x-ray",)),
)
RULES = (
    (ExamRuleKind.BEFORE, "fasting", "contrast", 0, "空腹的检查先做"),
    (ExamRuleKind.BEFORE, "ultrasound", "barium", 0, "先做超声，再做钡餐"),
    (ExamRuleKind.BLOCKS, "barium", "ct", 4_320, "做过钡餐，三天内不能做CT"),
)


@dataclass(frozen=True)
class Examining:
    """A hospital that examines."""

    institution: str

    @property
    def pk(self) -> int:
        return Institution.objects.get(public_id=self.institution).pk

    def opens(self, department: str, *hours: float, days: int = 1, capacity: int = 2) -> list[str]:
        """Bands of half an hour on a day to come, from eight o'clock in Beijing."""
        day = clock.beijing(clock.now()).date() + timedelta(days=days)
        morning = datetime.combine(day, time(8), tzinfo=clock.BEIJING)
        schedule = Schedule.objects.create(
            institution_id=self.pk,
            department=Department.objects.get(institution=self.pk, code=department),
            code=f"E{next(_serial)}",
            date=day,
            session=Session.MORNING,
            kind=ClinicKind.EXAM,
            releases_at=clock.now() - timedelta(days=1),
            closes_at=morning + timedelta(hours=12),
        )
        return [
            Slot.objects.create(
                schedule=schedule,
                starts_at=morning + timedelta(hours=hour),
                ends_at=morning + timedelta(hours=hour + 0.5),
                capacity=capacity,
                free=list(range(1, capacity + 1)),
            ).public_id
            for hour in hours
        ]

    def orders(self, person_pk: int, *codes: str, valid_until: datetime | None = None) -> list[str]:
        return [
            exams.order_exam(
                institution_pk=self.pk,
                person_pk=person_pk,
                number=f"JC{next(_serial)}",
                item=code,
                ordered_at=clock.now(),
                valid_until=valid_until,
                actor=CENTRE,
            )
            for code in codes
        ]


def examining(institution: str = "") -> Examining:
    """A hospital with items and rules."""
    place = institution or hospital().public_id
    for code in ("91", "92", "93"):
        clinics.save_department(
            institution=place,
            details=DepartmentDetails(code, f"检查科{code}", place="医技楼一层"),
            actor=CENTRE,
        )
    for item in ITEMS:
        exams.save_item(institution=place, details=item, actor=CENTRE)
    for kind, first, second, gap, words in RULES:
        exams.save_rule(
            institution=place,
            kind=kind,
            first=first,
            second=second,
            gap_minutes=gap,
            words=words,
            actor=CENTRE,
        )
    return Examining(place)


def order(public_id: str) -> ExamOrder:
    return ExamOrder.objects.select_related("booking__slot").get(public_id=public_id)
