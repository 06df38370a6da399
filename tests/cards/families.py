"""Guardians and their families, made by services."""

from dataclasses import replace
from datetime import date

from django.db import transaction

from cards.models import CardApplication
from cards.rules.steps import Answers
from cards.services import application as applications
from cards.services import family, review
from cards.services.issue import issue_card
from cards.states import Channel
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from identity import services as identity
from identity.rules import Evidence
from mpi import rules as people
from mpi import services as mpi
from mpi.types import PersonIdentity, PersonRef
from tests.cards.applying import Applicant, applicant

REVIEWER = Actor(kind=ActorKind.STAFF, id="reviewer", scopes=frozenset({"centre", "centre_admin"}))
CHILD = Answers(
    id_type="01",
    name="测小宝",
    nation="01",
    relation="child",
    proof_kind="08",
    proof_number="R110100001",
)
_serial = iter(range(100, 999))


def number_of(birth: date, *, sex: int | None = None) -> str:
    """An invented number of somebody born on that day; ``sex`` is 1 or 2 where it matters."""
    serial = next(number for number in _serial if sex is None or number % 2 == sex % 2)
    body = f"110199{birth:%Y%m%d}{serial}"
    return body + people.check_digit_of(body)


def years_ago(years: int) -> date:
    """A day in the middle of that year, far from any birthday's edge."""
    return date(clock.beijing(clock.now()).year - years, 3, 5)


def guardian(phone: str = "13900002001", evidence: Evidence = Evidence.WINDOW) -> Applicant:
    """A woman with a card, seen at a window."""
    who = applicant(phone)
    own = registered("测试甲", number_of(years_ago(35), sex=2), phone=phone)
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=own.person_pk, evidence=evidence, actor=REVIEWER
    )
    with transaction.atomic():
        issue_card(person_pk=own.person_pk, channel=Channel.H5, actor=REVIEWER)
    return who


def registered(name: str, id_number: str, *, phone: str = "") -> PersonRef:
    """Somebody in the master index."""
    return mpi.register_person(
        identity=PersonIdentity(name=name, id_type="01", id_number=id_number, nation="01", phone=phone),
        source="tests",
        actor=REVIEWER,
    )


def apply_for_child(who: Applicant, *, name: str = CHILD.name, years: int = 6) -> CardApplication:
    """Hand in a child's application and let it be checked; it waits for a reviewer."""
    application = family.start_child_application(
        account_pk=who.account.pk, channel=Channel.H5, actor=who.actor
    )
    applications.save_answers(
        application=application,
        version=application.version,
        answers=replace(CHILD, name=name, id_number=number_of(years_ago(years))),
    )
    applications.submit_application(
        application=application, version=application.version, phone_known=True, actor=who.actor
    )
    review.check_submitted(public_id=application.public_id)
    return who.read(application)


def approve(application: CardApplication) -> CardApplication:
    """What a reviewer does who finds the proof in order."""
    review.review_application(
        public_id=application.public_id, approve=True, reason="出生医学证明核对无误", actor=REVIEWER
    )
    return CardApplication.objects.get(pk=application.pk)


def child_of(who: Applicant, *, name: str = CHILD.name, years: int = 6) -> str:
    """A child with a card; the public id of the person."""
    application = approve(apply_for_child(who, name=name, years=years))
    assert application.person is not None
    return application.person.public_id
