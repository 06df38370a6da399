"""Whose card ended long ago, and what goes with a person who is about to be shredded."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from cards.models import Card, Confirmation, LinkedCertificate
from cards.states import CardState
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from identity import selectors as identity
from mpi import selectors as mpi


def persons_without_card(*, cancelled_before: datetime, limit: int) -> Sequence[int]:
    """Persons whose last card was cancelled before a moment, and whom nobody holds or treats.

    Those who were shredded are left out: nothing finds them by name any more.
    """
    of_the_same = {"person": OuterRef("person")}
    later = Card.objects.filter(~Q(state=CardState.CANCELLED) | Q(state_changed_at__gte=cancelled_before))
    cards = Card.objects.filter(
        ~Exists(later.filter(**of_the_same)),
        ~Exists(identity.live_holdings().filter(**of_the_same)),
        ~Exists(mpi.source_records().filter(**of_the_same)),
        state=CardState.CANCELLED,
        state_changed_at__lt=cancelled_before,
        person__name_token__isnull=False,
    )
    return list(cards.order_by("state_changed_at").values_list("person", flat=True)[:limit])


@transaction.atomic
def delete_certificates_of(*, person_pk: int, actor: Actor) -> int:
    """Delete every certificate of the person."""
    return _delete(LinkedCertificate.objects.filter(person__in=mpi.cluster(person_pk)), actor)


@transaction.atomic
def delete_confirmations_of(*, person_pk: int, actor: Actor) -> int:
    """Delete every confirmation of the person; the institutions have the receipts."""
    return _delete(Confirmation.objects.filter(card__person__in=mpi.cluster(person_pk)), actor)


def _delete(rows: "QuerySet[LinkedCertificate] | QuerySet[Confirmation]", actor: Actor) -> int:
    kind = "certificates" if rows.model is LinkedCertificate else "confirmations"
    count: int = rows.delete()[0]
    if count:
        audit.record(
            Action.RETENTION_APPLIED,
            actor=actor,
            subject=(rows.model._meta.label, kind),
            details={"kind": kind, "count": count},
        )
    return count
