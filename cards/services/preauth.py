"""Registering on a hospital's own form (310, 312): agree, fill in there, confirm here.

The hospital gets a one-time ``authCode`` when the resident has agreed, and hands in the form
with it. Nothing is registered before the same resident has seen and confirmed it on our page.
"""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet

import gmcrypto
from cards.errors import PreRegistrationOver
from cards.models import PreRegistration
from cards.models.preauth import PreAuthState
from cards.rules.steps import Answers
from cards.services import application as applications
from cards.services.handover import make_claim_code
from cards.states import ApplicationState, Channel
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor

LIFETIME = timedelta(minutes=60)


@transaction.atomic
def begin_pre_registration(*, success_url: str, fail_url: str, form_url: str, actor: Actor) -> str:
    """Begin; returns the number in the address of our page. The addresses are checked already."""
    moment = clock.now()
    row = PreRegistration.objects.create(
        institution=actor.institution,
        client=actor.id,
        success_url=success_url,
        fail_url=fail_url,
        form_url=form_url,
        created_at=moment,
        expires_at=moment + LIFETIME,
    )
    audit.record(Action.PRE_REGISTRATION_BEGUN, actor=actor, subject=row)
    return row.public_id


def open_pre_registration(*, order_id: str, account: str) -> PreRegistration:
    """One that this account may still go on with.

    Raises:
        PreRegistrationOver: There is none, it is somebody else's, or its time has passed.
    """
    row = _alive().filter(public_id=order_id, account__in=("", account)).first()
    if row is None:
        raise PreRegistrationOver
    return row


@transaction.atomic
def agree_to_form(*, order_id: str, actor: Actor) -> str:
    """Agree to fill in the hospital's form; returns the code with which it is handed in, once.

    Raises:
        PreRegistrationOver: As ``open_pre_registration``; also if somebody has agreed.
    """
    code = secrets.token_hex(16).upper()
    agreed = _alive().filter(public_id=order_id, state=PreAuthState.OPEN)
    if not agreed.update(state=PreAuthState.AGREED, account=actor.id, code_digest=_digest(code)):
        raise PreRegistrationOver
    row = PreRegistration.objects.get(public_id=order_id)
    audit.record(Action.PRE_REGISTRATION_AGREED, actor=actor, subject=row, institution=row.institution)
    return code


@transaction.atomic
def hand_in_form(*, code: str, particulars: Mapping[str, str], actor: Actor) -> str:
    """Take what the form said; returns the number in the address of the page that confirms it.

    Raises:
        PreRegistrationOver: The code is unknown, used, too old, or another institution's.
    """
    mine = _alive().filter(
        code_digest=_digest(code), institution=actor.institution, state=PreAuthState.AGREED
    )
    row = mine.first()
    if row is None or not mine.update(state=PreAuthState.FILLED):
        raise PreRegistrationOver(field="authCode")
    row.particulars = dict(particulars)
    row.save(update_fields=["particulars"])
    audit.record(Action.PRE_REGISTRATION_FILLED, actor=actor, subject=row)
    return row.public_id


@transaction.atomic
def confirm_form(*, order_id: str, account_pk: int, actor: Actor) -> None:
    """Apply for the card with what the form said; the application goes its usual way.

    Raises:
        PreRegistrationOver: As ``open_pre_registration``; also if it was confirmed.
        ConsentMissing, AnswersInvalid, CardHeldAlready, ChannelStopped: As an application.
    """
    mine = _alive().filter(public_id=order_id, account=actor.id, state=PreAuthState.FILLED)
    row = mine.first()
    if row is None or not mine.update(state=PreAuthState.HANDED_IN):
        raise PreRegistrationOver
    application = applications.start_application(
        account_pk=account_pk, channel=Channel.HOSPITAL_ACCOUNT, actor=actor
    )
    if application.state == ApplicationState.DRAFT:
        application = applications.save_answers(
            application=application, version=application.version, answers=_answers(row.particulars or {})
        )
        applications.submit_application(
            application=application, version=application.version, phone_known=True, actor=actor
        )
    row.application = application
    row.save(update_fields=["application"])


def is_handed_in(*, order_id: str, actor: Actor) -> bool:
    """Whether the account has confirmed the form already."""
    rows = _alive().filter(public_id=order_id, account=actor.id)
    return rows.filter(state=PreAuthState.HANDED_IN).exists()


@transaction.atomic
def hand_over(*, order: PreRegistration, account_pk: int, card_id: str, actor: Actor) -> str:
    """Hand a card of the account over to the hospital, and note that the resident is led back with its code.

    Raises:
        NotHeldByYou, CardFrozen, CardLost, CardCancelled, TooManyRequests: As ``handover.make_claim_code``.
    """
    code = make_claim_code(
        account_pk=account_pk,
        card_id=card_id,
        institution=order.institution,
        client=order.client,
        actor=actor,
    )
    finish(order_id=order.public_id, actor=actor)
    return code


def finish(*, order_id: str, actor: Actor) -> bool:
    """Note that the resident was led back; whether this call did."""
    mine = PreRegistration.objects.filter(public_id=order_id, account=actor.id, state=PreAuthState.HANDED_IN)
    return bool(mine.update(state=PreAuthState.DONE))


def _answers(particulars: Mapping[str, str]) -> Answers:
    born = particulars.get("birth_date", "")
    return Answers(
        id_type=particulars["id_type"],
        id_number=particulars["id_number"],
        name=particulars["name"],
        birth_date=date.fromisoformat(born) if born else None,
        gender=particulars.get("gender", ""),
        nation=particulars.get("nation", ""),
        phone=particulars.get("phone", ""),
    )


def _alive() -> "QuerySet[PreRegistration]":
    return PreRegistration.objects.filter(expires_at__gt=clock.now()).exclude(state=PreAuthState.DONE)


def _digest(code: str) -> bytes:
    return gmcrypto.sm3(f"ehc.pre-registration.1\n{code}".encode())
