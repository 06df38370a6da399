"""Reading the certificates that are joined in a card, always masked."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from cards.models import LinkedCertificate
from cards.rules.certificates import KINDS
from cards.states import LIVE_CERTIFICATES, CertificateState
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.text import mask_number
from gmcrypto.fields import prefetch_keys
from institutions import selectors as institutions
from mpi import selectors as mpi


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """A certificate as its holder's page shows it."""

    id: str
    kind: str
    name: str
    number: str
    issuer: str
    valid_until: date | None
    state: str
    is_expired: bool

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody has seen it."""
        return self.state == CertificateState.LINKED


def shown(row: LinkedCertificate) -> ShownCertificate:
    """One certificate, masked."""
    today = clock.beijing(clock.now()).date()
    return ShownCertificate(
        id=row.public_id,
        kind=row.kind,
        name=str(KINDS[row.kind]),
        number=mask_number(row.number),
        issuer=row.issuer,
        valid_until=row.valid_until,
        state=row.state,
        is_expired=row.valid_until is not None and row.valid_until < today,
    )


def is_unlinked(person_pk: int, public_id: str) -> bool:
    """Whether a certificate of the person was taken out of the card."""
    rows = LinkedCertificate.objects.filter(person__in=mpi.cluster(person_pk), public_id=public_id)
    return rows.filter(state=CertificateState.UNLINKED).exists()


def certificates_of(person_pk: int) -> list[ShownCertificate]:
    """The live certificates of a person, in the order of their kinds; they are few."""
    rows = list(
        LinkedCertificate.objects.filter(
            person__in=mpi.cluster(person_pk), state__in=LIVE_CERTIFICATES
        ).order_by("pk")
    )
    prefetch_keys(rows)
    order = list(KINDS)
    return [shown(row) for row in sorted(rows, key=lambda row: order.index(row.kind))]


def visible_certificates(actor: Actor) -> "QuerySet[LinkedCertificate]":
    """Those that staff may see: the centre all, an institution those that it linked."""
    return institutions.scope(LinkedCertificate.objects.select_related("person"), actor, path="institution")
