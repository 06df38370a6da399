"""Who stands before a desk: by their code, or by the document that they show."""

from appointments.errors import NobodyFound
from cards.rules.reader import read_line
from cards.services.desk_scan import scan_at_desk
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.text import normalise_number
from institutions.rules import Duty
from institutions.services import require
from mpi import selectors as mpi
from mpi.rules import IDENTITY_CARD, NATIONS
from mpi.types import PersonRef

# Steps of care (table 7.4): waiting to be called, and medicines.
WAITING, MEDICINES = "0101021", "010103"
_LONGEST_NUMBER = 18


def find_at_desk(*, text: str, request_id: str, actor: Actor) -> PersonRef:
    """Who stands before a desk that calls, by their code or their identity card.

    A static code is taken as a dynamic one is: staff have the person before them, and see the name.

    Args:
        request_id: One for each form that was shown.

    Raises:
        NobodyFound: The number is nobody's.
        CodeMalformed and the other refusals of a scan.
    """
    require(actor, Duty.CALL_QUEUE)
    return _find(text.strip(), WAITING, request_id, actor)


def find_at_pharmacy(*, text: str, request_id: str, actor: Actor) -> PersonRef:
    """Who stands before a window of the pharmacy, as ``find_at_desk`` does.

    Raises:
        NobodyFound, CodeMalformed and the other refusals of a scan.
    """
    require(actor, Duty.HAND_OUT_MEDICINE)
    return _find(text.strip(), MEDICINES, request_id, actor)


def _find(given: str, scene: str, request_id: str, actor: Actor) -> PersonRef:
    line = read_line(given, NATIONS)
    number = normalise_number(line.number if line is not None else given)
    if line is None and len(number) != _LONGEST_NUMBER:
        person, _ = scan_at_desk(text=given, scene=scene, request_id=request_id, actor=actor)
        return person
    found = mpi.find_by_identifier(IDENTITY_CARD, number)
    if found is None:
        raise NobodyFound(field="text")
    audit.record(
        Action.PERSON_SEARCHED,
        actor=actor,
        subject=("mpi.Person", found.person_id),
        details={"method": "document", "scene": scene},
    )
    return found
