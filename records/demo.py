"""Demo data of this room: reports and visits of the first resident. All of them are invented."""

from datetime import datetime, timedelta

from foundation.accounts.selectors import account_by_phone
from foundation.core import clock
from foundation.core.actor import Actor
from identity import selectors as identity_read
from identity import services as identity
from identity.rules import Evidence
from institutions import selectors as institutions
from records.selectors.reports import reports_of
from records.services.encounters import record_encounter
from records.services.reports import publish_report
from records.types import EncounterDetails, Indicator, ReportDetails

ACTOR = Actor.system("demo")
HOSPITAL, CHINESE_MEDICINE = "90001", "90002"
PHONE = "13900000001"


def load(context: dict[str, object]) -> None:
    """Let the first resident have been seen at a window, and give them a year of reports."""
    account = account_by_phone(PHONE)
    own = identity_read.self_person(account.pk) if account is not None else None
    if account is None or own is None:
        return
    identity.open_self_holding(
        account_pk=account.pk, person_pk=own.person_pk, evidence=Evidence.WINDOW, actor=ACTOR
    )
    if reports_of(own.person_pk, size=1).rows:
        return
    today = clock.now().replace(hour=1, minute=30, second=0, microsecond=0)
    for report in _reports(today):
        publish_report(institution=_place(HOSPITAL), person_pk=own.person_pk, details=report, actor=ACTOR)
    elsewhere = _glucose("DEMO-2001", today - timedelta(days=20), "6.4", "H")
    publish_report(
        institution=_place(CHINESE_MEDICINE), person_pk=own.person_pk, details=elsewhere, actor=ACTOR
    )
    for place, visit in _visits(today):
        record_encounter(institution=_place(place), person_pk=own.person_pk, details=visit, actor=ACTOR)


def _reports(today: datetime) -> list[ReportDetails]:
    course = ((300, "5.2", ""), (200, "5.6", ""), (110, "6.3", "H"), (3, "6.1", ""))
    found = [
        _glucose(f"DEMO-{number}", today - timedelta(days=days), value, mark)
        for number, (days, value, mark) in enumerate(course, start=1001)
    ]
    image = ReportDetails(
        number="DEMO-1100",
        kind="imaging",
        title="胸部CT平扫",
        reported_at=today - timedelta(days=3),
        findings="双肺纹理清晰，未见实变影。心影大小正常。",
        conclusion="胸部CT平扫未见明显异常。",
        department="医学影像科",
        doctor="示范医生甲",
    )
    return [*found, image]


def _glucose(number: str, at: datetime, value: str, mark: str) -> ReportDetails:
    return ReportDetails(
        number=number,
        kind="lab",
        title="生化检查",
        reported_at=at,
        indicators=(
            Indicator("GLU", "葡萄糖", value, "mmol/L", "3.9", "6.1", "3.9-6.1", mark),
            Indicator("CREA", "肌酐", "72", "umol/L", "57", "97", "57-97"),
            Indicator("ALT", "丙氨酸氨基转移酶", "23", "U/L", "9", "50", "9-50"),
        ),
        department="检验科",
        doctor="示范医生乙",
        specimen="静脉血",
    )


def _visits(today: datetime) -> list[tuple[str, EncounterDetails]]:
    outpatient = EncounterDetails(
        number="DEMO-MZ-1",
        kind="outpatient",
        started_at=today - timedelta(days=3, hours=2),
        department="心血管内科",
        doctor="示范医生甲",
        complaint="体检发现血糖偏高",
        diagnoses=("空腹血糖受损",),
        advice="控制饮食，三个月后复查血糖",
    )
    inpatient = EncounterDetails(
        number="DEMO-ZY-1",
        kind="inpatient",
        started_at=today - timedelta(days=400),
        ended_at=today - timedelta(days=394),
        department="骨科",
        doctor="示范医生戊",
        diagnoses=("桡骨远端骨折",),
        advice="石膏固定四周，定期复查",
    )
    elsewhere = EncounterDetails(
        number="DEMO-MZ-2",
        kind="outpatient",
        started_at=today - timedelta(days=20, hours=1),
        department="中医内科",
        doctor="示范医生己",
        diagnoses=("失眠",),
        medicines=("酸枣仁汤 七剂",),
    )
    return [(HOSPITAL, outpatient), (HOSPITAL, inpatient), (CHINESE_MEDICINE, elsewhere)]


def _place(hospital_id: str) -> str:
    found = institutions.institution_by_hospital_id(hospital_id)
    if found is None:
        raise LookupError(hospital_id)
    return found.public_id
