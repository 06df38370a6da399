"""Reading who holds whom, and how far a hold reaches."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from foundation.core import clock
from foundation.core.errors import NotFound
from foundation.core.text import mask_name
from identity.models import Holding, HoldingState
from identity.rules import LASTS, Deed, Evidence, Level, guardian_may, is_of_age, may
from identity.types import (
    Acting,
    EndedHolding,
    EndReason,
    Guardian,
    Proof,
    Relation,
)
from mpi import selectors as mpi
from mpi.rules import age_on

LATELY = timedelta(days=60)
_PROOFS = {Evidence.GUARDIAN_PROOF, Evidence.BIRTH_RECORD}


def acting(account_pk: int, person_id: str) -> Acting:
    """The one place that decides whether an account may act for a person.

    Args:
        person_id: Public id of any anchor of the person.

    Raises:
        NotFound: For strangers and for persons that do not exist alike.
    """
    person = mpi.by_public_id(person_id)
    if person is None:
        raise NotFound
    holding = _best(account_pk, mpi.cluster(person.person_pk))
    if holding is None:
        raise NotFound
    agreed = holding.pk in _agreed([holding])
    return Acting(person.person_pk, person.person_id, holding.level, holding.relation, agreed)


def self_person(account_pk: int) -> Acting | None:
    """The person whom the account holds as itself."""
    holding = (
        Holding.objects.filter(account=account_pk, relation=Relation.SELF, state=HoldingState.LIVE)
        .select_related("person")
        .first()
    )
    return _acting(holding) if holding is not None else None


def proof_of(account_pk: int, *, at: datetime) -> Proof | None:
    """What an outside party may be told of how sure it is that the account is its person.

    A proof that has lapsed leaves that name and number fit, for as long as the account is held.
    """
    holding = Holding.objects.filter(
        account=account_pk, relation=Relation.SELF, state=HoldingState.LIVE
    ).first()
    if holding is None:
        return None
    proved_at = holding.proved_at or holding.opened_at
    lasts = LASTS.get(Level(holding.level))
    until = proved_at + lasts if lasts is not None else None
    if until is not None and until <= at:
        return Proof(Level.PAIR_EXISTS, Evidence.REAL_NAME, holding.opened_at, None)
    return Proof(holding.level, holding.evidence, proved_at, until)


def persons_of(account_pk: int) -> list[Acting]:
    """Everybody for whom the account may act: itself first, then by age of the holding."""
    holdings = Holding.objects.filter(account=account_pk, state=HoldingState.LIVE).select_related("person")
    rows = sorted(holdings, key=lambda holding: (holding.relation != Relation.SELF, holding.pk))
    agreed = _agreed(rows)
    found: dict[int, Acting] = {}
    for row in rows:
        acts = _acting(row, is_by_consent=row.pk in agreed)
        found.setdefault(acts.person_pk, acts)
    return list(found.values())


def is_held(person_pk: int) -> bool:
    """Whether anybody holds the person as themselves."""
    return Holding.objects.filter(
        person__in=mpi.cluster(person_pk), relation=Relation.SELF, state=HoldingState.LIVE
    ).exists()


def surest_self_level(person_pk: int) -> int | None:
    """How sure the hold of the person's own account is; where that has ended, how sure holds were.

    None if nobody ever held them as themselves.
    """
    holds = Holding.objects.filter(person__in=mpi.cluster(person_pk), relation=Relation.SELF)
    levels = list(holds.values_list("state", "level"))
    live = [level for state, level in levels if state == HoldingState.LIVE]
    return max(live or [level for _state, level in levels], default=None)


def has_let_go(account_pk: int, person_pk: int) -> bool:
    """Whether the account held the person once, and does no more."""
    holds = Holding.objects.filter(account=account_pk, person__in=mpi.cluster(person_pk))
    states = set(holds.values_list("state", flat=True))
    return bool(states) and HoldingState.LIVE not in states


def was_held_by(person_pk: int, holding_id: str) -> bool:
    """Whether this hold on the person has ended."""
    ended = Holding.objects.filter(public_id=holding_id, state=HoldingState.ENDED)
    return ended.filter(person__in=mpi.cluster(person_pk)).exists()


def self_account(person_pk: int) -> tuple[int, int] | None:
    """The account that holds the person as itself, with its level."""
    return (
        Holding.objects.filter(
            person__in=mpi.cluster(person_pk), relation=Relation.SELF, state=HoldingState.LIVE
        )
        .values_list("account", "level")
        .first()
    )


def dependants_of(account_pk: int) -> list[Acting]:
    """The others for whom the account may act, the longest held first."""
    return [acts for acts in persons_of(account_pk) if acts.relation != Relation.SELF]


def guardians_of(person_pk: int) -> list[Guardian]:
    """Which accounts besides their own may act for a person."""
    rows = list(
        Holding.objects.filter(person__in=mpi.cluster(person_pk), state=HoldingState.LIVE)
        .exclude(relation=Relation.SELF)
        .order_by("pk")
    )
    names = names_of(row.account_id for row in rows)
    return [
        Guardian(row.public_id, names.get(row.account_id, ""), row.relation, row.opened_at) for row in rows
    ]


def ended_lately(account_pk: int) -> list[EndedHolding]:
    """The dependants whom the account held until lately, with the reason, the newest first."""
    rows = (
        Holding.objects.filter(
            account=account_pk, state=HoldingState.ENDED, ended_at__gte=clock.now() - LATELY
        )
        .exclude(relation=Relation.SELF)
        .order_by("-ended_at")
    )
    return [
        EndedHolding(row.relation, str(EndReason(row.end_reason).label), row.ended_at)
        for row in rows
        if row.end_reason and row.ended_at
    ]


def holding_of(account_pk: int, person_id: str) -> str:
    """Public id of the account's hold on a dependant.

    Raises:
        NotFound: For strangers and for the account's own person.
    """
    person = mpi.by_public_id(person_id)
    found = None
    if person is not None:
        found = (
            Holding.objects.filter(
                account=account_pk, person__in=mpi.cluster(person.person_pk), state=HoldingState.LIVE
            )
            .exclude(relation=Relation.SELF)
            .values_list("public_id", flat=True)
            .first()
        )
    if found is None:
        raise NotFound
    return found


def names_of(account_pks: Iterable[int]) -> dict[int, str]:
    """The masked names of accounts' own persons; for this room."""
    own = Holding.objects.filter(
        account__in=set(account_pks), relation=Relation.SELF, state=HoldingState.LIVE
    ).values_list("account", "person")
    persons = dict(own)
    known = mpi.particulars_many(persons.values())
    return {account: mask_name(known[pk].name) for account, pk in persons.items() if pk in known}


def holders(person_pk: int) -> list[tuple[str, str]]:
    """The accounts that hold a person, by public id, each with its relation."""
    rows = Holding.objects.filter(person__in=mpi.cluster(person_pk), state=HoldingState.LIVE).order_by("pk")
    return list(dict(rows.values_list("account__public_id", "relation")).items())


def holders_who_may(person_pks: Iterable[int], deed: Deed) -> dict[int, list[tuple[str, str]]]:
    """The accounts that may do something for each person, by public id, each with its relation.

    In a few queries for any number of persons.
    """
    clusters = mpi.clusters(person_pks)
    anchors = {anchor for cluster in clusters.values() for anchor in cluster}
    rows = list(
        Holding.objects.filter(person__in=anchors, state=HoldingState.LIVE)
        .select_related("account")
        .order_by("pk")
    )
    agreed = _agreed(rows)
    found: dict[int, dict[str, str]] = {}
    for row in rows:
        is_own = row.relation == Relation.SELF
        if may(row.level, deed) and (is_own or guardian_may(deed, is_by_consent=row.pk in agreed)):
            found.setdefault(row.person_id, {}).setdefault(row.account.public_id, row.relation)
    return {
        asked: list({name: how for anchor in cluster for name, how in found.get(anchor, {}).items()}.items())
        for asked, cluster in clusters.items()
    }


def deciding_accounts(person_pk: int) -> list[str]:
    """Public ids of the accounts that decide for a person: their own, or a child's guardians'."""
    rows = list(
        Holding.objects.filter(person__in=mpi.cluster(person_pk), state=HoldingState.LIVE)
        .select_related("account")
        .order_by("pk")
    )
    agreed = _agreed(rows)
    return list(dict.fromkeys(row.account.public_id for row in rows if row.pk not in agreed))


def held_since(account_pk: int, person_pk: int, *, anchors: Sequence[int] | None = None) -> datetime:
    """When the account began to act for the person; now, if it does not.

    The earliest of its live holdings on any anchor.

    Args:
        anchors: Every anchor of the person, where they are known already.
    """
    anywhere = mpi.cluster(person_pk) if anchors is None else anchors
    rows = Holding.objects.filter(account=account_pk, person__in=anywhere, state=HoldingState.LIVE)
    return rows.order_by("opened_at").values_list("opened_at", flat=True).first() or clock.now()


def known_since(account_pk: int, acting: Acting, *, anchors: Sequence[int] | None = None) -> datetime | None:
    """From when on an account may know what happened to a person: none for the whole past.

    Whoever only knew a name and a number, or was given another adult's card to look after, reads
    what has happened since, and not which hospitals that person went to before.

    Args:
        anchors: Every anchor of the person, where they are known already.
    """
    if not acting.is_by_consent and may(acting.level, Deed.READ_RECORDS):
        return None
    return held_since(account_pk, acting.person_pk, anchors=anchors)


def names_of_accounts(account_ids: Iterable[str]) -> dict[str, str]:
    """The masked names of the own persons of accounts, by the accounts' public ids."""
    own = Holding.objects.filter(
        account__public_id__in=set(account_ids), relation=Relation.SELF, state=HoldingState.LIVE
    ).values_list("account__public_id", "person")
    persons = dict(own)
    known = mpi.particulars_many(persons.values())
    return {account: mask_name(known[pk].name) for account, pk in persons.items() if pk in known}


def is_held_by_anybody(person_pk: int) -> bool:
    """Whether any account may act for the person."""
    return Holding.objects.filter(person__in=mpi.cluster(person_pk), state=HoldingState.LIVE).exists()


def live_holdings() -> "QuerySet[Holding]":
    """Every live holding, for conditions of other rooms."""
    return Holding.objects.filter(state=HoldingState.LIVE)


def live_evidence() -> "QuerySet[Holding]":
    """Live holdings, by ``evidence_id``: what these rest on is not forgotten before them."""
    return live_holdings().exclude(evidence_id="")


def once_held_by(account_id: str) -> list[int]:
    """The persons for whom an account could act once."""
    rows = Holding.objects.filter(account__public_id=account_id)
    return list(rows.order_by("person").values_list("person", flat=True).distinct())


def holder_accounts(person_pks: Iterable[int]) -> dict[int, list[str]]:
    """Public ids of the accounts that hold each person, in two queries for any number of them."""
    clusters = mpi.clusters(person_pks)
    anchors = {anchor for cluster in clusters.values() for anchor in cluster}
    holders: dict[int, list[str]] = {}
    rows = Holding.objects.filter(person__in=anchors, state=HoldingState.LIVE).order_by("pk")
    for anchor, account_id in rows.values_list("person", "account__public_id"):
        holders.setdefault(anchor, []).append(account_id)
    return {
        asked: list(dict.fromkeys(account for anchor in cluster for account in holders.get(anchor, ())))
        for asked, cluster in clusters.items()
    }


def _best(account_pk: int, anchors: list[int]) -> Holding | None:
    """The strongest of the account's holdings of one person."""
    rows = Holding.objects.filter(account=account_pk, person__in=anchors, state=HoldingState.LIVE)
    return max(rows, key=lambda row: (row.relation == Relation.SELF, row.level), default=None)


def _agreed(holdings: Iterable[Holding]) -> set[int]:
    """The keys of those holdings of adults that rest on the adults' own consent."""
    agreed, seen = set(), {}
    for holding in holdings:
        if holding.relation == Relation.SELF or holding.evidence in _PROOFS:
            continue
        if holding.relation == Relation.CHILD and holding.evidence == Evidence.WINDOW:
            # At a window a child is held by papers, and a grown-up one by what they say.
            seen[holding.pk] = holding.person_id
        else:
            agreed.add(holding.pk)
    known = mpi.particulars_many(seen.values())
    today = clock.beijing(clock.now()).date()
    for pk, person_pk in seen.items():
        born = known[person_pk].birth_date if person_pk in known else None
        if born is None or is_of_age(age_on(born, today)):
            agreed.add(pk)
    return agreed


def _acting(holding: Holding, *, is_by_consent: bool = False) -> Acting:
    pk, public_id = holding.person_id, holding.person.public_id
    if holding.person.survivor_id is not None:
        pk = mpi.survivor(pk)
        public_id = mpi.public_id_of(pk)
    return Acting(pk, public_id, holding.level, holding.relation, is_by_consent)
