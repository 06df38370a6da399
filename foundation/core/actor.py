"""Who acts.

Every command takes an explicit actor; every query is scoped to one. An actor is a value, so
that it can travel into a task or an audit entry without a database row.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

CENTRE = "centre"


class ActorKind(StrEnum):
    """What kind of party acts."""

    RESIDENT = "resident"
    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A party that acts.

    Attributes:
        kind: Resident, staff member, institution's client, or the product itself.
        id: Public id of the account or client; ``system:<name>`` for the product.
        institution: Public id of the institution that the actor is confined to. Empty for
            residents, for the product, and for staff of the card centre.
        scopes: What the actor may do; staff of the card centre carry ``centre``.
        on_behalf_of: Public id of the person acted for, where it is somebody else.
    """

    kind: ActorKind
    id: str
    institution: str = ""
    scopes: frozenset[str] = field(default_factory=frozenset)
    on_behalf_of: str = ""

    @classmethod
    def system(cls, name: str) -> "Actor":
        """The product itself, acting through the named job."""
        return cls(kind=ActorKind.SYSTEM, id=f"system:{name}")

    @classmethod
    def resident(cls, account_id: str) -> "Actor":
        """A resident, by the public id of the account."""
        return cls(kind=ActorKind.RESIDENT, id=account_id)

    @property
    def is_centre(self) -> bool:
        """Whether the actor stands above all institutions."""
        return self.kind is ActorKind.SYSTEM or (self.kind is ActorKind.STAFF and CENTRE in self.scopes)

    def acting_for(self, person_id: str) -> "Actor":
        """The same actor, acting for the named person."""
        return replace(self, on_behalf_of=person_id)
