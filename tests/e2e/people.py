"""Residents and staff of the running product, made by services or through the pages."""

import itertools
import re
import time
from dataclasses import dataclass, replace
from datetime import date

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.db import transaction
from django.test import Client
from playwright.sync_api import Page, expect

from cards.models import Card, CardApplication
from cards.rules.steps import Answers
from cards.selectors import own_card
from cards.services import application as applications
from cards.services import family, review
from cards.services.issue import issue_card
from cards.states import Channel
from foundation.accounts import services as accounts
from foundation.accounts.models import Account
from foundation.accounts.selectors import staff_by_username
from foundation.accounts.sessions import BACKEND, NEEDS_PROOF
from foundation.core.actor import Actor
from identity import services as identity
from identity.demo import VERSION
from identity.rules import Evidence
from identity.types import ConsentKind, OpenedHolding
from institutions import demo as hospitals
from mpi import services as mpi
from mpi.types import PersonIdentity
from tests.accounts.people import signed_in_staff
from tests.cards.families import CHILD, approve, number_of, years_ago
from tests.cards.world import citizen_number
from tests.sandbox_server import Sandbox

CENTRE = Actor.system("tests")
PASSPORT = Answers(
    id_type="03",
    id_number="E90000000",
    name="SAMPLE TRAVELLER",
    birth_date=date(1990, 2, 3),
    gender="2",
    nation="98",
)
TOTP_SECONDS = 30
_serials = itertools.count()


def fresh_phone() -> str:
    """An invented number that no other test uses."""
    return f"139{int(time.time()) % 100_000:05d}{next(_serials):03d}"


@dataclass(frozen=True)
class Resident:
    """Somebody with an account; services act for them."""

    account: Account
    phone: str
    owes_proof: bool = False

    @property
    def actor(self) -> Actor:
        """The resident as the one who acts."""
        return Actor.resident(self.account.public_id)

    def card(self) -> Card:
        """The resident's card, as it is now."""
        shown = own_card(self.account.pk)
        assert shown is not None
        return shown.card

    def session(self) -> str:
        """The key of a session of theirs, as if they had signed in before."""
        client = Client()
        client.force_login(self.account, backend=BACKEND)
        if self.owes_proof:
            session = client.session
            session[NEEDS_PROOF] = True
            session.save()
        return str(client.cookies[settings.SESSION_COOKIE_NAME].value)

    def consent(self) -> None:
        """Agree to the notice in force."""
        identity.record_consent(
            account_pk=self.account.pk,
            kinds=list(ConsentKind),
            version=VERSION,
            channel=Channel.H5,
            actor=self.actor,
        )

    def draft(self, answers: Answers | None = None) -> CardApplication:
        """Begin an application, with these answers given."""
        self.consent()
        application = applications.start_application(
            account_pk=self.account.pk, channel=Channel.H5, actor=self.actor
        )
        if answers is None:
            return application
        return applications.save_answers(
            application=application, version=application.version, answers=answers
        )

    def apply(self, answers: Answers) -> CardApplication:
        """Hand in an application; its check waits, for nobody tells the worker of it."""
        application = self.draft(replace(answers, phone=self.phone))
        applications.submit_application(
            application=application, version=application.version, phone_known=True, actor=self.actor
        )
        return application

    def apply_and_wait(self, answers: Answers) -> CardApplication:
        """Hand in an application and let it be checked."""
        application = self.apply(answers)
        review.check_submitted(public_id=application.public_id)
        return application


@dataclass(frozen=True)
class Colleague:
    """Somebody of the staff, known by the user name."""

    username: str

    def session(self) -> str:
        """The key of a session that both factors opened."""
        account = staff_by_username(self.username)
        assert account is not None
        client = signed_in_staff(Client(), account)
        return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def password_of(username: str) -> str:
    """The password of somebody of the demo's staff."""
    return str(_demo_member(username)["password"])


def totp_of(username: str) -> str:
    """What the authenticator application of somebody of the demo's staff shows now."""
    return shown_by_authenticator(str(_demo_member(username)["totpSecret"]))


def shown_by_authenticator(secret: str) -> str:
    """The code of this half minute; of the next one if it would end while it is typed."""
    left = TOTP_SECONDS - time.time() % TOTP_SECONDS
    if left < TOTP_SECONDS / 2:
        time.sleep(left + 0.1)
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // TOTP_SECONDS)))


def _demo_member(username: str) -> dict[str, str]:
    return next(each for each in hospitals.credentials()["staff"] if each["username"] == username)


def newcomer() -> Resident:
    """Somebody who has just opened an account."""
    phone = fresh_phone()
    return Resident(accounts.open_resident(phone=phone), phone)


def holder(name: str = "测试持卡人", evidence: Evidence = Evidence.WINDOW) -> Resident:
    """Somebody who has a card, opened at a window unless told otherwise."""
    resident = newcomer()
    resident.consent()
    person = mpi.register_person(
        identity=PersonIdentity(
            name=name, id_type="01", id_number=citizen_number(), nation="01", phone=resident.phone
        ),
        source="tests",
        actor=CENTRE,
    )
    identity.open_self_holding(
        account_pk=resident.account.pk, person_pk=person.person_pk, evidence=evidence, actor=CENTRE
    )
    with transaction.atomic():
        issue_card(person_pk=person.person_pk, channel=Channel.H5, actor=CENTRE)
    return resident


def child_application(resident: Resident, name: str, *, hands_in: bool = True) -> CardApplication:
    """A child's application with every answer given, handed in and checked unless told otherwise."""
    application = family.start_child_application(
        account_pk=resident.account.pk, channel=Channel.H5, actor=resident.actor
    )
    given = replace(CHILD, name=name, id_number=number_of(years_ago(6)), phone=resident.phone)
    saved = applications.save_answers(application=application, version=application.version, answers=given)
    if hands_in:
        applications.submit_application(
            application=saved, version=saved.version, phone_known=True, actor=resident.actor
        )
        review.check_submitted(public_id=saved.public_id)
    return saved


def family_card(resident: Resident, name: str) -> None:
    """A child of the resident's with a card."""
    approve(child_application(resident, name))


def agreed(asking: Resident, elder: Resident) -> OpenedHolding:
    """The elder lets the other one look after their card."""
    made = identity.invite(
        account_pk=asking.account.pk,
        relation="parent",
        id_type="01",
        id_number=elder.card().face["id_number"],
        name=elder.card().face["name"],
        actor=asking.actor,
    )
    return family.accept_invitation(
        account_pk=elder.account.pk, invitation_id=made.public_id, actor=elder.actor
    )


def answers(name: str = "测试申领人") -> Answers:
    """Complete answers of somebody with an identity card."""
    return Answers(id_type="01", id_number=citizen_number(), name=name, nation="01")


# --- through the pages ------------------------------------------------------------------------


def press(page: Page, name: str) -> None:
    """Press the button, or follow the link that looks like one."""
    page.get_by_role("button", name=name, exact=True).or_(
        page.get_by_role("link", name=name, exact=True)
    ).first.click()


def sign_in(page: Page, phone: str, console: Sandbox) -> None:
    """Sign in by phone; the code is read from the SMS gateway's console."""
    page.goto("/sign-in/")
    page.get_by_label("您的手机号是多少？").fill(phone)
    press(page, "获取验证码")
    expect(page.get_by_role("heading", name="短信验证码是多少？")).to_be_visible()
    page.get_by_label("短信验证码是多少？").fill(code_from(console, phone))
    press(page, "登录")
    expect(page).not_to_have_url(re.compile("/sign-in/"))


def code_from(console: Sandbox, phone: str) -> str:
    """The code of the newest message, when it has come."""
    end = time.monotonic() + 60
    while not console.messages(phone):
        assert time.monotonic() < end, "no message came"
        time.sleep(0.1)
    return console.sms_code(phone)


def agree(page: Page) -> None:
    """Tick both boxes of the consent page and go on."""
    page.get_by_label("我已阅读并同意《隐私政策》").check()
    page.get_by_label("我同意处理我的身份证件号码").check()
    press(page, "同意并继续")


def answer(page: Page, question: str, value: str) -> None:
    """Answer a question that is typed."""
    page.get_by_label(question).fill(value)
    press(page, "下一步")


def choose(page: Page, label: str) -> None:
    """Answer a question by one of its choices."""
    page.get_by_label(label, exact=True).check()
    press(page, "下一步")
