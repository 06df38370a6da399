"""What the centre states and signs by SM2, so that anybody can check it later without asking.

The signature is over the form, a newline, and the statement as JSON in UTF-8 with sorted keys
and without spaces.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson

from gmcrypto import keystore
from gmcrypto.api import sign, verify
from gmcrypto.keyring import Purpose

ALGORITHM = "SM2-SM3"


def sign_statement(form: str, statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement and its signature by the centre's active statement key."""
    key = keystore.active(Purpose.STATEMENT)
    return {
        "statement": dict(statement),
        "signature": {
            "algorithm": ALGORITHM,
            "key_id": key.kid,
            "public_key": key.private_key.public_key.raw.hex(),
            "value": base64.b64encode(sign(key.private_key, signed_bytes(form, statement))).decode(),
        },
    }


def sign_message(text: bytes) -> bytes:
    """The signature of a message to a machine by the active statement key, in DER."""
    return sign(keystore.active(Purpose.STATEMENT).private_key, text)


def public_key() -> str:
    """The active statement key's public point: 128 hexadecimal digits."""
    return keystore.active(Purpose.STATEMENT).private_key.public_key.raw.hex()


def is_genuine(form: str, statement: Mapping[str, Any], *, key_id: str, value: str) -> bool:
    """Whether one of the centre's statement keys, also one that has been replaced, signed this."""
    key = next((one for one in keystore.all_usable(Purpose.STATEMENT) if one.kid == key_id), None)
    if key is None:
        return False
    try:
        signature = base64.b64decode(value, validate=True)
        return verify(key.private_key.public_key, signed_bytes(form, statement), signature)
    except (binascii.Error, ValueError, TypeError):
        return False


def signed_bytes(form: str, statement: Mapping[str, Any]) -> bytes:
    """What the signature of a statement is over."""
    return form.encode() + b"\n" + orjson.dumps(statement, option=orjson.OPT_SORT_KEYS)
