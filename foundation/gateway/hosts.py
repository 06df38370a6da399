"""Whose a host is: one institution's, or what a resident agrees to for one could end at another."""

from collections.abc import Iterable

from foundation.core import locks
from foundation.gateway.addresses import LOOPBACK
from foundation.gateway.errors import HostTaken
from foundation.gateway.models import ApiClient
from foundation.gateway.types import ClientState


def require_free(hosts: Iterable[str], *, institution: str) -> None:
    """Refuse hosts of other institutions; this machine, in a demo, is nobody's.

    Runs in the caller's transaction, which then registers them.

    Raises:
        HostTaken: If a client of another institution has registered one, and is not retired.
    """
    wanted = set(hosts) - LOOPBACK
    if not wanted:
        return
    # Of two who register one host at once, neither would see what the other has not committed.
    locks.hold("hosts")
    others = ApiClient.objects.exclude(institution=institution).exclude(state=ClientState.RETIRED)
    for row in others.filter(hosts__overlap=sorted(wanted)).order_by("pk")[:1]:
        raise HostTaken(field="hosts", host=min(wanted & set(row.hosts)))
