"""Reading what helps in an emergency, and the openings that wait for a review."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import QuerySet

from foundation.accounts.errors import InvalidPhone
from foundation.accounts.rules import normalise_phone
from foundation.core import clock
from foundation.core.actor import Actor
from gmcrypto.errors import KeyDestroyed
from institutions import selectors as institutions
from mpi import selectors as mpi
from mpi.rules import age_on
from records.errors import AccessUnknown
from records.models import EmergencyInfo, EmergencyOpening
from records.rules import BloodGroup, Rhesus
from records.types import Contact, EmergencyDetails


@dataclass(frozen=True, slots=True)
class Info:
    """What a resident left for rescuers."""

    details: EmergencyDetails = field(repr=False)
    updated_at: datetime

    @property
    def blood_words(self) -> str:
        """The blood group as pages say it."""
        words = []
        if self.details.blood in BloodGroup.values:
            words.append(str(BloodGroup(self.details.blood).label))
        if self.details.rhesus in Rhesus.values:
            words.append(str(Rhesus(self.details.rhesus).label))
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Patient:
    """Who lies there.

    Attributes:
        sex: Code of GB/T 2261.1.
        age: In full years; none if the birth date is not known.
    """

    name: str = field(repr=False)
    sex: str
    age: int | None
    info: Info | None = field(repr=False)
    opening_id: str
    until: datetime


def info_of(person_pk: int) -> Info | None:
    """What a person left for rescuers; none if nothing, or if the person was shredded."""
    row = EmergencyInfo.objects.filter(person__in=mpi.cluster(person_pk)).order_by("-updated_at").first()
    if row is None:
        return None
    try:
        said = row.content
    except KeyDestroyed:
        return None
    contacts = [Contact(**one) for one in said.pop("contacts")]
    return Info(EmergencyDetails(**said, contacts=contacts), row.updated_at)


def patient_of(opening_id: str, actor: Actor) -> Patient:
    """The patient of an opening of the actor's own.

    Raises:
        AccessUnknown: There is no such opening.
        PersonErased: The person's key was destroyed.
    """
    row = EmergencyOpening.objects.filter(
        public_id=opening_id, reader=actor.id, institution__public_id=actor.institution
    ).first()
    if row is None:
        raise AccessUnknown
    known = mpi.particulars(row.person_id)
    return Patient(
        name=known.name,
        sex=known.sex,
        age=_age(known.birth_date),
        info=info_of(row.person_id),
        opening_id=row.public_id,
        until=row.until,
    )


def contacts_to_tell(opening_id: str) -> list[int]:
    """The places of the contacts who are told that an opening was made: those with a mobile phone.

    One telling for each institution: while an earlier opening there still lasts nobody is told again.
    """
    row = EmergencyOpening.objects.filter(public_id=opening_id).first()
    if row is None:
        return []
    earlier = EmergencyOpening.objects.filter(
        person__in=mpi.cluster(row.person_id),
        institution=row.institution_id,
        pk__lt=row.pk,
        until__gt=row.opened_at,
    )
    return [] if earlier.exists() else sorted(contact_phones(opening_id))


def contact_phones(opening_id: str) -> Mapping[int, str]:
    """The mobile phones of the contacts of whoever was opened, by their place, as they are now."""
    person_pk = (
        EmergencyOpening.objects.filter(public_id=opening_id).values_list("person_id", flat=True).first()
    )
    kept = info_of(person_pk) if person_pk is not None else None
    found: dict[int, str] = {}
    for place, contact in enumerate(kept.details.contacts if kept is not None else ()):
        try:
            phone = normalise_phone(contact.phone)
        except InvalidPhone:
            continue
        if phone not in found.values():
            found[place] = phone
    return found


def visible_openings(actor: Actor) -> "QuerySet[EmergencyOpening]":
    """The openings for reviewers: the centre all, an institution its own."""
    return institutions.scope(EmergencyOpening.objects.select_related("institution"), actor)


def _age(born: date | None) -> int | None:
    return age_on(born, clock.beijing(clock.now()).date()) if born is not None else None
