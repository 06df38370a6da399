"""Short texts that rest outside of a model's protected fields: in a session, in allauth's rows."""

import base64

from gmcrypto import envelope, keystore
from gmcrypto.keyring import Purpose


def seal(text: str, context: str) -> str:
    """Encrypt under the data key of today, for one context."""
    key = keystore.active(Purpose.DATA)
    sealed = envelope.seal(key.secret, key.kid, text.encode(), context=context.encode())
    return base64.b64encode(sealed).decode()


def reseal(sealed: str, context: str) -> str:
    """The same text under the data key of today; unchanged where it is already."""
    if envelope.parse(base64.b64decode(sealed)).key_id == keystore.active(Purpose.DATA).kid:
        return sealed
    return seal(unseal(sealed, context), context)


def unseal(sealed: str, context: str) -> str:
    """Open with the key that the text names.

    Raises:
        DecryptionFailed: If it was sealed for another context, or changed.
    """
    parsed = envelope.parse(base64.b64decode(sealed))
    secret = keystore.ring().by_kid(parsed.key_id).secret
    return envelope.open_envelope(secret, parsed, context=context.encode()).decode()
