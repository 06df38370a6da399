"""Applying for a card: answers kept one by one, then handed in once.

An application carries a version. Whoever saves an answer names the version that the page was
drawn with; the conditional update lets only one of two pages through, and the other is told
that it is stale.
"""

from collections.abc import Sequence
from dataclasses import replace

from django.db import IntegrityError, transaction

from cards import tasks
from cards.errors import (
    AnswersInvalid,
    AnswersMissing,
    ApplicationClosed,
    ApplicationNotFound,
    CardHeldAlready,
)
from cards.events import ApplicationSubmitted
from cards.models import CardApplication
from cards.rules.steps import Answers, Step, is_answered, questions
from cards.selectors import SELF, answers_of, own_card, require_open_channel
from cards.states import OPEN_STATES, ApplicationState, ProofKind
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, StalePage
from foundation.core.text import normalise_name
from foundation.events import services as events
from identity import selectors as identity
from identity.errors import ConsentMissing, DependantIsAdult
from identity.rules import is_of_age
from mpi import rules as people

SUBMISSIONS_PER_DAY = 5
_SAVED = (
    "id_type",
    "id_number",
    "name",
    "birth_date",
    "gender",
    "nation",
    "phone",
    "proof_kind",
    "proof_number",
    "version",
    "updated_at",
)


def start_application(*, account_pk: int, channel: str, actor: Actor) -> CardApplication:
    """The account's open application, or a new draft.

    A draft that was begun in another channel goes on in this one.

    Raises:
        CardHeldAlready: If the account holds its own person's card.
        ChannelStopped: If the centre has stopped the channel; a draft of the same channel may be
            finished.
    """
    if own_card(account_pk) is not None:
        raise CardHeldAlready
    return open_draft(account_pk=account_pk, channel=channel, relation=SELF)


def open_draft(*, account_pk: int, channel: str, relation: str) -> CardApplication:
    """The account's open application for itself, or for one of its family, or a new draft.

    Raises:
        ChannelStopped: As ``start_application``.
    """
    open_one = _open_application(account_pk, relation)
    if open_one is not None and (open_one.state != ApplicationState.DRAFT or open_one.channel == channel):
        return open_one
    require_open_channel(channel)
    if open_one is not None:
        CardApplication.objects.filter(pk=open_one.pk, state=ApplicationState.DRAFT).update(channel=channel)
        open_one.refresh_from_db(fields=["channel", "state"])
        return open_one
    try:
        with transaction.atomic():
            return CardApplication.objects.create(account_id=account_pk, channel=channel, relation=relation)
    except IntegrityError:
        # Two clicks: the constraint let one of them make the draft.
        winner = _open_application(account_pk, relation)
        if winner is None:
            raise
        return winner


@transaction.atomic
def save_answers(*, application: CardApplication, version: int, answers: Answers) -> CardApplication:
    """Keep answers of a draft after checking those that are given.

    The second of two clicks finds its own answers kept, and changes nothing.

    Args:
        application: The draft, fetched for its own account.
        version: The version that the page was drawn with.
        answers: All answers; a change of certificate empties what hung on the old one.

    Raises:
        ConsentMissing: Nothing of a person is kept before the consent.
        AnswersInvalid: With every problem found.
        DependantIsAdult: If it is to be for a child, and the person is none.
        ApplicationClosed: If it was handed in meanwhile.
        StalePage: If another page saved in between.
    """
    if application.state != ApplicationState.DRAFT:
        raise ApplicationClosed
    if not identity.has_consented(application.account_id):
        raise ConsentMissing
    before = answers_of(application)
    answers = _completed(_without_stale(before, answers))
    _check_codes(answers)
    problems = _problems(answers)
    if problems:
        raise AnswersInvalid(problems)
    _check_relation(answers)
    # The row is claimed by its version first; the encrypted values follow on the same row.
    claimed = CardApplication.objects.filter(
        pk=application.pk, version=version, state=ApplicationState.DRAFT
    ).update(version=version + 1)
    if not claimed:
        application.refresh_from_db()
        if application.state != ApplicationState.DRAFT or answers_of(application) != answers:
            raise StalePage
        return application
    application.version = version + 1
    application.id_type = answers.id_type
    application.id_number = answers.id_number or None
    application.name = answers.name or None
    application.birth_date = answers.birth_date.isoformat() if answers.birth_date else None
    application.gender = answers.gender
    application.nation = answers.nation
    application.phone = answers.phone or None
    application.proof_kind = answers.proof_kind
    application.proof_number = answers.proof_number or None
    application.save(update_fields=_SAVED)
    return application


@transaction.atomic
def submit_application(
    *, application: CardApplication, version: int, phone_known: bool, actor: Actor
) -> None:
    """Hand in a draft; its check starts in the background after the commit.

    A second click on the same page finds it handed in and changes nothing, also when both arrive
    in the same moment.

    Raises:
        ApplicationClosed: If it was taken back, or is decided.
        ConsentMissing: If the notice in force or the processing of sensitive data was not agreed to.
        AnswersMissing: If a question is open.
        StalePage: If the page shows older answers.
    """
    if application.state not in (ApplicationState.DRAFT, *OPEN_STATES):
        raise ApplicationClosed
    if application.state != ApplicationState.DRAFT:
        return
    if not identity.has_consented(application.account_id):
        raise ConsentMissing
    answers = answers_of(application)
    missing = [
        step
        for step in questions(answers, phone_known=phone_known)
        if step is not Step.CHECK and not is_answered(step, answers)
    ]
    if missing:
        raise AnswersMissing(missing[0].value)
    ratelimit.hit(f"application:{application.account_id}", limit=SUBMISSIONS_PER_DAY, per_seconds=86_400)
    moment = clock.now()
    moved = CardApplication.objects.filter(
        pk=application.pk, version=version, state=ApplicationState.DRAFT
    ).update(state=ApplicationState.SUBMITTED, version=version + 1, submitted_at=moment, updated_at=moment)
    if not moved:
        application.refresh_from_db(fields=["state"])
        if application.state == ApplicationState.DRAFT:
            raise StalePage
        if application.state == ApplicationState.WITHDRAWN:
            raise ApplicationClosed
        # The other of two clicks was faster, and its check may even be over: nothing is left to do.
        return
    audit.record(
        Action.APPLICATION_SUBMITTED,
        actor=actor,
        subject=application,
        details={"channel": application.channel},
    )
    events.publish(
        ApplicationSubmitted(application_id=application.public_id, account_id=application.account.public_id)
    )
    public_id = application.public_id
    transaction.on_commit(lambda: tasks.check_application.delay(public_id))


@transaction.atomic
def withdraw_application(*, application: CardApplication, actor: Actor) -> None:
    """Take back an application that is not decided yet; a second click changes nothing.

    Raises:
        ApplicationClosed: If it is being checked at this moment, or decided.
    """
    moved = CardApplication.objects.filter(
        pk=application.pk,
        state__in=(ApplicationState.DRAFT, ApplicationState.SUBMITTED, ApplicationState.IN_REVIEW),
    ).update(state=ApplicationState.WITHDRAWN, decided_at=clock.now(), updated_at=clock.now())
    if not moved:
        application.refresh_from_db(fields=["state"])
        if application.state == ApplicationState.WITHDRAWN:
            return
        raise ApplicationClosed
    audit.record(
        Action.APPLICATION_WITHDRAWN, actor=actor, subject=application, details={"before": application.state}
    )


def withdraw_open(*, account_pk: int, actor: Actor) -> None:
    """Take back whatever application of an account is still open.

    Raises:
        ApplicationClosed: If it is being checked at this moment.
    """
    for application in CardApplication.objects.filter(account_id=account_pk, state__in=OPEN_STATES):
        withdraw_application(application=application, actor=actor)


def application_of(*, account_pk: int, public_id: str) -> CardApplication:
    """One application of the account.

    Raises:
        ApplicationNotFound: Also for the application of somebody else.
    """
    found = (
        CardApplication.objects.select_related("account", "card")
        .filter(account_id=account_pk, public_id=public_id)
        .first()
    )
    if found is None:
        raise ApplicationNotFound
    return found


def _open_application(account_pk: int, relation: str) -> CardApplication | None:
    return (
        CardApplication.objects.select_related("account")
        .filter(account_id=account_pk, relation=relation, state__in=OPEN_STATES)
        .first()
    )


def _without_stale(before: Answers, answers: Answers) -> Answers:
    """Drop what hung on a certificate or number that has been changed."""
    same_number = answers.id_number == before.id_number
    if before.id_type and answers.id_type != before.id_type and same_number:
        return replace(answers, id_number="", birth_date=None, gender="")
    if before.id_number and not same_number:
        return replace(
            answers,
            birth_date=None if answers.birth_date == before.birth_date else answers.birth_date,
            gender="" if answers.gender == before.gender else answers.gender,
        )
    return answers


def _completed(answers: Answers) -> Answers:
    """Normalise, and take from the number what it tells."""
    number = people.canonical_number(answers.id_type, answers.id_number) if answers.id_number else ""
    told = people.birth_date_of(answers.id_type, number) if number else None
    return replace(
        answers,
        id_number=number,
        name=normalise_name(answers.name),
        birth_date=answers.birth_date or told,
        gender=(people.sex_of(answers.id_type, number) if number else "") or answers.gender,
        phone=people.normalise_phone(answers.phone),
        proof_number=people.canonical_number(answers.proof_kind, answers.proof_number),
    )


def _check_codes(answers: Answers) -> None:
    if answers.nation and answers.nation not in people.NATIONS:
        raise InvalidInput(field="nation")
    if answers.gender and answers.gender not in people.GENDERS:
        raise InvalidInput(field="gender")
    if answers.proof_kind and answers.proof_kind not in ProofKind.values:
        raise InvalidInput(field="proof_kind")


def _problems(answers: Answers) -> Sequence[people.Problem]:
    today = clock.beijing(clock.now()).date()
    problems: list[people.Problem] = []
    if answers.id_number:
        problems += people.check_certificate(
            answers.id_type, answers.id_number, answers.birth_date, today=today
        )
    elif answers.id_type and answers.id_type not in people.CERTIFICATE_TYPES:
        problems.append(people.Problem(people.Fault.TYPE_UNKNOWN, "id_type"))
    if answers.name:
        problems += people.check_name(answers.name)
    if answers.phone:
        problems += people.check_phone(answers.phone)
    if answers.proof_number:
        found = people.check_certificate(answers.proof_kind, answers.proof_number, today=today)
        problems += [replace(problem, field="proof_number") for problem in found]
    return problems


def _check_relation(answers: Answers) -> None:
    """A child's application is not for an adult, who is asked for their own consent."""
    if answers.relation == SELF or answers.birth_date is None:
        return
    if is_of_age(people.age_on(answers.birth_date, clock.beijing(clock.now()).date())):
        raise DependantIsAdult(field="id_number")
