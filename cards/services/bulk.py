"""Issuing many cards in a few statements, by the rules of a single registration.

Everything is written in one savepoint: persons, numbers of the source, cards, bindings, audit
entries and events. Where a constraint says that somebody else was at the same person, nothing of
it stands, and the list is gone through one by one, as single registrations do it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Q

from cards.errors import CertificateTooLong
from cards.events import CardIssued
from cards.models import Card, CardBinding, CardNumber
from cards.rules import derivation
from cards.rules.face import face_of
from cards.selectors import require_open_channel
from cards.services.binding import bind_card
from cards.services.issue import issue_card
from cards.services.numbers import NUMBER_DOMAIN
from cards.states import CardState
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from foundation.core.rows import insert_many
from foundation.events import services as events
from gmcrypto import index, keystore, subject_keys
from gmcrypto.keyring import Purpose
from identity import services as identity
from mpi import bulk as mpi_bulk
from mpi import selectors as mpi_read
from mpi import services as mpi
from mpi.rules import canonical_number
from mpi.types import Particulars, PersonIdentity

# Who says so where no institution does.
CENTRE_SOURCE = "centre"


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who is to have a card.

    Attributes:
        check_id: Public id of the evidence of the real-name check; empty if there was none.
        patient_id: The institution's own number for the person.
    """

    identity: PersonIdentity
    check_id: str = ""
    patient_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class IssuedOne:
    """What became of one applicant.

    Attributes:
        created: Whether the card was issued by this call; otherwise it lived before.
        error: Why there is no card; then nothing of the applicant was written.
    """

    person_pk: int | None = None
    card_pk: int | None = None
    card_id: str = ""
    created: bool = False
    error: DomainError | None = None


def have_cards(*, identities: Sequence[PersonIdentity]) -> list[bool]:
    """Who of them has a live card under the same name and birth date."""
    found = mpi_bulk.find_many(identities=identities)
    held = _live_cards([pk for pk in found if pk is not None])
    return [pk in held for pk in found]


@transaction.atomic
def issue_cards(
    *, applicants: Sequence[Applicant], channel: str, actor: Actor, institution_pk: int | None
) -> list[IssuedOne]:
    """Register each person and issue the card, or find the one that lives; in the order given.

    Args:
        institution_pk: Whose patients they are; none for a list of the card centre.

    Raises:
        ChannelStopped: If the centre has stopped the channel.
    """
    require_open_channel(channel)
    try:
        with transaction.atomic(), subject_keys.remembering_keys():
            return _Together(channel, actor, institution_pk).issue(applicants)
    except IntegrityError:
        # Somebody else registered one of them since we looked; theirs is committed by now.
        mpi_bulk.hold_many(identities=[applicant.identity for applicant in applicants])
        return [_issue_one(applicant, channel, actor, institution_pk) for applicant in applicants]


def _issue_one(applicant: Applicant, channel: str, actor: Actor, institution_pk: int | None) -> IssuedOne:
    try:
        with transaction.atomic():
            person = mpi.register_person(
                identity=applicant.identity, source=_source(actor), actor=actor
            ).person_pk
            if applicant.patient_id:
                mpi.link_source_record(person_pk=person, source=_source(actor), local_id=applicant.patient_id)
            if applicant.check_id:
                identity.attach_person(check_id=applicant.check_id, person_pk=person)
            issued = issue_card(person_pk=person, channel=channel, actor=actor, institution_pk=institution_pk)
            if actor.institution:
                bind_card(card_pk=issued.card.pk, actor=actor)
    except DomainError as exc:
        return IssuedOne(error=exc)
    return IssuedOne(person, issued.card.pk, issued.card.public_id, issued.created)


def _source(actor: Actor) -> str:
    return actor.institution or CENTRE_SOURCE


@dataclass(frozen=True, slots=True)
class _Number:
    """The number of somebody under one safe key."""

    value: str = field(repr=False)
    main_index: str = field(repr=False)
    indexes: tuple[bytes, ...]

    @classmethod
    def of(cls, one: Particulars, safe_key: bytes) -> "_Number":
        main_index = derivation.main_index(one.id_type, one.id_number, one.name)
        value = derivation.card_id(safe_key, main_index, one.id_type, one.id_number)
        return cls(value, main_index, tuple(index.blind_index_candidates(NUMBER_DOMAIN, value)))


class _Together:
    """One list, written together."""

    def __init__(self, channel: str, actor: Actor, institution_pk: int | None) -> None:
        self.channel = channel
        self.actor = actor
        self.institution_pk = institution_pk
        self.moment = clock.now()

    def issue(self, applicants: Sequence[Applicant]) -> list[IssuedOne]:
        faults = [_fault(applicant.identity) for applicant in applicants]
        fit = [one for one, fault in zip(applicants, faults, strict=True) if fault is None]
        done = iter(self._issue(fit))
        return [next(done) if fault is None else IssuedOne(error=fault) for fault in faults]

    def _issue(self, applicants: Sequence[Applicant]) -> list[IssuedOne]:
        registered = mpi_bulk.register_many(
            newcomers=[mpi_bulk.Newcomer(one.identity, one.patient_id) for one in applicants],
            source=_source(self.actor),
            actor=self.actor,
        )
        accepted = {one.person_pk: one for one in registered if one.error is None}
        cards = _live_cards([pk for pk, one in accepted.items() if one.particulars is None])
        made = self._make(_particulars([one for pk, one in accepted.items() if pk not in cards]))
        cards |= made
        self._bind(cards)
        identity.attach_persons(
            persons={
                applicant.check_id: one.person_pk
                for applicant, one in zip(applicants, registered, strict=True)
                if applicant.check_id and one.error is None
            }
        )
        return [
            IssuedOne(error=one.error)
            if one.error is not None
            else IssuedOne(one.person_pk, *cards[one.person_pk], created=one.person_pk in made)
            for one in registered
        ]

    def _make(self, people: Sequence[Particulars]) -> dict[int, tuple[int, str]]:
        """Cards for people who have none, under the oldest safe key."""
        key = min(keystore.all_active(Purpose.DERIVATION), key=lambda key: key.version)
        numbers = {one.person_pk: _Number.of(one, key.secret) for one in people}
        used = _used(numbers.values())
        # Whoever had a card before is left to the single way, which takes the next key.
        before = [one for one in people if not used.isdisjoint(numbers[one.person_pk].indexes)]
        made = {one.person_pk: self._single(one) for one in before}
        fresh = [one for one in people if one.person_pk not in made]
        # The keys of those who were registered just now are at hand.
        subject_keys.prepare_subject_keys(one.person_id for one in fresh)
        cards = [self._card(one) for one in fresh]
        insert_many(cards)
        insert_many(
            [
                self._number(card, numbers[one.person_pk], key.version)
                for card, one in zip(cards, fresh, strict=True)
            ]
        )
        self._tell(cards, key.version)
        return made | {
            one.person_pk: (card.pk, card.public_id) for card, one in zip(cards, fresh, strict=True)
        }

    def _single(self, one: Particulars) -> tuple[int, str]:
        card = issue_card(
            person_pk=one.person_pk,
            channel=self.channel,
            actor=self.actor,
            institution_pk=self.institution_pk,
        ).card
        return card.pk, card.public_id

    def _card(self, one: Particulars) -> Card:
        return Card(
            person_id=one.person_pk,
            subject=one.person_id,
            face=face_of(one),
            channel=self.channel,
            institution_id=self.institution_pk,
            issued_at=self.moment,
            state_changed_at=self.moment,
            state_changed_by=self.actor.kind.value,
        )

    def _number(self, card: Card, number: _Number, key_version: int) -> CardNumber:
        return CardNumber(
            card=card,
            subject=card.subject,
            value=number.value,
            value_index=index.blind_index(NUMBER_DOMAIN, number.value),
            value_index_next=index.next_blind_index(NUMBER_DOMAIN, number.value),
            main_index=number.main_index,
            key_version=key_version,
            created_at=self.moment,
        )

    def _tell(self, cards: Sequence[Card], key_version: int) -> None:
        audit.record_many(
            audit.Entry(
                Action.CARD_ISSUED,
                actor=self.actor,
                subject=audit.subject_of(card),
                details={"channel": self.channel, "key_version": key_version},
            )
            for card in cards
        )
        events.publish_many(
            CardIssued(
                card_id=card.public_id,
                person_id=card.subject,
                channel=self.channel,
                institution_id=self.actor.institution,
            )
            for card in cards
        )

    def _bind(self, cards: Mapping[int, tuple[int, str]]) -> None:
        if not self.actor.institution:
            return
        CardBinding.objects.bulk_create(
            [
                CardBinding(
                    card_id=card_pk,
                    institution=self.actor.institution,
                    bound_by=self.actor.id,
                    at=self.moment,
                )
                for card_pk, _card_id in sorted(cards.values())
            ],
            ignore_conflicts=True,
        )


def _fault(given: PersonIdentity) -> DomainError | None:
    """What the derivation cannot take; everything else is the master index's to say."""
    number = canonical_number(given.id_type, given.id_number)
    too_long = len(number.encode()) > derivation.CERTIFICATE_BYTES
    return CertificateTooLong(field="id_number") if too_long else None


def _live_cards(person_pks: Sequence[int]) -> dict[int, tuple[int, str]]:
    """The live cards of these persons' clusters, by the person asked for."""
    clusters = mpi_read.clusters(person_pks)
    rows = Card.objects.filter(person__in={anchor for anchors in clusters.values() for anchor in anchors})
    live = {
        person: (pk, public_id)
        for person, pk, public_id in rows.exclude(state=CardState.CANCELLED).values_list(
            "person_id", "pk", "public_id"
        )
    }
    return {
        asked: live[anchor] for asked, anchors in clusters.items() for anchor in anchors if anchor in live
    }


def _particulars(registered: Sequence[mpi_bulk.Registered]) -> list[Particulars]:
    """What is known of each: of newcomers what they gave, of the others what is on record."""
    known = mpi_read.particulars_many(one.person_pk for one in registered if one.particulars is None)
    return [one.particulars or known[one.person_pk] for one in registered]


def _used(numbers: Iterable[_Number]) -> set[bytes]:
    """Which of these numbers some card has or had."""
    wanted = [candidate for number in numbers for candidate in number.indexes]
    rows = CardNumber.objects.filter(Q(value_index__in=wanted) | Q(value_index_next__in=wanted))
    both = rows.values_list("value_index", "value_index_next")
    return {bytes(found) for pair in both for found in pair if found is not None}
