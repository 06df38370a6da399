"""Commands over clients and keys.

Who may give them is decided in the rooms above, which know the staff's roles. This room only
keeps an institution's actor to the institution's own clients.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

import gmcrypto
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.core.ids import crockford
from foundation.gateway import credentials, webhooks
from foundation.gateway import hosts as registered
from foundation.gateway import scopes as scope_table
from foundation.gateway.addresses import MOST_HOSTS, is_host
from foundation.gateway.errors import (
    BadHosts,
    BadPublicKey,
    ClientNameTaken,
    ClientStateConflict,
    KeyAlreadyRetired,
    UnknownScopes,
)
from foundation.gateway.models import DEFAULT_RATE_PER_MINUTE, ApiClient, ClientKey
from foundation.gateway.types import Algorithm, ClientState, Environment, KeyState
from gmcrypto.errors import InvalidKey

_DIALECTS = frozenset({Algorithm.TENCENT, Algorithm.NATIONAL})


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it was made.

    Attributes:
        secret: Shown this once; empty for SM2, where we never see the private key.
    """

    public_id: str
    kid: str
    algorithm: str
    secret: str = field(repr=False, default="")


@transaction.atomic
def create_client(
    *,
    institution: str,
    name: str,
    scopes: Iterable[str],
    environment: str = Environment.PRODUCTION,
    rate_per_minute: int = DEFAULT_RATE_PER_MINUTE,
    actor: Actor,
    reason: str = "",
) -> str:
    """Create a client without keys.

    Args:
        institution: Public id of the institution.

    Returns:
        The client's public id, which it sends as ``EHC-Client``.

    Raises:
        UnknownScopes: A scope is not in the table.
        ClientNameTaken: The institution has a client of this name.
        NotFound: The actor is confined to another institution.
    """
    _check_place(institution, actor)
    granted = _checked(scopes)
    try:
        with transaction.atomic():
            client = ApiClient.objects.create(
                institution=institution,
                name=name,
                scopes=granted,
                environment=environment,
                rate_per_minute=rate_per_minute,
            )
    except IntegrityError as exc:
        raise ClientNameTaken(field="name") from exc
    audit.record(
        Action.CLIENT_CREATED,
        actor=actor,
        subject=client,
        institution=institution,
        reason=reason,
        details={"scopes": granted, "environment": environment},
    )
    return client.public_id


@transaction.atomic
def add_key(
    *,
    client: str,
    algorithm: str,
    public_key: str = "",
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    actor: Actor,
    reason: str = "",
) -> NewKey:
    """Add a key to a client; its older keys stay valid until they are retired.

    Args:
        client: The client's public id.
        public_key: For SM2: PEM, or hexadecimal x and y (128 digits, or 130 with 04).

    Returns:
        The key, with its secret, which cannot be shown again.

    Raises:
        BadPublicKey: The text is no point of the curve.
        ClientStateConflict: The client has ended.
    """
    row = _client(client, actor)
    if row.state == ClientState.RETIRED:
        raise ClientStateConflict
    shared = "" if algorithm == Algorithm.SM2_SM3 else _new_secret(algorithm)
    key = ClientKey.objects.create(
        client=row,
        kid=_new_kid(algorithm),
        algorithm=algorithm,
        secret=shared or None,
        public_key=_point(public_key) if algorithm == Algorithm.SM2_SM3 else "",
        not_before=not_before or clock.now(),
        not_after=not_after,
    )
    audit.record(
        Action.CLIENT_KEY_ADDED,
        actor=actor,
        subject=key,
        institution=row.institution,
        reason=reason,
        details={"algorithm": algorithm, "reference": row.public_id},
    )
    credentials.changed()
    return NewKey(public_id=key.public_id, kid=key.kid, algorithm=algorithm, secret=shared)


@transaction.atomic
def rotate_key(
    *, key: str, overlap: timedelta, public_key: str = "", actor: Actor, reason: str = ""
) -> NewKey:
    """Put a new key in the place of one that both sides may still use for a while.

    Args:
        key: Public id of the key that is to end.
        overlap: How long the old key goes on beside the new one.
        public_key: The new public key, where the old one is of SM2.

    Raises:
        KeyAlreadyRetired: It was retired, or its end is set already.
        BadPublicKey: The text is no point of the curve.
    """
    row = ClientKey.objects.select_related("client").filter(public_id=key).first()
    if row is None:
        raise NotFound
    _check_place(row.client.institution, actor)
    # Of two rotations at once the second finds the end set, and makes no key.
    if not ClientKey.objects.filter(pk=row.pk, state=KeyState.ACTIVE, not_after=None).update(
        not_after=clock.now() + overlap
    ):
        raise KeyAlreadyRetired
    made = add_key(
        client=row.client.public_id,
        algorithm=row.algorithm,
        public_key=public_key,
        actor=actor,
        reason=reason,
    )
    audit.record(
        Action.CLIENT_KEY_ROTATED,
        actor=actor,
        subject=row,
        institution=row.client.institution,
        reason=reason,
        details={"algorithm": row.algorithm, "reference": made.public_id},
    )
    return made


@transaction.atomic
def retire_client(*, client: str, actor: Actor, reason: str) -> None:
    """End a client and its keys for good; its name stays taken, for the records name it.

    Raises:
        ClientStateConflict: It has ended already.
    """
    row = _client(client, actor)
    living = (ClientState.ACTIVE, ClientState.SUSPENDED)
    if not ApiClient.objects.filter(pk=row.pk, state__in=living).update(
        state=ClientState.RETIRED, updated_at=clock.now()
    ):
        raise ClientStateConflict
    ClientKey.objects.filter(client=row, state=KeyState.ACTIVE).update(
        state=KeyState.RETIRED, retired_at=clock.now()
    )
    audit.record(Action.CLIENT_RETIRED, actor=actor, subject=row, institution=row.institution, reason=reason)
    credentials.changed()


@transaction.atomic
def retire_key(*, key: str, actor: Actor, reason: str = "") -> None:
    """Stop accepting a key, named by its public id, at once and for good.

    Raises:
        KeyAlreadyRetired: It was retired before.
    """
    row = ClientKey.objects.select_related("client").filter(public_id=key).first()
    if row is None:
        raise NotFound
    _check_place(row.client.institution, actor)
    retired = ClientKey.objects.filter(pk=row.pk, state=KeyState.ACTIVE).update(
        state=KeyState.RETIRED, retired_at=clock.now()
    )
    if not retired:
        raise KeyAlreadyRetired
    audit.record(
        Action.CLIENT_KEY_RETIRED,
        actor=actor,
        subject=row,
        institution=row.client.institution,
        reason=reason,
        details={"algorithm": row.algorithm, "reference": row.client.public_id},
    )
    credentials.changed()


def suspend_client(*, client: str, actor: Actor, reason: str) -> None:
    """Refuse every call of a client from the commit on.

    Raises:
        ClientStateConflict: It is suspended already.
    """
    _change_state(
        client, ClientState.ACTIVE, ClientState.SUSPENDED, Action.CLIENT_SUSPENDED, actor=actor, reason=reason
    )


def resume_client(*, client: str, actor: Actor, reason: str) -> None:
    """Serve a client again; while its institution is suspended it stays refused.

    Raises:
        ClientStateConflict: It is not suspended.
    """
    _change_state(
        client, ClientState.SUSPENDED, ClientState.ACTIVE, Action.CLIENT_RESUMED, actor=actor, reason=reason
    )


@transaction.atomic
def set_scopes(*, client: str, scopes: Iterable[str], actor: Actor, reason: str) -> None:
    """Replace what a client may do.

    Raises:
        UnknownScopes: A scope is not in the table.
    """
    row = _client(client, actor)
    granted = _checked(scopes)
    ApiClient.objects.filter(pk=row.pk).update(scopes=granted, updated_at=clock.now())
    audit.record(
        Action.CLIENT_SCOPES_CHANGED,
        actor=actor,
        subject=row,
        institution=row.institution,
        reason=reason,
        details={"before": sorted(row.scopes), "after": granted},
    )
    credentials.changed()


@transaction.atomic
def hold_clients(*, institution: str, is_held: bool, actor: Actor, reason: str) -> int:
    """Refuse, or serve again, all clients of an institution, whatever their own state.

    Returns:
        How many clients were changed.
    """
    clients = list(ApiClient.objects.filter(institution=institution, is_held=not is_held))
    changed = ApiClient.objects.filter(pk__in=[client.pk for client in clients]).update(
        is_held=is_held, updated_at=clock.now()
    )
    action = Action.CLIENT_SUSPENDED if is_held else Action.CLIENT_RESUMED
    for client in clients:
        audit.record(
            action,
            actor=actor,
            subject=client,
            institution=institution,
            reason=reason,
            details={"reference": institution},
        )
    credentials.changed()
    return changed


@transaction.atomic
def set_hosts(*, client: str, hosts: Iterable[str], actor: Actor, reason: str = "") -> list[str]:
    """Replace the hosts of a client: where notices are posted, and browsers led back.

    A host belongs to one institution, or what one asked for could end at another.

    Returns:
        The hosts, each once, in lower case.

    Raises:
        BadHosts: If one is no host name, or there are too many.
        HostTaken: If one is registered by a client of another institution.
    """
    row = _client(client, actor)
    wanted = list(dict.fromkeys(host.strip().lower() for host in hosts if host.strip()))
    if len(wanted) > MOST_HOSTS or not all(map(is_host, wanted)):
        raise BadHosts(field="hosts")
    registered.require_free(wanted, institution=row.institution)
    ApiClient.objects.filter(pk=row.pk).update(hosts=wanted, updated_at=clock.now())
    audit.record(
        Action.CLIENT_HOSTS_CHANGED,
        actor=actor,
        subject=row,
        institution=row.institution,
        reason=reason,
        details={"count": len(wanted)},
    )
    return wanted


def note_change() -> None:
    """Make every process read again, after the commit, what it remembers of callers.

    For what rooms above hang on a client and keep in memory with its generation.
    """
    credentials.changed()


@transaction.atomic
def _change_state(
    client: str, old: ClientState, new: ClientState, action: Action, *, actor: Actor, reason: str
) -> None:
    row = _client(client, actor)
    if not ApiClient.objects.filter(pk=row.pk, state=old).update(state=new, updated_at=clock.now()):
        raise ClientStateConflict
    audit.record(action, actor=actor, subject=row, institution=row.institution, reason=reason)
    credentials.changed()


def _client(public_id: str, actor: Actor) -> ApiClient:
    row = ApiClient.objects.filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    _check_place(row.institution, actor)
    return row


def _check_place(institution: str, actor: Actor) -> None:
    if not actor.is_centre and actor.institution != institution:
        raise NotFound


def _checked(scopes: Iterable[str]) -> list[str]:
    wanted = sorted(set(scopes))
    wrong = scope_table.unknown(wanted)
    if wrong:
        raise UnknownScopes(field="scopes", scopes="、".join(wrong))
    return wanted


def _new_kid(algorithm: str) -> str:
    # The dialects call it appId, and their clients expect 32 hexadecimal digits, as of the secret.
    return secrets.token_hex(16) if algorithm in _DIALECTS else crockford(secrets.token_bytes(10))


def _new_secret(algorithm: str) -> str:
    if algorithm == Algorithm.WEBHOOK:
        return webhooks.new_secret()
    return secrets.token_hex(16) if algorithm in _DIALECTS else crockford(secrets.token_bytes(32))


def _point(text: str) -> str:
    try:
        if "BEGIN" in text:
            return gmcrypto.PublicKey.from_pem(text).raw.hex()
        return gmcrypto.PublicKey(bytes.fromhex(text.strip())).raw.hex()
    except (InvalidKey, ValueError) as exc:
        raise BadPublicKey(field="public_key") from exc
