"""The keys that sign identity tokens, made when first needed and rotated by command."""

from datetime import timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from interop.oidc.models import SigningKey

BITS = 2048
# Tokens signed by a retired key are checked with it for as long as they can live, and a day more.
SHOWN_AFTER_RETIREMENT = timedelta(days=1)


def active_pem() -> str:
    """The private key that signs now; the first call of an installation makes it."""
    found = SigningKey.objects.filter(is_active=True).first()
    if found is not None:
        return str(found.pem)
    try:
        with transaction.atomic():
            return str(_create().pem)
    except IntegrityError:
        # Another process made the first key meanwhile.
        return str(SigningKey.objects.get(is_active=True).pem)


def retired_pems() -> list[str]:
    """Keys whose signatures may still be under way."""
    since = clock.now() - SHOWN_AFTER_RETIREMENT
    return [str(row.pem) for row in SigningKey.objects.filter(retired_at__gt=since).order_by("-pk")]


@transaction.atomic
def rotate_signing_key(*, reason: str, actor: Actor) -> SigningKey:
    """Sign with a new key from now on; the old one stays published for a day."""
    SigningKey.objects.filter(is_active=True).update(is_active=False, retired_at=clock.now())
    key = _create()
    audit.record(Action.LOGIN_KEY_ROTATED, actor=actor, subject=key, reason=reason)
    return key


def _create() -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65_537, key_size=BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return SigningKey.objects.create(pem=pem, created_at=clock.now())
