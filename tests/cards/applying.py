"""Residents who apply, made by services."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cards.models import Card, CardApplication
from cards.rules.steps import Answers
from cards.selectors import own_card
from cards.services import application as applications
from cards.services import review
from cards.states import Channel
from foundation.accounts import services as accounts
from foundation.accounts.models import Account
from foundation.core.actor import Actor
from identity import services as identity
from identity.types import ConsentKind
from tests.cards.world import citizen_number

NOTICE = "test-1"
ANSWERS = Answers(id_type="01", name="测试甲", nation="01")


@dataclass(frozen=True)
class Applicant:
    account: Account
    actor: Actor

    def draft(self) -> CardApplication:
        return applications.start_application(
            account_pk=self.account.pk, channel=Channel.H5, actor=self.actor
        )

    def apply(self, answers: Answers | None = None) -> CardApplication:
        """Hand in an application; its check waits for ``check``."""
        answers = answers or replace(ANSWERS, id_number=citizen_number())
        application = self.draft()
        applications.save_answers(application=application, version=application.version, answers=answers)
        applications.submit_application(
            application=application, version=application.version, phone_known=True, actor=self.actor
        )
        return self.read(application)

    def read(self, application: CardApplication) -> CardApplication:
        return applications.application_of(account_pk=self.account.pk, public_id=application.public_id)

    def card(self) -> Card | None:
        shown = own_card(self.account.pk)
        return shown.card if shown else None


def applicant(phone: str = "13900001001", *, consents: bool = True) -> Applicant:
    account = accounts.open_resident(phone=phone)
    actor = Actor.resident(account.public_id)
    if consents:
        publish_notice()
        identity.record_consent(
            account_pk=account.pk, kinds=list(ConsentKind), version=NOTICE, channel=Channel.H5, actor=actor
        )
    return Applicant(account, actor)


def publish_notice() -> None:
    from identity.models import PrivacyNotice

    if not PrivacyNotice.objects.filter(version=NOTICE).exists():
        identity.publish_notice(
            version=NOTICE,
            text_zh="测试",
            text_en="test",
            in_force_from=datetime(2020, 1, 1, tzinfo=UTC),
            actor=Actor.system("tests"),
        )


def check(application: CardApplication) -> review.Progress:
    """What the worker does with a submitted application, once."""
    return review.check_submitted(public_id=application.public_id)
