"""A patient with records of two hospitals, and a doctor of one of them."""

import pytest

from foundation.accounts.models import Account
from institutions.rules import Role
from institutions.services import clinics
from institutions.types import DepartmentDetails, DoctorDetails
from tests.cards import world as cards
from tests.cards.holding import CENTRE, CardHolder
from tests.cards.world import Hospital
from tests.institutions import people as staff
from tests.records import world


@pytest.fixture
def here(db: None) -> Hospital:
    return cards.hospital(short_name="东区医院")


@pytest.fixture
def there(db: None) -> Hospital:
    return cards.hospital(short_name="西区医院")


@pytest.fixture
def patient(here: Hospital, there: Hospital) -> CardHolder:
    who = world.proved()
    world.report(here, who)
    world.report(there, who, title="甲状腺超声", kind="imaging", indicators=())
    world.encounter(there, who)
    return who


@pytest.fixture
def doctor(here: Hospital) -> Account:
    account = staff.staff(Role.DOCTOR, here.public_id)
    clinics.save_department(institution=here.public_id, details=DepartmentDetails("01", "内科"), actor=CENTRE)
    clinics.save_doctor(
        institution=here.public_id,
        details=DoctorDetails("1001", "示范医生甲", "01", "11", account=account.public_id),
        actor=CENTRE,
    )
    return account
