"""Who holds whom."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction

import gmcrypto
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.core.text import normalise_number
from foundation.events import services as events
from identity import rules, selectors
from identity.errors import HeldByAnother, HoldsAnother, SecondClerkNeeded
from identity.events import HoldingEnded, HoldingOpened
from identity.models import Holding, HoldingState
from identity.services.consent import withdraw_consent
from identity.services.seen import keep_evidence
from identity.types import EndReason, OpenedHolding, Relation
from institutions.rules import Duty
from institutions.services import require
from mpi import selectors as mpi
from mpi import services as persons
from mpi.errors import PersonErased

SECOND_PROOF_CHARACTERS = 4


@transaction.atomic
def open_self_holding(
    *,
    account_pk: int,
    person_pk: int,
    evidence: rules.Evidence,
    evidence_id: str = "",
    first_clerk: str = "",
    reason: str = "",
    actor: Actor,
) -> OpenedHolding:
    """Let an account hold a person as itself.

    A person whom nobody holds is opened at level 1. A person whom somebody else holds changes
    hands only by a proof of level 2 that is not weaker than the one before; the earlier
    holding ends. The same account again gets its holding back, raised if the proof is better.

    Args:
        evidence: What the level rests on; ``evidence_id`` names it, for example the public id
            of an identity check.
        first_clerk: Public id of who saw the person before the actor did; a window moves a person
            from one account to another only by two clerks.

    Raises:
        LevelTooLow: If the evidence opens nobody.
        HeldByAnother: If somebody else holds the person; answer it as any open question.
        SecondClerkNeeded: If one clerk alone would take the person from somebody else.
        HoldsAnother: If the account holds somebody else as itself.
    """
    level = rules.LEVEL_OF[evidence]
    rules.require(level, rules.Deed.HOLD_FREE_PERSON)
    # One holder per cluster: the constraints know single anchors only.
    anchors = mpi.cluster(persons.take_on(person_pk))
    root = mpi.survivor(person_pk)
    own = Holding.objects.filter(account=account_pk, relation=Relation.SELF, state=HoldingState.LIVE).first()
    if own is not None and own.person_id not in anchors:
        raise HoldsAnother
    if own is not None:
        return _proved(own, root, (evidence, evidence_id), actor, reason)
    holder = (
        Holding.objects.filter(person__in=anchors, relation=Relation.SELF, state=HoldingState.LIVE)
        .select_related("account", "person")
        .first()
    )
    if holder is not None:
        if not rules.may_take_over(level, holder.level):
            raise HeldByAnother
        if evidence is rules.Evidence.WINDOW and first_clerk in ("", actor.id):
            raise SecondClerkNeeded
        end_one(
            holding=holder, why=EndReason.TAKEN_OVER, actor=actor, reason="taken over on a stronger proof"
        )
    try:
        with transaction.atomic():
            return open_holding(
                account_pk=account_pk,
                root=root,
                relation=Relation.SELF,
                evidence=evidence,
                evidence_id=evidence_id,
                actor=actor,
                reason=reason,
            )
    except IntegrityError as exc:
        # The person is locked, so it is the account that opened another one meanwhile.
        raise HoldsAnother from exc


@transaction.atomic
def raise_seen_holding(*, holding_id: str, document: str, actor: Actor, reason: str) -> int:
    """Raise a live holding of somebody whom staff have seen, and keep what was looked at as evidence.

    Args:
        document: Type of the certificate that was compared with the person.

    Returns:
        The level now; a weaker proof changes nothing.

    Raises:
        NotFound: If there is no such live holding.
    """
    require(actor, Duty.MANAGE_CARDS)
    holding = Holding.objects.filter(public_id=holding_id, state=HoldingState.LIVE).first()
    if holding is None:
        raise NotFound
    seen = keep_evidence(
        request_id=f"{holding.public_id}-{clock.beijing(clock.now()):%Y%m%d}",
        subject=audit.subject_of(holding),
        person_pk=holding.person_id,
        evidence=rules.Evidence.WINDOW,
        document=document,
        actor=actor,
    )
    return _proved(holding, holding.person_id, (rules.Evidence.WINDOW, seen.check_id), actor, reason).level


@transaction.atomic
def end_holding(*, holding_id: str, actor: Actor, reason: str) -> None:
    """End a holding; the account may no longer act for the person.

    Raises:
        NotFound: If there is no such live holding.
    """
    require(actor, Duty.MANAGE_CARDS)
    holding = (
        Holding.objects.filter(public_id=holding_id, state=HoldingState.LIVE)
        .select_related("account", "person")
        .first()
    )
    if holding is None:
        raise NotFound
    end_one(holding=holding, why=EndReason.BY_STAFF, actor=actor, reason=reason)


@transaction.atomic
def end_all_of(*, account_pk: int, actor: Actor, reason: str) -> None:
    """End every holding of an account that is being closed, and take back what it agreed to."""
    live = Holding.objects.filter(account=account_pk, state=HoldingState.LIVE)
    for holding in live.select_related("account", "person"):
        end_one(holding=holding, why=EndReason.CLOSED, actor=actor, reason=reason)
    for kind in selectors.given_consents(account_pk):
        withdraw_consent(account_pk=account_pk, kind=kind, actor=actor)


def second_proof_holds(account: AbstractBaseUser, answer: str) -> bool | None:
    """Whether the answer is the end of the certificate number of the account's own person.

    The second proof after long silence: telephone numbers are given out again, and their new
    owner knows the phone but not the certificate.

    Returns:
        None if the account holds nobody as itself, so that there is nothing to protect.
    """
    person = selectors.self_person(account.pk)
    if person is None:
        return None
    try:
        number = mpi.particulars(person.person_pk).id_number
    except PersonErased:
        return None
    expected = number[-SECOND_PROOF_CHARACTERS:]
    given = normalise_number(answer)
    return bool(expected) and gmcrypto.same(given.encode(), expected.encode())


def _proved(
    holding: Holding, root: int, proof: tuple[rules.Evidence, str], actor: Actor, reason: str = ""
) -> OpenedHolding:
    """Raise a holding by a stronger proof; note that its level was proved again by an equal one."""
    evidence, evidence_id = proof
    level, moment = rules.LEVEL_OF[evidence], clock.now()
    live = Holding.objects.filter(pk=holding.pk, state=HoldingState.LIVE)
    changes: dict[str, Any] = {"updated_at": moment}
    if holding.relation == Relation.SELF:
        # What a guardian's hold rests on says how far it reaches, however sure the guardian is.
        changes |= {"evidence": evidence.value, "evidence_id": evidence_id, "proved_at": moment}
    raised = live.filter(level__lt=level).update(level=level, **changes)
    if not raised:
        live.filter(level=level).update(**changes)
    else:
        audit.record(
            Action.HOLDING_RAISED,
            actor=actor,
            subject=holding,
            reason=reason,
            details={"before": holding.level, "after": int(level)},
        )
    return OpenedHolding(
        holding.public_id, root, mpi.public_id_of(root), max(holding.level, int(level)), created=False
    )


def open_holding(
    *,
    account_pk: int,
    root: int,
    relation: Relation,
    evidence: rules.Evidence,
    evidence_id: str,
    actor: Actor,
    place: int | None = None,
    reason: str = "",
) -> OpenedHolding:
    """Write a holding with its audit entry and event, in the caller's transaction; for this room.

    Raises:
        IntegrityError: Of one of the constraints of ``Holding``.
    """
    level = rules.LEVEL_OF[evidence]
    holding = Holding.objects.create(
        account_id=account_pk,
        person_id=root,
        relation=relation,
        level=level,
        evidence=evidence.value,
        evidence_id=evidence_id,
        place=place,
        opened_at=clock.now(),
    )
    person_id = mpi.public_id_of(root)
    audit.record(
        Action.HOLDING_OPENED,
        actor=actor,
        subject=holding,
        reason=reason,
        details={
            "relation": holding.relation,
            "level": int(level),
            "kind": evidence.value,
            "reference": evidence_id,
        },
    )
    events.publish(
        HoldingOpened(
            holding_id=holding.public_id,
            account_id=holding.account.public_id,
            person_id=person_id,
            relation=holding.relation,
            level=int(level),
        )
    )
    return OpenedHolding(holding.public_id, root, person_id, int(level), created=True)


def end_one(*, holding: Holding, why: EndReason, actor: Actor, reason: str) -> None:
    """End one holding, in the caller's transaction; for this room.

    Args:
        why: What both sides may read.
        reason: For the audit.

    Raises:
        NotFound: If somebody else has ended it meanwhile.
    """
    moment = clock.now()
    ended = Holding.objects.filter(pk=holding.pk, state=HoldingState.LIVE).update(
        state=HoldingState.ENDED, ended_at=moment, end_reason=why, updated_at=moment
    )
    if not ended:
        raise NotFound
    audit.record(
        Action.HOLDING_ENDED,
        actor=actor,
        subject=holding,
        reason=reason,
        details={"relation": holding.relation, "outcome": why.value},
    )
    events.publish(
        HoldingEnded(
            holding_id=holding.public_id,
            account_id=holding.account.public_id,
            person_id=holding.person.public_id,
            relation=holding.relation,
            end_reason=why.value,
        )
    )
