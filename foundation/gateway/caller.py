"""The system that calls us, once its signature has been checked."""

from dataclasses import dataclass

from foundation.core.actor import Actor, ActorKind
from foundation.gateway.errors import ScopeMissing


@dataclass(frozen=True, slots=True)
class Caller:
    """A client of an institution, as one request shows it.

    Attributes:
        client_id: Database key of the client; never leaves the building.
        public_id: The client's public id.
        institution: Public id of the institution that it belongs to.
        environment: ``sandbox`` or ``production``.
        key_id: The ``kid`` of the key that signed.
        generation: State of all clients, and of what hangs on them, at which this was read.
    """

    client_id: int
    public_id: str
    institution: str
    scopes: frozenset[str]
    environment: str
    key_id: str
    rate_per_minute: int
    generation: int = 0

    @property
    def is_authenticated(self) -> bool:
        """Always: an unchecked caller is no ``Caller``. REST framework asks by this name."""
        return True

    def require(self, scope: str) -> None:
        """Refuse the call unless the client holds a scope.

        Raises:
            ScopeMissing: If it does not.
        """
        if scope not in self.scopes:
            raise ScopeMissing(scope=scope)


def actor_of_caller(caller: Caller) -> Actor:
    """The client as the actor of a command."""
    return Actor(
        kind=ActorKind.CLIENT, id=caller.public_id, institution=caller.institution, scopes=caller.scopes
    )
