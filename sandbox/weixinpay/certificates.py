"""The platform certificates: an older and a newer one for each set of algorithms."""

import time
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.routing import Route

from sandbox.national import sm2
from sandbox.weixinpay import behaviour, der, keys, suites
from sandbox.weixinpay.keys import CERTIFICATE, OLD_CERTIFICATE, RSA, SM
from sandbox.weixinpay.wire import Caller, Content, PayRefusal, signed

ISSUER = "Sandbox of WeChat Pay"
BEGAN = {OLD_CERTIFICATE: timedelta(days=1_500), CERTIFICATE: timedelta(days=30)}
LIFE = timedelta(days=1_825)


async def listed(request: Request, caller: Caller) -> Content:
    """The certificates that are good now, encrypted under the merchant's APIv3 key."""
    settings = await behaviour.of(request, caller.mchid)
    if not settings.certificates:
        raise PayRefusal(500, "SYSTEM_ERROR", "系统异常，请使用微信支付公钥")
    suite = SM if request.query_params.get("algorithm_type") == "SM2" else RSA
    return {"data": [_told(suite, name, keys.api_key(caller.mchid)) for name in BEGAN]}


def _told(suite: str, name: str, api_key: str) -> dict[str, object]:
    begins = started() - BEGAN[name]
    return {
        "serial_no": keys.serial(suite, name),
        "effective_time": begins.isoformat(),
        "expire_time": (begins + LIFE).isoformat(),
        "encrypt_certificate": suites.seal(suite, api_key, certificate(suite, name).encode(), "certificate"),
    }


@cache
def started() -> datetime:
    """When this process first made a certificate; they are as old as if they had been made before."""
    return datetime.fromtimestamp(int(time.time()), UTC)


@cache
def certificate(suite: str, name: str) -> str:
    """One certificate in PEM."""
    serial, begins = keys.serial(suite, name), started() - BEGAN[name]
    if suite == SM:
        scalar = keys.sm2_key(name)
        body = der.certificate_body(serial, ISSUER, sm2.public_of(scalar), begins, begins + LIFE)
        return keys.pem("CERTIFICATE", der.certificate(body, sm2.sign(scalar, body)))
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
    key = keys.rsa_key(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(int(serial, 16))
        .not_valid_before(begins)
        .not_valid_after(begins + LIFE)
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


routes = [Route("/v3/certificates", signed(listed), methods=["GET"])]
