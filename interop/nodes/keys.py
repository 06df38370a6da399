"""Our key pairs towards other centres, and theirs as far as we know them."""

from functools import lru_cache

import gmcrypto
from gmcrypto import keystore
from gmcrypto.errors import KeyUnavailable
from gmcrypto.keyring import Key, Purpose
from interop.models import Node, NodeKey, NodeKeyState, NodeKeyUse

PURPOSES = {NodeKeyUse.SIGN: Purpose.NODE_SIGN, NodeKeyUse.SEAL: Purpose.NODE_SEAL}


def signing_key() -> Key:
    """The pair that signs."""
    return keystore.active(Purpose.NODE_SIGN)


def opening_key(kid: str) -> gmcrypto.PrivateKey | None:
    """The pair that opens what was sealed for us, also one that has been replaced since."""
    try:
        key = next(key for key in keystore.all_usable(Purpose.NODE_SEAL) if key.kid == kid)
    except (StopIteration, KeyUnavailable):
        return None
    return key.private_key


def published() -> dict[str, list[dict[str, str]]]:
    """What other centres are told: per use the present key, and the next where one is prepared."""
    return {
        use.value: [
            {"kid": key.kid, "public_key": key.public_key.raw.hex()}
            for key in (keystore.active(purpose), keystore.next_key(purpose))
            if key is not None
        ]
        for use, purpose in PURPOSES.items()
    }


def accepted(node: Node, use: NodeKeyUse) -> dict[str, gmcrypto.PublicKey]:
    """The keys of another centre that are in force, by their ids; the newest last."""
    rows = NodeKey.objects.filter(node=node, use=use, state=NodeKeyState.ACTIVE).order_by("pk")
    return {row.kid: _loaded(row.public_key) for row in rows}


@lru_cache(maxsize=256)
def _loaded(text: str) -> gmcrypto.PublicKey:
    # Loading a key costs more than verifying with it.
    return gmcrypto.PublicKey(bytes.fromhex(text))
