"""Finding a hospital, a department or a doctor by name; open to everybody.

What is searched is the names of all that have sessions to come, kept in Valkey for everybody and in
the process for some seconds. So a search asks the database nothing, whatever is typed.
"""

import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from appointments import boards
from appointments.cache import Answer
from appointments.selectors.search import Freshness

MOST_OF_A_KIND = 20
LONGEST, MOST_WORDS = 40, 4
_REMEMBERED_SECONDS = 10.0

_remembered: list[tuple[float, Answer]] = []


@dataclass(frozen=True, slots=True)
class Place:
    """A hospital, a department or a doctor, with where it is."""

    id: str
    name: str
    hospital: str = ""
    department: str = ""
    title: str = ""


@dataclass(slots=True)
class Found:
    """What is called so, in the order in which hospitals and departments stand elsewhere.

    Attributes:
        more: Whether there is more than is listed.
    """

    freshness: Freshness
    hospitals: list[Place] = field(default_factory=list)
    departments: list[Place] = field(default_factory=list)
    doctors: list[Place] = field(default_factory=list)
    more: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is called so."""
        return not (self.hospitals or self.departments or self.doctors)


def find(text: str) -> Found:
    """Hospitals, departments and doctors with sessions to come that are called so.

    Args:
        text: Words with spaces between them, of which each is part of the name or of where it is,
            and one at least of the name itself: "人民医院 儿科" finds the department there.
    """
    answer = _names()
    words = _plain(text[:LONGEST]).split()[:MOST_WORDS]
    found = Found(Freshness(answer.cached_at))
    if not words:
        return found
    hospitals: dict[str, Place] = {}
    departments: dict[str, Place] = {}
    doctors: dict[str, Place] = {}
    for row in answer.value:
        hospital, department, doctor = row["hospital"], row["department"], row["doctor"]
        if _is_called(hospital["name"], (), words):
            hospitals.setdefault(hospital["id"], Place(**hospital))
        if _is_called(department["name"], (hospital["name"],), words):
            departments.setdefault(department["id"], Place(**department, hospital=hospital["name"]))
        if doctor and _is_called(doctor["name"], (department["name"], hospital["name"]), words):
            where = {"department": department["name"], "hospital": hospital["name"]}
            doctors.setdefault(doctor["id"], Place(**doctor, **where))
    found.hospitals, found.departments, found.doctors = (
        list(each.values())[:MOST_OF_A_KIND] for each in (hospitals, departments, doctors)
    )
    found.more = any(len(each) > MOST_OF_A_KIND for each in (hospitals, departments, doctors))
    return found


def remember(names: Answer) -> None:
    """Search these names for some seconds."""
    _remembered[:] = [(time.monotonic() + _REMEMBERED_SECONDS, names)]


def forget() -> None:
    """Read the names anew."""
    _remembered.clear()


def _names() -> Answer:
    if not _remembered or _remembered[0][0] <= time.monotonic():
        remember(boards.names())
    return _remembered[0][1]


def _is_called(name: str, around: Iterable[str], words: Sequence[str]) -> bool:
    own = _plain(name)
    if not any(word in own for word in words):
        return False
    everything = " ".join((own, *map(_plain, around)))
    return all(word in everything for word in words)


def _plain(text: str) -> str:
    """Without differences that nobody means: full-width letters, capitals."""
    return unicodedata.normalize("NFKC", text).casefold()
