"""Demo data of this room: one bill to pay and one that was paid. All of it is invented."""

from foundation.accounts.selectors import account_by_phone
from foundation.core.actor import Actor
from identity import selectors as identity
from institutions import selectors as institutions
from payments import services
from payments.rules import Category
from payments.selectors.history import fees_of
from payments.types import Charge

ACTOR = Actor.system("demo")
HOSPITAL = "90001"
PHONE = "13900000001"
WAITING = (
    Charge("腹部彩超", 12_000, Category.EXAMINATION),
    Charge("血常规", 2_500, Category.LABORATORY),
)
# What an insurance needs to pay a part of it.
CLAIM = {
    "visit_no": "DEMO-MZ0002",
    "visit_id": "DEMO-VIS0002",
    "began_at": "2026-11-20T09:30:00+08:00",
    "department_code": "0301",
    "department_name": "呼吸内科",
    "speciality": "A03",
    "care_kind": "11",
    "batch_no": "DEMO-B0002",
    "person_no": "0042",
    "scheme": "310",
    "insured_at": "110100",
    "lines": [
        {
            "line_no": str(place),
            "national_code": f"XN{place:012}",
            "own_code": f"Y{place:04}",
            "charged_at": "2026-11-20T09:40:00+08:00",
            "quantity": "1",
            "price_yuan": f"{line.amount_fen / 100:.2f}",
            "amount_fen": line.amount_fen,
        }
        for place, line in enumerate(WAITING, 1)
    ],
}
PAID = (Charge("示范胶囊 0.25g", 3_640, Category.MEDICINE, 2),)


def load(context: dict[str, object]) -> None:
    """Let the first resident owe something, and have paid something, if they have no bill yet."""
    account = account_by_phone(PHONE)
    own = identity.self_person(account.pk) if account is not None else None
    place = institutions.institution_by_hospital_id(HOSPITAL)
    if account is None or own is None or place is None or fees_of(account_pk=account.pk).rows:
        return
    for reference, lines in (("DEMO-0001", PAID), ("DEMO-0002", WAITING)):
        bill = services.open_bill(
            subject=("hospital.bill", reference),
            person_pk=own.person_pk,
            institution=place.public_id,
            items=lines,
            expires_at=None,
            reference=reference,
            claim=CLAIM if lines is WAITING else None,
            actor=ACTOR,
        )
        if lines is PAID:
            services.record_till_payment(
                bill=bill.bill_id, captured_fen=bill.total_fen, receipt="DEMO-SJ0001", actor=ACTOR
            )
            services.note_receipt(bill=bill.bill_id, receipt="DEMO-SJ0001", actor=ACTOR)
