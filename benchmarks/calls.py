"""Signed requests with unique dynamic codes, made before the measurement as bytes."""

import base64
import secrets

import orjson

import gmcrypto
from benchmarks.setting import Signer, Stage
from cards.rules import codes, derivation
from foundation.core import clock
from foundation.gateway import authenticate
from gmcrypto import keystore
from gmcrypto.keyring import Purpose

PATH = "/api/v1/codes/verify"


def dynamic_codes(stage: Stage, count: int) -> list[str]:
    """Unique codes of the stage's cards, their windows beginning now and one second ago and so on."""
    from django.conf import settings

    mac_key = keystore.active(Purpose.TOKEN_MAC)
    moment = clock.now().replace(microsecond=0)
    block = derivation.validity_block(keystore.active(Purpose.VALIDITY).secret, moment)
    people = len(stage.card_ids)
    if count // people >= 2**codes.NONCE_BITS:
        raise ValueError("more codes than one second has nonces")
    first = secrets.randbelow(2**codes.NONCE_BITS)
    return [
        codes.emit_dynamic(
            card_id=stage.card_ids[place % people],
            block=block,
            nonce=(first + place // people) % 2**codes.NONCE_BITS,
            issuer=settings.EHCAPPID,
            key_version=mac_key.version,
            mac_key=mac_key.secret,
        )
        for place in range(count)
    ]


def requests(stage: Stage, texts: list[str], signers: list[Signer], *, host: str) -> list[bytes]:
    """One signed request per code, by turns from each client."""
    keys = {
        signer.kid: gmcrypto.PrivateKey.from_der(signer.secret)
        for signer in signers
        if signer.algorithm == "SM2-SM3"
    }
    moment = clock.now().isoformat(timespec="seconds")
    return [
        _request(_body(stage, text, moment), signers[place % len(signers)], keys, host)
        for place, text in enumerate(texts)
    ]


def _body(stage: Stage, text: str, moment: str) -> bytes:
    return orjson.dumps(
        {
            "code": text,
            "scene": "0101012",
            "terminal_id": stage.terminal_id,
            "department": "0300",
            "channel": "0100",
            "occurred_at": moment,
        }
    )


def _request(body: bytes, signer: Signer, keys: dict[str, gmcrypto.PrivateKey], host: str) -> bytes:
    stamp, nonce = str(int(clock.now().timestamp())), secrets.token_urlsafe(16)
    signed = authenticate.signed_text(
        algorithm=signer.algorithm,
        method="POST",
        path=PATH,
        query="",
        client=signer.client,
        kid=signer.kid,
        timestamp=stamp,
        nonce=nonce,
        idempotency_key="",
        body=body,
    )
    key = keys.get(signer.kid)
    signature = gmcrypto.sign(key, signed) if key is not None else gmcrypto.hmac_sm3(signer.secret, signed)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nEHC-Client: {signer.client}\r\nEHC-Key: {signer.kid}\r\n"
        f"EHC-Timestamp: {stamp}\r\nEHC-Nonce: {nonce}\r\nEHC-Algorithm: {signer.algorithm}\r\n"
        f"EHC-Signature: {base64.b64encode(signature).decode()}\r\n\r\n"
    )
    return head.encode() + body
