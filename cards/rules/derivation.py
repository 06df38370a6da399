"""The national derivations: main index, card ID, validity block.

Pure functions; keys come in as bytes. Source: the worked example of the national
specification (电子健康卡 密码应用), by way of the tests of the published key-device software;
``tests/cards/test_derivation.py`` holds its vectors.
"""

from datetime import datetime

import gmcrypto
from cards.errors import CertificateTooLong
from foundation.core import clock

CERTIFICATE_BYTES = 30
_TYPE_CHARACTERS = 2
_CARD_BYTES = 32
_BLOCK_TIME = "%Y%m%d%H%M%S"
_BLOCK_TIME_BYTES = 7
_BLOCK_BYTES = 16


def main_index(id_type: str, id_number: str, name: str) -> str:
    """The 主索引ID: 64 upper-case hex digits.

    Another kind of certificate, or another name, gives another index: it identifies a
    statement about a person, never the person.
    """
    return gmcrypto.sm3(f"{id_type}{id_number}{name}".encode()).hex().upper()


def diversification_factor(index: str) -> bytes:
    """The 分散因子: the four 8-byte groups of the main index, XORed."""
    raw = bytes.fromhex(index)
    number = 0
    for start in range(0, len(raw), 8):
        number ^= int.from_bytes(raw[start : start + 8])
    return number.to_bytes(8)


def user_key(safe_key: bytes, factor: bytes) -> bytes:
    """The 用户身份认证密钥: the factor and its complement under the 安全密钥."""
    complement = bytes(byte ^ 0xFF for byte in factor)
    return gmcrypto.sm4_ecb_encrypt(safe_key, factor + complement)


def card_id(safe_key: bytes, index: str, id_type: str, id_number: str) -> str:
    """The 电子健康卡ID: 64 upper-case hex digits.

    The specification encrypts the certificate as ASCII; what is not ASCII (some officers'
    certificates) is taken as UTF-8, as in the main index.

    Raises:
        CertificateTooLong: If the number needs more than 30 bytes. The specification does not
            say what to do then, and a shortened number would make two persons one.
    """
    number = id_number.encode()
    if len(number) > CERTIFICATE_BYTES:
        raise CertificateTooLong(field="id_number")
    plain = (id_type.encode() + number).ljust(_CARD_BYTES, b"\0")
    key = user_key(safe_key, diversification_factor(index))
    return gmcrypto.sm4_ecb_encrypt(key, plain).hex().upper()


def recover_certificate(safe_key: bytes, index: str, card: str) -> tuple[str, str]:
    """Type and number of the certificate inside a card ID.

    Raises:
        ValueError: If key, index and card ID do not belong together.
    """
    key = user_key(safe_key, diversification_factor(index))
    plain = gmcrypto.sm4_ecb_decrypt(key, bytes.fromhex(card)).rstrip(b"\0")
    text = plain.decode()
    id_type, id_number = text[:_TYPE_CHARACTERS], text[_TYPE_CHARACTERS:]
    if not id_type.isdigit() or not id_number.isprintable() or "\0" in id_number:
        raise ValueError("the card ID does not belong to this main index and key")
    return id_type, id_number


def validity_block(protect_key: bytes, moment: datetime) -> str:
    """The 二维码有效性信息: Beijing time to the second as BCD, under the 保护密钥; 32 hex digits."""
    digits = clock.beijing(moment).strftime(_BLOCK_TIME)
    plain = bytes.fromhex(digits).ljust(_BLOCK_BYTES, b"\0")
    return gmcrypto.sm4_ecb_encrypt(protect_key, plain).hex().upper()


def read_validity_block(protect_key: bytes, block: str) -> datetime:
    """The time inside a validity block, aware, in Beijing.

    Raises:
        ValueError: If the block was not made under this key.
    """
    plain = gmcrypto.sm4_ecb_decrypt(protect_key, bytes.fromhex(block))
    if any(plain[_BLOCK_TIME_BYTES:]):
        raise ValueError("the block was made under another key")
    moment = datetime.strptime(plain[:_BLOCK_TIME_BYTES].hex(), _BLOCK_TIME)  # noqa: DTZ007
    return moment.replace(tzinfo=clock.BEIJING)
