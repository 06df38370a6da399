"""Demo data of check-in, call screens and medicines; the place and the medicines are invented."""

from decimal import Decimal

from appointments.selectors.calling import visible_check_in_rules, visible_screens
from appointments.services.medicines import ReadyMedicine, note_ready
from appointments.services.screens import open_screen, set_check_in_rule
from foundation.accounts.selectors import account_by_phone
from foundation.core.actor import Actor
from identity import selectors as identity
from institutions import selectors as institutions
from institutions.selectors import clinics

ACTOR = Actor.system("demo")
REASON = "演示数据"
PEOPLES, CHINESE_MEDICINE = "90001", "90002"
POINTS = {PEOPLES: (Decimal("30.500000"), Decimal("114.300000")), CHINESE_MEDICINE: None}
SCREEN_OF, PHARMACY = "0101", "92"
PHONE = "13900000001"


def load(context: dict[str, object]) -> None:
    """Let residents check in at both hospitals, hang a screen, and have medicines ready for one."""
    for hospital, point in POINTS.items():
        place = institutions.institution_by_hospital_id(hospital)
        if place is None:
            continue
        if not visible_check_in_rules(ACTOR).filter(institution__public_id=place.public_id).exists():
            set_check_in_rule(
                institution=place.public_id,
                point=point,
                radius_metres=300,
                opens_minutes=120,
                reason=REASON,
                actor=ACTOR,
            )
    peoples = institutions.institution_by_hospital_id(PEOPLES)
    if peoples is not None and not visible_screens(ACTOR).exists():
        department = clinics.departments_by_code(peoples.public_id)[SCREEN_OF]
        open_screen(department=department.public_id, name="三层东候诊区", reason=REASON, actor=ACTOR)
    account = account_by_phone(PHONE)
    own = identity.self_person(account.pk) if account is not None else None
    if peoples is not None and own is not None:
        note_ready(
            institution=peoples.public_id,
            institution_pk=institutions.visible(ACTOR).get(public_id=peoples.public_id).pk,
            person_pk=own.person_pk,
            said=ReadyMedicine("DEMO-R1", "3 号窗口", "A12", 2, PHARMACY),
            actor=ACTOR,
        )
