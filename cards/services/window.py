"""Issuing a card at a window, to somebody whom a clerk has in front of them."""

from datetime import date

from django.db import transaction

from cards.errors import CardNotFound, GuardianMustActivate, NameDiffersAtWindow
from cards.models import Card, CardBinding
from cards.rules.review import needs_guardian
from cards.services.registration import Registered, check_for_registration, register_checked
from cards.states import Channel
from foundation.accounts import services as accounts
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from identity import services as identity
from identity.rules import Evidence
from institutions.rules import Duty
from institutions.services import require
from mpi.errors import IdentityConflict
from mpi.rules import age_on, normalise_phone
from mpi.types import PersonIdentity


def issue_at_window(
    *, identity_given: PersonIdentity, institution_pk: int, request_id: str, actor: Actor
) -> Registered:
    """Check the document, register the person and issue the card, or find the one that lives.

    Not to be called in a transaction: the population database is asked before it, within the
    time that a window waits. That the clerk has seen the person is kept as evidence.

    Args:
        request_id: One for each press of the button.

    Raises:
        ChannelStopped, InvalidParticulars, RealNameMismatch: As ``check_for_registration``.
        NameDiffersAtWindow: If the number is registered with another name or birth date.
    """
    require(actor, Duty.WORK_AT_WINDOW)
    check_id = check_for_registration(
        identity_given=identity_given, actor=actor, request_id=request_id, channel=Channel.WINDOW
    )
    try:
        return _issue_seen(identity_given, check_id, institution_pk, request_id, actor)
    except IdentityConflict as exc:
        raise NameDiffersAtWindow(field="name") from exc


@transaction.atomic
def _issue_seen(
    identity_given: PersonIdentity, check_id: str, institution_pk: int, request_id: str, actor: Actor
) -> Registered:
    registered = register_checked(
        identity_given=identity_given,
        check_id=check_id,
        institution_pk=institution_pk,
        actor=actor,
        channel=Channel.WINDOW,
    )
    identity.keep_evidence(
        request_id=request_id,
        subject=audit.subject_of(registered.card),
        person_pk=registered.card.person_id,
        evidence=Evidence.WINDOW,
        actor=actor,
    )
    return registered


def ask_phone(*, card: Card, phone: str, ip: str, actor: Actor) -> None:
    """Send a code to the phone that the holder signs in with; they read it out at the window.

    Raises:
        InvalidPhone, TooManyRequests: As ``accounts.services.request_phone_code``.
    """
    require(actor, Duty.WORK_AT_WINDOW)
    accounts.request_phone_code(phone=phone, ip=ip, purpose=accounts.WINDOW)
    audit.record(Action.WINDOW_CODE_SENT, actor=actor, subject=card)


def confirm_account(
    *, card: Card, phone: str, code: str, ip: str, document: str, reason: str, actor: Actor
) -> bool:
    """Make the account of a phone hold the person whom the clerk has in front of them, at level 3.

    The code shows that the phone is at the window too. A number without an account gets one.
    Not to be called in a transaction.

    Args:
        document: Type of the certificate that the clerk compared with the person.

    Returns:
        Whether it does now; if not, a second clerk has to confirm it, because another account
        holds the person.

    Raises:
        GuardianMustActivate: If the person is a child.
        CodeRefused: If the code is wrong, used or out of date.
        HoldsAnother: If the account holds somebody else as itself.
    """
    born = card.face["birthday"]
    today = clock.beijing(clock.now()).date()
    if born and needs_guardian(age_on(date.fromisoformat(born), today)):
        raise GuardianMustActivate
    phone = normalise_phone(phone)
    accounts.use_phone_code(phone=phone, purpose=accounts.WINDOW, code=code, ip=ip)
    with transaction.atomic():
        account = accounts.open_resident(phone=phone)
        return identity.hold_seen_person(
            account_pk=account.pk,
            person_pk=card.person_id,
            subject=audit.subject_of(card),
            document=document,
            reason=reason,
            actor=actor,
        )


def card_at_window(*, public_id: str, actor: Actor) -> Card:
    """A card whose holder is registered at the clerk's institution.

    Raises:
        CardNotFound: Also for cards of persons whom the institution does not know.
    """
    card = Card.objects.select_related("institution").filter(public_id=public_id).first()
    if card is None or not CardBinding.objects.filter(card=card, institution=actor.institution).exists():
        raise CardNotFound
    return card
