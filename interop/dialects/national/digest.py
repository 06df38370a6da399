"""The dialect's digest.

Upper hex of SM3 over a compact JSON text and the appSecret: seven fields as texts in a fixed
order, then ``biz_content`` as an object, in clear and as it was written, whatever the
encryption. The appSecret is itself made of the appId and the system key.
"""

import json

import gmcrypto
from foundation.gateway.derived import national_app_secret
from interop.dialects.national.envelope import Envelope


def digest(envelope: Envelope, system_key: str) -> str:
    """The digest of a request under an application's system key."""
    # None of the seven holds a character that one language escapes and another does not.
    head = json.dumps(dict(envelope.head), separators=(",", ":"))
    text = f'{head[:-1]},"biz_content":{envelope.content}}}'
    secret = national_app_secret(envelope["app_id"], system_key)
    return gmcrypto.sm3((text + secret).encode()).hex().upper()


def verifies(envelope: Envelope, system_key: str) -> bool:
    """Whether the request's digest is right."""
    return gmcrypto.same(digest(envelope, system_key).encode(), envelope.digest.upper().encode())
