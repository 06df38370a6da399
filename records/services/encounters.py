"""Visits and stays as hospitals tell of them."""

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from mpi import selectors as mpi
from mpi import services as persons
from records.errors import EncounterOfAnother
from records.models import Encounter
from records.places import place_of
from records.rules import EncounterKind
from records.services.reports import LONGEST_NUMBER, LONGEST_TEXT
from records.types import EncounterDetails

MOST_LINES = 100


@transaction.atomic
def record_encounter(
    *,
    institution: str,
    person_pk: int,
    details: EncounterDetails,
    is_partial: bool = False,
    actor: Actor,
) -> str:
    """Keep a visit, or what is new of one that is known by the hospital's number.

    Args:
        is_partial: Whether the details are a step of the stay and not all that is known of it:
            what is empty in them stays as it was, and so does the beginning.

    Returns:
        Its public id.

    Raises:
        InvalidInput: A value does not fit.
        EncounterOfAnother: The number is that of another person's visit.
        NotFound: There is no such person or institution.
        PersonErased: The person's key was destroyed.
    """
    _check(details)
    place = place_of(institution)
    root = persons.take_on(person_pk)
    moment = clock.now()
    try:
        with transaction.atomic():
            row = Encounter.objects.create(
                institution_id=place,
                person_id=root,
                subject=mpi.public_id_of(root),
                number=details.number,
                kind=details.kind,
                content=_content(details),
                started_at=details.started_at,
                ended_at=details.ended_at,
                heard_at=moment,
            )
    except IntegrityError:
        row = Encounter.objects.select_for_update().get(institution=place, number=details.number)
        if row.person_id not in mpi.cluster(root):
            raise EncounterOfAnother(field="number") from None
        row.kind = details.kind
        if is_partial:
            row.content = row.content | {name: said for name, said in _content(details).items() if said}
        else:
            row.content = _content(details)
            row.started_at = details.started_at
        if details.ended_at is not None:
            # Two clocks of one hospital may differ by a little.
            row.ended_at = max(details.ended_at, row.started_at)
        row.save()
    audit.record(
        Action.ENCOUNTER_RECORDED,
        actor=actor,
        subject=row,
        institution=institution,
        details={"kind": row.kind},
    )
    return row.public_id


def _content(details: EncounterDetails) -> dict[str, object]:
    return {
        "department": details.department,
        "doctor": details.doctor,
        "complaint": details.complaint,
        "diagnoses": list(details.diagnoses),
        "advice": details.advice,
        "medicines": list(details.medicines),
    }


def _check(details: EncounterDetails) -> None:
    if not details.number or len(details.number) > LONGEST_NUMBER:
        raise InvalidInput(field="encounter_no")
    if details.kind not in EncounterKind.values:
        raise InvalidInput(field="kind")
    if details.started_at.tzinfo is None:
        raise InvalidInput(field="started_at")
    if details.ended_at is not None and details.ended_at < details.started_at:
        raise InvalidInput(field="ended_at")
    if len(details.diagnoses) > MOST_LINES or len(details.medicines) > MOST_LINES:
        raise InvalidInput(field="diagnoses")
    if len(details.complaint) > LONGEST_TEXT or len(details.advice) > LONGEST_TEXT:
        raise InvalidInput(field="advice")
