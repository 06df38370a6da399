"""Reading hospitals' systems and the patient numbers that were asked for."""

from datetime import datetime

from django.db.models import QuerySet

from foundation.core.actor import Actor
from institutions import selectors as institutions
from interop.his.models import OPEN_STATES, HospitalSystem, Offer, PatientRecord, SystemState

MOST_DUE = 200


def system_of(institution: str, offer: str) -> HospitalSystem | None:
    """The system of an institution, while it is in use and answers questions of this kind."""
    rows = HospitalSystem.objects.select_related("institution")
    return rows.filter(
        institution__public_id=institution, state=SystemState.ACTIVE, offers__contains=[Offer(offer)]
    ).first()


def due_systems(moment: datetime) -> list[str]:
    """The systems whose time to be asked has come, by public id."""
    rows = HospitalSystem.objects.filter(state=SystemState.ACTIVE, next_pull_at__lte=moment)
    return list(rows.order_by("next_pull_at").values_list("public_id", flat=True)[:MOST_DUE])


def due_records(moment: datetime) -> list[str]:
    """The questions for patient numbers whose time has come, also those of a worker that died."""
    rows = PatientRecord.objects.filter(state__in=OPEN_STATES, next_attempt_at__lte=moment)
    return list(rows.order_by("next_attempt_at").values_list("public_id", flat=True)[:MOST_DUE])


def visible_systems(actor: Actor) -> "QuerySet[HospitalSystem]":
    """The systems that staff may see."""
    return institutions.scope(HospitalSystem.objects.select_related("institution"), actor)


def visible_records(actor: Actor) -> "QuerySet[PatientRecord]":
    """The questions for patient numbers that staff may see."""
    return institutions.scope(PatientRecord.objects.select_related("institution", "person"), actor)
