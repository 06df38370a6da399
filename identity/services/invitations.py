"""Asking an adult for the consent to hold their card.

The consent comes by a code to the phone on record, which the person reads out, or from the
person's own account. Whoever asks gets the same answer whether or not the centre knows the
person, has a phone for them, or has issued them a card.
"""

import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

import gmcrypto
from foundation.accounts import selectors as accounts
from foundation.accounts import services as account_services
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.text import normalise_name
from gmcrypto import keystore
from gmcrypto.index import blind_index, blind_index_versions
from gmcrypto.keyring import Purpose
from identity import rules, selectors
from identity.errors import DependantIsMinor, InvitationCodeWrong, InvitationOver
from identity.models import Invitation
from identity.services.family import dependants_relation, open_dependant_holding, require_guardian
from identity.types import FamilyLimits, InvitationState, OpenedHolding
from mpi import rules as people
from mpi import selectors as mpi
from mpi.errors import raise_first

LIFE = timedelta(hours=24)
# As the message says.
CODE_LIFE = timedelta(minutes=5)
MOST_TRIES = 5
PER_ACCOUNT_AND_DAY = 10
PER_PERSON_AND_DAY = 5
DIGITS = 6

_DAY = 86_400
_MAC_DOMAIN = b"ehc.family-code.1\x1f"


def invite(
    *, account_pk: int, relation: str, id_type: str, id_number: str, name: str, actor: Actor
) -> Invitation:
    """Ask a person, named by certificate and name, for their consent.

    An open invitation to the same person is replaced.

    Raises:
        OwnPersonNeeded, LevelTooLow: As ``require_guardian``.
        InvalidParticulars: If this can be nobody's certificate or name.
        DependantIsMinor: If the number is a child's.
        TooManyRequests: Of this account, or about this person.
    """
    require_guardian(account_pk)
    kind = dependants_relation(relation)
    today = clock.beijing(clock.now()).date()
    raise_first([*people.check_certificate(id_type, id_number, today=today), *people.check_name(name)])
    born = people.birth_date_of(id_type, id_number)
    if born is not None and not rules.is_of_age(people.age_on(born, today)):
        raise DependantIsMinor
    asked = selectors.invited_as(id_type, id_number, name)
    digest = blind_index(selectors.INVITED, asked)
    ratelimit.hit(f"invite:{account_pk}", limit=PER_ACCOUNT_AND_DAY, per_seconds=_DAY)
    ratelimit.hit(f"invited:{digest.hex()[:32]}", limit=PER_PERSON_AND_DAY, per_seconds=_DAY)
    person = _named(id_type, id_number, name)
    phone = _phone_on_record(person, account_pk) if person is not None else ""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    known_as = blind_index_versions(selectors.INVITED, asked)
    with transaction.atomic():
        moment = clock.now()
        Invitation.objects.filter(account=account_pk, digest__in=known_as, state=InvitationState.OPEN).update(
            state=InvitationState.WITHDRAWN, decided_at=moment, updated_at=moment
        )
        invitation = Invitation(
            account_id=account_pk,
            relation=kind,
            person_id=person.person_pk if person is not None else None,
            digest=digest,
            expires_at=moment + LIFE,
        )
        invitation.code_digest = _mac(invitation.public_id, code)
        try:
            with transaction.atomic():
                invitation.save()
        except IntegrityError:
            # The second of two clicks: the first one's invitation stands, and its code was sent.
            return Invitation.objects.get(account=account_pk, digest=digest, state=InvitationState.OPEN)
        audit.record(
            Action.INVITATION_SENT, actor=actor, subject=invitation, details={"relation": kind.value}
        )
        if phone:
            account_services.send_family_code(phone=phone, code=code)
    return invitation


def check_invitation_code(*, account_pk: int, invitation_id: str, code: str) -> None:
    """Let pass the code that was sent to the invited person's phone. Not inside a transaction.

    Each try is counted before it is looked at, also when several come at once.

    Raises:
        InvitationOver: If it is not open, or was tried too often.
        InvitationCodeWrong: If the code is another one, or none was sent.
    """
    counted = Invitation.objects.filter(
        public_id=invitation_id,
        account=account_pk,
        state=InvitationState.OPEN,
        created_at__gt=clock.now() - CODE_LIFE,
        tries__lt=MOST_TRIES,
    ).update(tries=F("tries") + 1)
    if not counted:
        raise InvitationOver
    invitation = Invitation.objects.get(public_id=invitation_id)
    fits = gmcrypto.same(bytes(invitation.code_digest), _mac(invitation_id, code.strip()))
    if invitation.person_id is None or not fits:
        raise InvitationCodeWrong(field="code")


@transaction.atomic
def accept_by_code(
    *, account_pk: int, invitation_id: str, limits: FamilyLimits, actor: Actor
) -> OpenedHolding:
    """Open the holding after ``check_invitation_code``.

    Raises:
        InvitationOver: If it was answered meanwhile.
        LevelTooLow, TooManyDependants, TooManyGuardians, DependantIsSelf, DependantIsMinor: As
            ``open_dependant_holding``.
    """
    invitation = _answer(invitation_id, InvitationState.ACCEPTED, actor)
    if invitation.account_id != account_pk or invitation.person_id is None:
        raise InvitationOver
    return _open(invitation, invitation.person_id, rules.Evidence.PHONE_ON_RECORD, limits, actor)


@transaction.atomic
def accept_invitation(
    *, account_pk: int, invitation_id: str, limits: FamilyLimits, actor: Actor
) -> OpenedHolding:
    """Agree, from the invited person's own account.

    Raises:
        InvitationOver: If it is not open, or this account's person is not who was named.
        LevelTooLow: If this account's own proof is too weak to give a hold of level 2.
        TooManyDependants, TooManyGuardians, DependantIsMinor: As ``open_dependant_holding``.
    """
    person_pk = _invited_person(account_pk, invitation_id)
    invitation = _answer(invitation_id, InvitationState.ACCEPTED, actor)
    return _open(invitation, person_pk, rules.Evidence.HOLDER_CONSENT, limits, actor)


@transaction.atomic
def decline_invitation(*, account_pk: int, invitation_id: str, actor: Actor) -> None:
    """Refuse, from the invited person's own account.

    Raises:
        InvitationOver: If it is not open, or this account's person is not who was named.
    """
    _invited_person(account_pk, invitation_id, consents=False)
    _answer(invitation_id, InvitationState.DECLINED, actor)


@transaction.atomic
def withdraw_invitation(*, account_pk: int, invitation_id: str, actor: Actor) -> None:
    """Take an invitation back.

    Raises:
        InvitationOver: If it is not open, or somebody else's.
    """
    invitation = _answer(invitation_id, InvitationState.WITHDRAWN, actor)
    if invitation.account_id != account_pk:
        raise InvitationOver


def expire_invitations() -> int:
    """Close those that nobody answered in time."""
    moment = clock.now()
    return Invitation.objects.filter(state=InvitationState.OPEN, expires_at__lte=moment).update(
        state=InvitationState.EXPIRED, decided_at=moment, updated_at=moment
    )


def _invited_person(account_pk: int, invitation_id: str, *, consents: bool = True) -> int:
    own = selectors.self_person(account_pk)
    invitation = Invitation.objects.filter(public_id=invitation_id, state=InvitationState.OPEN).first()
    if (
        own is None
        or invitation is None
        or not selectors.is_named_by(invitation, mpi.particulars(own.person_pk))
    ):
        raise InvitationOver
    if consents:
        rules.require(own.level, rules.Deed.HOLD_DEPENDANT)
    return own.person_pk


def _answer(invitation_id: str, after: InvitationState, actor: Actor) -> Invitation:
    moment = clock.now()
    moved = Invitation.objects.filter(
        public_id=invitation_id, state=InvitationState.OPEN, expires_at__gt=moment
    ).update(state=after, decided_at=moment, updated_at=moment)
    if not moved:
        raise InvitationOver
    invitation = Invitation.objects.get(public_id=invitation_id)
    audit.record(
        Action.INVITATION_ANSWERED, actor=actor, subject=invitation, details={"outcome": after.value}
    )
    return invitation


def _open(
    invitation: Invitation, person_pk: int, evidence: rules.Evidence, limits: FamilyLimits, actor: Actor
) -> OpenedHolding:
    born = mpi.particulars(person_pk).birth_date
    today = clock.beijing(clock.now()).date()
    if born is not None and not rules.is_of_age(people.age_on(born, today)):
        raise DependantIsMinor
    return open_dependant_holding(
        account_pk=invitation.account_id,
        person_pk=person_pk,
        relation=invitation.relation,
        evidence=evidence,
        evidence_id=invitation.public_id,
        limits=limits,
        actor=actor,
    )


def _named(id_type: str, id_number: str, name: str) -> mpi.PersonRef | None:
    found = mpi.find_by_identifier(id_type, id_number)
    if found is None or mpi.particulars(found.person_pk).name != normalise_name(name):
        return None
    return found


def _phone_on_record(person: mpi.PersonRef, account_pk: int) -> str:
    """Where a code reaches the person and nobody else.

    Not a number that a holder of level 1 may have given themselves, nor the inviter's own. The
    number outlives the holding: who closed an account may ask again from another one.
    """
    held_at = selectors.surest_self_level(person.person_pk)
    if held_at is not None and not rules.may(held_at, rules.Deed.HOLD_DEPENDANT):
        return ""
    phone = mpi.particulars(person.person_pk).phone
    inviter = accounts.account_by_phone(phone) if phone else None
    return "" if inviter is not None and inviter.pk == account_pk else phone


def _mac(invitation_id: str, code: str) -> bytes:
    secret = keystore.active(Purpose.SESSION).secret
    return gmcrypto.hmac_sm3(secret, _MAC_DOMAIN + f"{invitation_id}\x1f{code}".encode())
