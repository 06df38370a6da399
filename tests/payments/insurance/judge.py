"""The envelope of the mobile-payment centre by ``gmssl`` alone, as a third party would write it."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gmssl import func, sm2, sm3
from gmssl.sm4 import SM4_DECRYPT, SM4_ENCRYPT, CryptSM4

STANDARD_ID = b"1234567812345678"


@dataclass(frozen=True)
class Judge:
    """One side of a conversation: its own private key and the other's public key, in hexadecimal."""

    app_id: str
    secret: str
    private: str
    other: str
    uid: bytes = STANDARD_ID

    @property
    def key(self) -> bytes:
        """The key of the encryption."""
        first = _sm4(self.app_id[:16].encode(), self.secret.encode(), SM4_ENCRYPT)
        return first.hex().upper()[:16].encode()

    def encrypt(self, text: str) -> str:
        """``encData``."""
        return _sm4(self.key, text.encode(), SM4_ENCRYPT).hex().upper()

    def decrypt(self, sealed: str) -> str:
        """The business of ``encData``."""
        return _sm4(self.key, bytes.fromhex(sealed), SM4_DECRYPT).decode()

    def seal(self, data: Mapping[str, Any], **head: Any) -> bytes:
        """A whole message; the data must be flat, of texts, and without empty ones."""
        members = {
            "appId": self.app_id,
            "encType": "SM4",
            "signType": "SM2",
            "timestamp": str(int(time.time() * 1000)),
            "version": "2.0.1",
            **head,
        }
        business = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        text = "&".join(f"{name}={value}" for name, value in sorted({**members, "data": business}.items()))
        signed = self._sign(f"{text}&key={self.secret}".encode())
        return json.dumps({**members, "signData": signed, "encData": self.encrypt(business)}).encode()

    def accepts(self, body: bytes) -> dict[str, Any]:
        """The business of a message whose signature fits; its data must be flat texts."""
        message = json.loads(body)
        sealed, signature = message.pop("encData"), base64.b64decode(message.pop("signData"))
        business = json.loads(self.decrypt(sealed))
        message["data"] = json.dumps(
            {name: value for name, value in business.items() if value},
            ensure_ascii=False,
            separators=(",", ":"),
            sort_keys=True,
        )
        text = "&".join(f"{name}={value}" for name, value in sorted(message.items()))
        digest = _digest(self.other, self.uid, f"{text}&key={self.secret}".encode())
        assert sm2.CryptSM2(private_key="", public_key=self.other).verify(signature.hex(), digest)
        return dict(business)

    def _sign(self, text: bytes) -> str:
        own = sm2.CryptSM2(private_key=self.private, public_key="")
        public = own._kg(int(self.private, 16), own.ecc_table["g"])
        digest = _digest(public, self.uid, text)
        return base64.b64encode(bytes.fromhex(own.sign(digest, func.random_hex(64)))).decode()


def _digest(public: str, uid: bytes, text: bytes) -> bytes:
    curve = sm2.default_ecc_table
    head = f"{len(uid) * 8:04x}{uid.hex()}{curve['a']}{curve['b']}{curve['g']}{public}"
    z = sm3.sm3_hash(func.bytes_to_list(bytes.fromhex(head)))
    return bytes.fromhex(sm3.sm3_hash(func.bytes_to_list(bytes.fromhex(z) + text)))


def _sm4(key: bytes, data: bytes, mode: int) -> bytes:
    worker = CryptSM4()
    worker.set_key(key, mode)
    return bytes(worker.crypt_ecb(data))
