"""Reading clients and keys, scoped to who asks."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from foundation.core.actor import Actor
from foundation.gateway.models import ApiClient, ClientKey
from foundation.gateway.types import ClientState, KeyState


@dataclass(frozen=True, slots=True)
class ClientRef:
    """A client as pages and outgoing calls need it; ``hosts`` are its own."""

    public_id: str
    institution: str
    hosts: frozenset[str]
    scopes: frozenset[str]
    is_active: bool


def visible_clients(actor: Actor) -> "QuerySet[ApiClient]":
    """The clients that the actor may see: the centre all, an institution its own."""
    if actor.is_centre:
        return ApiClient.objects.all()
    if not actor.institution:
        return ApiClient.objects.none()
    return ApiClient.objects.filter(institution=actor.institution)


def visible_keys(actor: Actor) -> "QuerySet[ClientKey]":
    """The keys of those clients, without their secrets."""
    return ClientKey.objects.defer("secret").filter(client__in=visible_clients(actor))


def client_named(institution: str, name: str) -> str:
    """Public id of an institution's client by its name; empty if there is none."""
    found = ApiClient.objects.filter(institution=institution, name=name).values_list("public_id", flat=True)
    return found.first() or ""


def kids(client: str, algorithm: str, *, active_only: bool = True) -> list[str]:
    """The key ids of a client for an algorithm, the oldest first."""
    keys = ClientKey.objects.filter(client__public_id=client, algorithm=algorithm)
    if active_only:
        keys = keys.filter(state=KeyState.ACTIVE)
    return list(keys.order_by("pk").values_list("kid", flat=True))


def client_name(public_id: str) -> str:
    """The name of a client; empty if there is none."""
    return ApiClient.objects.filter(public_id=public_id).values_list("name", flat=True).first() or ""


def active_keys(client: str) -> list[str]:
    """Public ids of the keys of a client that may sign."""
    keys = ClientKey.objects.filter(client__public_id=client, state=KeyState.ACTIVE)
    return list(keys.order_by("pk").values_list("public_id", flat=True))


def demo_secret(kid: str) -> str:
    """The shared secret of a key, read back for the demo's list of credentials.

    Raises:
        PermissionError: Outside of a demo; there a secret is shown once, when it is made.
    """
    if not settings.DEMO:
        raise PermissionError("a client's secret is shown once, when it is made")
    return ClientKey.objects.get(kid=kid).secret or ""


def client_ref(public_id: str) -> ClientRef | None:
    """The client with this public id."""
    return _ref(ApiClient.objects.filter(public_id=public_id).first())


def client_of_key(kid: str) -> ClientRef | None:
    """The client that an active key belongs to."""
    key = ClientKey.objects.defer("secret").select_related("client").filter(kid=kid, state=KeyState.ACTIVE)
    row = key.first()
    return _ref(row.client) if row is not None else None


def client_at(host: str) -> ClientRef | None:
    """The oldest client in use that has registered a host; none where it is several institutions'."""
    rows = ApiClient.objects.filter(hosts__contains=[host], state=ClientState.ACTIVE, is_held=False)
    found = list(rows.order_by("pk")[:20])
    return _ref(found[0]) if len({row.institution for row in found}) == 1 else None


def hosts_of(institution: str) -> frozenset[str]:
    """The hosts that the institution's clients have registered, while they are active."""
    rows = ApiClient.objects.filter(institution=institution, state=ClientState.ACTIVE, is_held=False)
    return frozenset(host for hosts in rows.values_list("hosts", flat=True) for host in hosts)


def _ref(row: ApiClient | None) -> ClientRef | None:
    if row is None:
        return None
    return ClientRef(
        public_id=row.public_id,
        institution=row.institution,
        hosts=frozenset(row.hosts),
        scopes=frozenset(row.scopes),
        is_active=row.state == ClientState.ACTIVE and not row.is_held,
    )
