"""In a demo: the sandbox's hospitals are told what happens, and can check who says so."""

from typing import Any

from django.conf import settings

from foundation.core.actor import Actor
from foundation.gateway import addresses
from foundation.gateway import selectors as gateway
from foundation.gateway import services as clients
from gmcrypto import statements
from institutions.types import InstitutionRef
from interop.models import WebhookEndpoint, WebhookKey
from interop.webhooks import messages, services

REASON = "演示环境"


def tell_sandbox(place: InstitutionRef, client: str, *, actor: Actor) -> list[dict[str, Any]]:
    """Register the sandbox's address for a hospital, once.

    Returns:
        The keys by which the sandbox checks what arrives there; none where the sandbox is on no
        host that a client can have.
    """
    host = addresses.host_of(settings.SANDBOX_URL)
    known = gateway.client_ref(client)
    if known is None or not addresses.is_host(host):
        return []
    url = f"{settings.SANDBOX_URL}/his/{place.hospital_id}/messages"
    row = WebhookEndpoint.objects.filter(institution=place.public_id, url=url).first()
    if row is None:
        if host not in known.hosts:
            clients.set_hosts(client=client, hosts=[*sorted(known.hosts), host], actor=actor, reason=REASON)
        row, _secret = services.add_endpoint(
            client=client, url=url, types=messages.TYPES, actor=actor, reason=REASON
        )
    secret = WebhookKey.objects.get(endpoint=row, not_after=None).secret
    return [
        {"version": "v1", "key": secret},
        {"version": "v1sm3", "key": secret},
        {"version": "v1sm2", "key": statements.public_key()},
    ]
