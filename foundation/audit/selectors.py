"""Reading the audit, scoped to who asks."""

from collections.abc import Iterable, Mapping

from django.db.models import Q, QuerySet

from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor


def visible(actor: Actor) -> "QuerySet[AuditEntry]":
    """The entries that the actor may see: the centre all, an institution its own."""
    if actor.is_centre:
        return AuditEntry.objects.all()
    if not actor.institution:
        return AuditEntry.objects.none()
    return AuditEntry.objects.filter(institution=actor.institution)


def about(subject_type: str, subject_id: str, *, reader: Actor) -> "QuerySet[AuditEntry]":
    """What happened to one thing, the newest first, as far as the reader may see it."""
    return visible(reader).filter(subject_type=subject_type, subject_id=subject_id).order_by("-at")


def deeds(subjects: Mapping[str, Iterable[str]], *, actions: Iterable[Action]) -> "QuerySet[AuditEntry]":
    """What was done to some things, the newest first, for somebody who has been checked.

    Args:
        subjects: Public ids by type, for example ``{"cards.Card": [...]}``.
        actions: What that reader may know of.
    """
    about_them = Q()
    for subject_type, subject_ids in subjects.items():
        about_them |= Q(subject_type=subject_type, subject_id__in=list(subject_ids))
    if not about_them:
        return AuditEntry.objects.none()
    return AuditEntry.objects.filter(about_them, action__in=list(actions)).order_by("-at", "-pk")
