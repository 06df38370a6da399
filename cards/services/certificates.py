"""Joining certificates in a person's health card, and taking them out again."""

from dataclasses import dataclass, field
from datetime import date

from django.db import IntegrityError, transaction

from cards.errors import (
    CertificateDecided,
    CertificateKindUnknown,
    CertificateNotFound,
    CertificateNumberWrong,
    CertificateTaken,
    TooManyCertificates,
)
from cards.events import CertificateLinked, CertificateRefused
from cards.models import LinkedCertificate
from cards.rules import certificates as rules
from cards.states import LIVE_CERTIFICATES, CertificateState
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from foundation.events import services as events
from gmcrypto.index import blind_index, indexed_as, next_blind_index
from institutions.rules import Duty
from institutions.services import require
from mpi import selectors as mpi
from mpi import services as persons

INDEX_DOMAIN = "linked-certificate"
CLAIMS_PER_DAY = 10
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Given:
    """What stands on a certificate, in the form in which it is stored."""

    kind: str
    number: str = field(repr=False)
    issuer: str

    @property
    def index_form(self) -> str:
        """What makes two certificates the same one."""
        return rules.index_form(self.kind, self.issuer, self.number)


@transaction.atomic
def link_certificate(
    *,
    person_pk: int,
    kind: str,
    number: str,
    issuer: str,
    valid_until: date | None = None,
    actor: Actor,
) -> LinkedCertificate:
    """Link a certificate that an institution has seen; what its holder claimed is confirmed by it.

    The same again changes only how long it is valid, which is recorded.

    Raises:
        CertificateKindUnknown, CertificateNumberWrong, InvalidInput: What was given cannot be.
        CertificateTaken: If it is linked to somebody else.
        TooManyCertificates: If the person has as many as a card joins.
    """
    found, given = _same(person_pk, kind, number, issuer)
    if found is None:
        certificate = _insert(person_pk, given, CertificateState.LINKED, valid_until, actor=actor)
    else:
        certificate = found
        _keep_validity(found, valid_until, actor)
        if found.state == CertificateState.LINKED:
            return _reread(found)
        _link(found, actor)
    audit.record(
        Action.CERTIFICATE_LINKED, actor=actor, subject=certificate, details={"kind": certificate.kind}
    )
    _tell_linked(certificate)
    return _reread(certificate)


@transaction.atomic
def claim_certificate(
    *, person_pk: int, kind: str, number: str, issuer: str, actor: Actor
) -> LinkedCertificate:
    """Keep what holders say of their own certificate, until somebody confirms it.

    Raises:
        CertificateKindUnknown, CertificateNumberWrong, InvalidInput: What was given cannot be.
        TooManyCertificates: If the person has as many as a card joins.
        TooManyRequests: After too many claims in a day.
    """
    found, given = _same(person_pk, kind, number, issuer)
    if found is not None:
        return found
    ratelimit.hit(f"certificate-claim:{actor.id}", limit=CLAIMS_PER_DAY, per_seconds=_DAY)
    certificate = _insert(person_pk, given, CertificateState.CLAIMED, None, actor=actor)
    audit.record(
        Action.CERTIFICATE_CLAIMED, actor=actor, subject=certificate, details={"kind": certificate.kind}
    )
    return certificate


@transaction.atomic
def decide_certificate(*, certificate_pk: int, confirm: bool, reason: str, actor: Actor) -> None:
    """Confirm or refuse what a holder claimed.

    Raises:
        CertificateDecided: If it no longer waits.
        CertificateTaken: If it is linked to somebody else.
    """
    require(actor, Duty.REVIEW_APPLICATIONS)
    certificate = LinkedCertificate.objects.filter(pk=certificate_pk, state=CertificateState.CLAIMED).first()
    if certificate is None:
        raise CertificateDecided
    if confirm:
        _link(certificate, actor)
        action = Action.CERTIFICATE_LINKED
        _tell_linked(certificate)
    else:
        _end(certificate, CertificateState.REFUSED)
        action = Action.CERTIFICATE_REFUSED
        events.publish(
            CertificateRefused(certificate_id=certificate.public_id, person_id=certificate.subject)
        )
    audit.record(action, actor=actor, subject=certificate, reason=reason, details={"kind": certificate.kind})


@transaction.atomic
def unlink_certificate(*, certificate: LinkedCertificate, reason: str, actor: Actor) -> None:
    """Take a certificate out of the card; whoever asks has found it as their own.

    Raises:
        CertificateDecided: If it is out already.
    """
    if certificate.state not in LIVE_CERTIFICATES:
        raise CertificateDecided
    _end(certificate, CertificateState.UNLINKED)
    audit.record(
        Action.CERTIFICATE_UNLINKED,
        actor=actor,
        subject=certificate,
        reason=reason,
        details={"kind": certificate.kind},
    )


def certificate_of(*, person_pk: int, public_id: str, institution: str = "") -> LinkedCertificate:
    """One live certificate of a person.

    Args:
        institution: Where one asks, only what it linked itself.

    Raises:
        CertificateNotFound: Also for one of somebody else.
    """
    rows = LinkedCertificate.objects.filter(
        person__in=mpi.cluster(person_pk), public_id=public_id, state__in=LIVE_CERTIFICATES
    )
    if institution:
        rows = rows.filter(institution=institution)
    found = rows.first()
    if found is None:
        raise CertificateNotFound
    return found


def _same(person_pk: int, kind: str, number: str, issuer: str) -> tuple[LinkedCertificate | None, _Given]:
    """The person's live certificate that this is, if there is one; and what was given, as it is stored."""
    given = _checked(kind, number, issuer)
    # Two who link the same certificate of one person wait for each other here.
    anchors = mpi.cluster(persons.take_on(person_pk))
    live = LinkedCertificate.objects.filter(person__in=anchors, state__in=LIVE_CERTIFICATES)
    found = live.filter(indexed_as("number_index", INDEX_DOMAIN, given.index_form), kind=kind).first()
    if found is None and live.count() >= rules.MOST_PER_PERSON:
        raise TooManyCertificates
    return found, given


def _checked(kind: str, number: str, issuer: str) -> _Given:
    if kind not in rules.KINDS:
        raise CertificateKindUnknown(field="kind")
    text = rules.canonical(number)
    if not text:
        raise CertificateNumberWrong(field="number")
    issuer = issuer.strip()
    if not 0 < len(issuer) <= rules.LONGEST_ISSUER:
        raise InvalidInput(field="issuer")
    return _Given(kind, text, issuer)


def _insert(
    person_pk: int, given: _Given, state: CertificateState, valid_until: date | None, *, actor: Actor
) -> LinkedCertificate:
    root = mpi.survivor(person_pk)
    try:
        with transaction.atomic():
            return LinkedCertificate.objects.create(
                person_id=root,
                subject=mpi.public_id_of(root),
                kind=given.kind,
                number=given.number,
                number_index=blind_index(INDEX_DOMAIN, given.index_form),
                number_index_next=next_blind_index(INDEX_DOMAIN, given.index_form),
                issuer=given.issuer,
                valid_until=valid_until,
                state=state,
                institution=actor.institution,
                linked_at=clock.now() if state is CertificateState.LINKED else None,
            )
    except IntegrityError as exc:
        raise CertificateTaken(field="number") from exc


def _link(certificate: LinkedCertificate, actor: Actor) -> None:
    moment = clock.now()
    try:
        with transaction.atomic():
            linked = LinkedCertificate.objects.filter(
                pk=certificate.pk, state=CertificateState.CLAIMED
            ).update(
                state=CertificateState.LINKED,
                linked_at=moment,
                institution=actor.institution,
                updated_at=moment,
            )
    except IntegrityError as exc:
        raise CertificateTaken(field="number") from exc
    if not linked:
        raise CertificateDecided


def _keep_validity(certificate: LinkedCertificate, until: date | None, actor: Actor) -> None:
    """Keep another end of validity; whoever calls holds the person, so nobody else changes it."""
    before = certificate.valid_until
    if until is None or until == before:
        return
    LinkedCertificate.objects.filter(pk=certificate.pk).update(valid_until=until, updated_at=clock.now())
    audit.record(
        Action.CERTIFICATE_VALIDITY_CHANGED,
        actor=actor,
        subject=certificate,
        details={
            "kind": certificate.kind,
            "before": before.isoformat() if before else "",
            "after": until.isoformat(),
        },
    )


def _end(certificate: LinkedCertificate, state: CertificateState) -> None:
    moment = clock.now()
    ended = LinkedCertificate.objects.filter(pk=certificate.pk, state=certificate.state).update(
        state=state, ended_at=moment, updated_at=moment
    )
    if not ended:
        raise CertificateDecided


def _tell_linked(certificate: LinkedCertificate) -> None:
    events.publish(
        CertificateLinked(
            certificate_id=certificate.public_id, person_id=certificate.subject, kind=certificate.kind
        )
    )


def _reread(certificate: LinkedCertificate) -> LinkedCertificate:
    return LinkedCertificate.objects.get(pk=certificate.pk)
