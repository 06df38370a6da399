"""Making an electronic card of a physical one: claim, code to the phone on record, card.

Whoever knows somebody's particulars must not learn whether a physical card of theirs exists.
So the page only takes the claim; a worker compares it with the register and sends the code,
and every answer of the pages is the same whatever it found.
"""

from dataclasses import asdict
from datetime import date

import structlog
from django.db import transaction
from django.db.models import F

from cards import tasks
from cards.errors import ActivationOver, GuardianMustActivate, PhysicalBirthDateNeeded
from cards.models import Card, PhysicalActivation, PhysicalCard
from cards.rules.review import needs_guardian
from cards.selectors import require_open_channel
from cards.services.claims import LIFE, Claim, birth_date_on_record, end_claim
from cards.services.issue import issue_card
from cards.services.physical import NUMBER_DOMAIN, canonical_card_number
from cards.states import OPEN_ACTIVATIONS, ActivationState, Channel, PhysicalState
from foundation.accounts import services as accounts
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.text import normalise_name
from gmcrypto import index
from identity import selectors as identity_read
from identity import services as identity
from identity.errors import ConsentMissing
from identity.rules import Evidence
from mpi import services as mpi
from mpi.errors import raise_first
from mpi.rules import age_on, birth_date_of, canonical_number, check_certificate, check_name
from mpi.types import PersonIdentity

log = structlog.get_logger(__name__)

MOST_TRIES = 5
CLAIMS_A_DAY = 5
_DAY = 86_400


def begin(
    *,
    account_pk: int,
    number: str,
    id_type: str,
    id_number: str,
    name: str,
    birth_date: date | None = None,
    actor: Actor,
) -> str:
    """Take a claim; the worker compares it and sends the code after the commit.

    Number of the card, certificate, name and birth date must all match the register.

    Claims are limited by account and by number of the card, whether or not there is such a card.

    Args:
        birth_date: Needed where the number of the certificate does not tell it.

    Returns:
        Public id of the try.

    Raises:
        ChannelStopped, ConsentMissing: Nothing is taken at present.
        PhysicalNumberMalformed, InvalidParticulars: What was typed cannot be.
        PhysicalBirthDateNeeded: The certificate tells no birth date, and none was given.
        GuardianMustActivate: The holder is a child.
        TooManyRequests: Over five claims a day.
    """
    require_open_channel(Channel.PHYSICAL)
    if not identity_read.has_consented(account_pk):
        raise ConsentMissing
    claim = _checked(number, id_type, id_number, name, birth_date)
    digest = index.blind_index(NUMBER_DOMAIN, claim.number).hex()[:32]
    ratelimit.hit(f"activation:{account_pk}", limit=CLAIMS_A_DAY, per_seconds=_DAY)
    ratelimit.hit(f"activation-card:{digest}", limit=CLAIMS_A_DAY, per_seconds=_DAY)
    with transaction.atomic():
        for earlier in PhysicalActivation.objects.filter(account=account_pk, state__in=OPEN_ACTIVATIONS):
            end_claim(activation=earlier)
        made = PhysicalActivation.objects.create(
            account_id=account_pk, answers=asdict(claim), expires_at=clock.now() + LIFE
        )
        audit.record(Action.ACTIVATION_ASKED, actor=actor, subject=made)
        transaction.on_commit(lambda: tasks.match_activation.delay(made.public_id))
    return made.public_id


def confirm(*, account_pk: int, public_id: str, code: str, ip: str, actor: Actor) -> Card:
    """Activate the card by the code that was sent.

    Raises:
        CodeRefused: The code is wrong; also if none was ever sent.
        ActivationOver: The try has run out, or had five wrong codes.
        HeldByAnother, HoldsAnother, IdentityConflict: For the window, after the phone was proved.
    """
    mine = PhysicalActivation.objects.filter(
        account=account_pk,
        public_id=public_id,
        state__in=OPEN_ACTIVATIONS,
        expires_at__gt=clock.now(),
        tries__lt=MOST_TRIES,
    )
    # Counted outside of any transaction, so that a wrong code stays counted.
    if not mine.update(tries=F("tries") + 1, updated_at=clock.now()):
        raise ActivationOver
    activation = PhysicalActivation.objects.select_related("physical").get(public_id=public_id)
    physical = activation.physical
    accounts.use_phone_code(
        # Where nothing was found, a number that nobody was sent a code for is asked about.
        phone=physical.phone if physical else activation.public_id,
        purpose=accounts.ACTIVATE,
        code=code,
        ip=ip,
    )
    if physical is None:
        raise ActivationOver
    return _activate(activation, physical, actor)


def is_done(*, account_pk: int, public_id: str) -> bool:
    """Whether this try of the account has activated the card."""
    mine = PhysicalActivation.objects.filter(account=account_pk, public_id=public_id)
    return mine.filter(state=ActivationState.DONE).exists()


@transaction.atomic
def _activate(activation: PhysicalActivation, physical: PhysicalCard, actor: Actor) -> Card:
    registration = mpi.register_person(
        identity=PersonIdentity(
            name=physical.name,
            id_type=physical.id_type,
            id_number=physical.id_number,
            birth_date=birth_date_on_record(physical=physical),
            phone=physical.phone,
        ),
        source=Channel.PHYSICAL.value,
        actor=actor,
    )
    evidence = identity.keep_evidence(
        request_id=activation.public_id,
        subject=audit.subject_of(physical),
        person_pk=registration.person_pk,
        evidence=Evidence.PHONE_ON_RECORD,
        actor=actor,
    )
    identity.open_self_holding(
        account_pk=activation.account_id,
        person_pk=registration.person_pk,
        evidence=Evidence.PHONE_ON_RECORD,
        evidence_id=evidence.check_id,
        actor=actor,
    )
    card = issue_card(person_pk=registration.person_pk, channel=Channel.PHYSICAL, actor=actor).card
    activated = PhysicalCard.objects.filter(pk=physical.pk, state=PhysicalState.REGISTERED).update(
        state=PhysicalState.ACTIVATED, card=card, activated_at=clock.now(), updated_at=clock.now()
    )
    done = PhysicalActivation.objects.filter(pk=activation.pk, state=ActivationState.SENT).update(
        state=ActivationState.DONE, updated_at=clock.now()
    )
    if not (activated and done):
        raise ActivationOver
    audit.record(
        Action.PHYSICAL_CARD_ACTIVATED,
        actor=actor,
        subject=physical,
        details={"channel": Channel.PHYSICAL.value, "reference": card.public_id},
    )
    return card


def _checked(number: str, id_type: str, id_number: str, name: str, birth_date: date | None) -> Claim:
    card_number = canonical_card_number(text=number)
    today = clock.beijing(clock.now()).date()
    raise_first([*check_certificate(id_type, id_number, birth_date, today=today), *check_name(name)])
    own = canonical_number(id_type, id_number)
    born = birth_date_of(id_type, own) or birth_date
    if born is None:
        raise PhysicalBirthDateNeeded(field="birth_date")
    if needs_guardian(age_on(born, today)):
        raise GuardianMustActivate
    return Claim(
        number=card_number,
        id_type=id_type,
        id_number=own,
        name=normalise_name(name),
        birth_date=born.isoformat(),
    )
