"""What WeChat's servers push: encrypted and signed, as XML."""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from starlette.requests import Request

from sandbox import faults, portal, store

_BLOCK = 32


async def event(request: Request, *, appid: str, openid: str, name: str, inside: str) -> None:
    """Push one event about a user; `inside` is the XML that is the event's own."""
    config = request.app.state.config
    if any(fault.kind == "silent" for fault, _ in await faults.active(store.of(request), "weixin")):
        return
    now = int(time.time())
    message = (
        f"<xml><ToUserName><![CDATA[{appid}]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[{name}]]></Event>{inside}</xml>"
    )
    sealed = encrypted(message.encode(), key=config.push_key, appid=appid)
    query = signed(config.push_token, str(now), secrets.token_hex(5), sealed)
    body = f"<xml><ToUserName><![CDATA[{appid}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    application = "mini" if appid == config.mini_appid else "official"
    address = f"/carriers/weixin/{application}?" + "&".join(f"{key}={value}" for key, value in query.items())
    await portal.tell(request, address, body.encode(), {"Content-Type": "text/xml"})


def listed(name: str, **fields: str) -> str:
    """A list of one entry, as the events about subscriptions have it."""
    entry = "".join(f"<{key}><![CDATA[{value}]]></{key}>" for key, value in fields.items())
    return f"<{name}><List>{entry}</List></{name}>"


def signed(token: str, timestamp: str, nonce: str, sealed: str) -> Mapping[str, str]:
    """The parameters of the address, for an encrypted body."""

    def signature(*parts: str) -> str:
        return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()

    return {
        "signature": signature(token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": signature(token, timestamp, nonce, sealed),
    }


def encrypted(message: bytes, *, key: str, appid: str, random: bytes = b"") -> str:
    """A message under an EncodingAESKey."""
    secret = base64.b64decode(f"{key}=")
    plain = (random or secrets.token_bytes(16)) + len(message).to_bytes(4) + message + appid.encode()
    missing = _BLOCK - len(plain) % _BLOCK
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).encryptor()
    sealed = encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()
    return base64.b64encode(sealed).decode()
