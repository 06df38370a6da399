"""Demo data of this room: invented residents, two with cards and one waiting for a review."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from cards.models import CardApplication
from cards.rules.steps import Answers
from cards.selectors import own_card
from cards.services import application as applications
from cards.services import certificates
from cards.services.issue import issue_card, live_card
from cards.states import Channel, NumberState
from foundation.accounts import services as accounts
from foundation.accounts.selectors import account_by_phone
from foundation.core.actor import Actor
from identity import selectors as identity_read
from identity import services as identity
from identity.rules import Evidence
from identity.types import ConsentKind
from mpi import services as mpi
from mpi.rules import check_digit_of
from mpi.types import PersonIdentity

ACTOR = Actor.system("demo")


@dataclass(frozen=True, slots=True)
class Resident:
    """An invented resident."""

    phone: str
    name: str
    first_seventeen: str

    @property
    def id_number(self) -> str:
        """The number with its check digit."""
        return self.first_seventeen + check_digit_of(self.first_seventeen)


HOLDERS = (
    Resident("13900000001", "林示范", "11010119500308992"),
    Resident("13900000002", "买买提·示范", "11010119880817993"),
)
APPLICANT_PHONE = "13900000003"


def load(context: dict[str, object]) -> None:
    """Give two residents a card, and hand in a third one's application by passport.

    The application takes the real way: the worker checks it when it starts, and the rules refer
    it to a reviewer, because the population database does not know passports.
    """
    version = str(context["notice_version"])
    for resident in HOLDERS:
        _with_card(resident, version)
    _with_certificates(HOLDERS[0])
    _with_application(version)


def is_loaded() -> bool:
    """Whether the residents are there."""
    account = account_by_phone(HOLDERS[-1].phone)
    return account is not None and identity_read.self_person(account.pk) is not None


def residents() -> list[dict[str, Any]]:
    """The residents with cards, for visitors and for checks from outside.

    Raises:
        LookupError: If the demo data is not loaded.
    """
    found = []
    for resident in HOLDERS:
        account = account_by_phone(resident.phone)
        shown = own_card(account.pk) if account is not None else None
        if shown is None:
            raise LookupError("no demo resident")
        number = shown.card.numbers.get(state=NumberState.CURRENT)
        found.append(
            {
                "phone": resident.phone,
                "name": resident.name,
                "idType": "01",
                "idNumber": resident.id_number,
                "healthCardId": number.value,
            }
        )
    return found


def _with_card(resident: Resident, version: str) -> None:
    account = accounts.open_resident(phone=resident.phone)
    _consent(account.pk, version)
    registration = mpi.register_person(
        identity=PersonIdentity(
            name=resident.name, id_type="01", id_number=resident.id_number, nation="01", phone=resident.phone
        ),
        source=Channel.H5,
        actor=ACTOR,
    )
    identity.open_self_holding(
        account_pk=account.pk, person_pk=registration.person_pk, evidence=Evidence.WINDOW, actor=ACTOR
    )
    if live_card(registration.person_pk) is None:
        issue_card(person_pk=registration.person_pk, channel=Channel.H5, actor=ACTOR)


def _with_certificates(resident: Resident) -> None:
    """Two certificates in the card: one linked, and one that waits for the centre."""
    account = accounts.open_resident(phone=resident.phone)
    person = identity_read.self_person(account.pk)
    if person is None:
        return
    certificates.link_certificate(
        person_pk=person.person_pk,
        kind="vaccination",
        number="SF20260001",
        issuer="示范区疾病预防控制中心",
        actor=ACTOR,
    )
    certificates.claim_certificate(
        person_pk=person.person_pk,
        kind="blood_donor",
        number="SF000000000001",
        issuer="示范市中心血站",
        actor=Actor.resident(account.public_id),
    )


def _with_application(version: str) -> None:
    account = accounts.open_resident(phone=APPLICANT_PHONE)
    _consent(account.pk, version)
    if CardApplication.objects.filter(account=account.pk).exists():
        return
    actor = Actor.resident(account.public_id)
    application = applications.start_application(account_pk=account.pk, channel=Channel.H5, actor=actor)
    applications.save_answers(
        application=application,
        version=application.version,
        answers=Answers(
            id_type="03",
            id_number="E00000000",
            name="SAMPLE VISITOR",
            birth_date=date(1990, 2, 3),
            gender="2",
            nation="98",
            phone=APPLICANT_PHONE,
        ),
    )
    applications.submit_application(
        application=application, version=application.version, phone_known=True, actor=actor
    )


def _consent(account_pk: int, version: str) -> None:
    if not identity_read.has_consented(account_pk):
        identity.record_consent(
            account_pk=account_pk, kinds=list(ConsentKind), version=version, channel=Channel.H5, actor=ACTOR
        )
