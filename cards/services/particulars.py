"""What holders change of their own particulars."""

from collections.abc import Mapping

from cards.rules.reasons import HOLDER
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from identity import selectors as identity
from identity.rules import Deed, require
from identity.types import Acting
from mpi import selectors as mpi
from mpi import services as persons
from mpi.types import PersonChanges

DEEDS: Mapping[str, Deed] = {
    "phone": Deed.CHANGE_PHONE,
    "address": Deed.CHANGE_PARTICULARS,
    "nation": Deed.CHANGE_PARTICULARS,
}


def own_particulars(*, account_pk: int) -> tuple[mpi.Particulars, int]:
    """The data of the account's own person, and the level of the holding.

    Raises:
        NotFound: If the account holds nobody as itself.
        LevelTooLow: If the holding is not sure enough.
    """
    person = _own(account_pk)
    require(person.level, Deed.SHOW_PARTICULARS)
    return mpi.particulars(person.person_pk), person.level


def change_own_particulars(*, account_pk: int, changes: Mapping[str, str], actor: Actor) -> tuple[str, ...]:
    """Change phone, address or ethnic group of the account's own person.

    Name and certificate are not among them: who somebody is, is seen at a window.

    Returns:
        Names of the fields that changed. The card follows when the relay has told it.

    Raises:
        NotFound, LevelTooLow: As ``own_particulars``.
        InvalidInput: If a field may not be changed so, or its value cannot be.
    """
    person = _own(account_pk)
    for name, value in changes.items():
        if name not in DEEDS or not value.strip():
            raise InvalidInput(field=name)
        require(person.level, DEEDS[name])
    return persons.update_person(
        person_pk=person.person_pk,
        changes=PersonChanges(
            phone=changes.get("phone"), address=changes.get("address"), nation=changes.get("nation")
        ),
        actor=actor,
        reason=HOLDER,
    )


def _own(account_pk: int) -> Acting:
    person = identity.self_person(account_pk)
    if person is None:
        raise NotFound
    return person
