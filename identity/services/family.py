"""Dependants: children and other adults whom an account holds besides its own person.

The places of an account are numbered, and a constraint gives each to one dependant at a time; so
the limit holds however many requests come at once. The guardians of one person are counted under
the lock of that person.
"""

from django.db import IntegrityError, transaction

from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from identity import rules, selectors
from identity.errors import DependantIsSelf, OwnPersonNeeded, TooManyDependants, TooManyGuardians
from identity.models import Holding, HoldingState
from identity.services.holdings import end_one, open_holding
from identity.types import Acting, EndReason, FamilyLimits, OpenedHolding, Relation
from mpi import selectors as mpi
from mpi import services as persons

# What either side may give as the reason; the others are ours.
GUARDIANS_REASONS = (EndReason.NOT_NEEDED, EndReason.WRONG_PERSON)
PERSONS_REASONS = (EndReason.NOT_AGREED, EndReason.NOT_NEEDED, EndReason.WRONG_PERSON)


def require_guardian(account_pk: int) -> Acting:
    """The account's own person, sure enough to hold others.

    Raises:
        OwnPersonNeeded: If the account holds nobody as itself.
        LevelTooLow: If it has given no proof of level 2.
    """
    own = selectors.self_person(account_pk)
    if own is None:
        raise OwnPersonNeeded
    rules.require(own.level, rules.Deed.HOLD_DEPENDANT)
    return own


@transaction.atomic
def open_dependant_holding(
    *,
    account_pk: int,
    person_pk: int,
    relation: str,
    evidence: rules.Evidence,
    evidence_id: str = "",
    limits: FamilyLimits,
    actor: Actor,
    reason: str = "",
) -> OpenedHolding:
    """Let an account act for somebody else; one who is held already is returned as they are.

    Args:
        evidence: What was proved: a reviewed proof, a birth record, consent, a visit to a window.
        limits: The centre's.
        reason: Of staff, for the audit.

    Raises:
        OwnPersonNeeded, LevelTooLow: As ``require_guardian``; also if the evidence is too weak.
        DependantIsSelf: If it is the account's own person.
        TooManyDependants, TooManyGuardians: By the limits.
    """
    rules.require(rules.LEVEL_OF[evidence], rules.Deed.HOLD_DEPENDANT)
    own = require_guardian(account_pk)
    kind = dependants_relation(relation)
    anchors = mpi.cluster(persons.take_on(person_pk))
    root = mpi.survivor(person_pk)
    if own.person_pk in anchors:
        raise DependantIsSelf
    held = Holding.objects.filter(account=account_pk, person__in=anchors, state=HoldingState.LIVE).first()
    if held is not None:
        return OpenedHolding(held.public_id, root, mpi.public_id_of(root), held.level, created=False)
    guardians = Holding.objects.filter(person__in=anchors, state=HoldingState.LIVE).exclude(
        relation=Relation.SELF
    )
    if guardians.count() >= limits.guardians:
        raise TooManyGuardians
    for place in _free_places(account_pk, limits.dependants):
        try:
            with transaction.atomic():
                return open_holding(
                    account_pk=account_pk,
                    root=root,
                    relation=kind,
                    evidence=evidence,
                    evidence_id=evidence_id,
                    actor=actor.acting_for(mpi.public_id_of(root)),
                    place=place,
                    reason=reason,
                )
        except IntegrityError:
            # Another request of the same account took the place; there may be a next one.
            continue
    raise TooManyDependants


@transaction.atomic
def end_guardianship(*, account_pk: int, holding_id: str, reason: str, actor: Actor) -> None:
    """End an account's hold on a dependant, by the guardian or by the person themselves.

    Args:
        reason: A value of ``EndReason`` that this side may give.

    Raises:
        NotFound: Also for the holdings of others.
        InvalidInput: If the reason is not one of theirs.
    """
    holding = (
        Holding.objects.filter(public_id=holding_id, state=HoldingState.LIVE)
        .exclude(relation=Relation.SELF)
        .select_related("account", "person")
        .first()
    )
    if holding is None:
        raise NotFound
    own = selectors.self_person(account_pk)
    if holding.account_id == account_pk:
        allowed: tuple[EndReason, ...] = GUARDIANS_REASONS
    elif own is not None and own.person_pk == mpi.survivor(holding.person_id):
        allowed = PERSONS_REASONS
    else:
        raise NotFound
    if reason not in allowed:
        raise InvalidInput(field="reason")
    end_one(
        holding=holding,
        why=EndReason(reason),
        actor=actor.acting_for(holding.person.public_id),
        reason=reason,
    )


def dependants_relation(relation: str) -> Relation:
    """A relation in which somebody may hold somebody else.

    Raises:
        InvalidInput: If it is none.
    """
    if relation == Relation.SELF or relation not in Relation.values:
        raise InvalidInput(field="relation")
    return Relation(relation)


def _free_places(account_pk: int, most: int) -> list[int]:
    taken = set(
        Holding.objects.filter(account=account_pk, state=HoldingState.LIVE).values_list("place", flat=True)
    )
    return [place for place in range(1, most + 1) if place not in taken]
