"""Asking WeChat Pay: every question signed by the merchant, every answer checked to be WeChat's.

Only what a bill is downloaded from is unsigned; its digest came in a signed answer.
"""

import json
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from foundation.core import clock, http
from payments.providers.base import Merchant
from payments.providers.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelTemporary,
    ChannelUnsure,
    StatementBroken,
)
from payments.providers.weixinpay import certificates, failures, keys
from payments.providers.weixinpay.certificates import Certificate, KeyUnreadable
from payments.providers.weixinpay.identities import Identity, identities
from payments.providers.weixinpay.keys import CODE
from payments.providers.weixinpay.signing import SealBroken, answer_text, request_text

TIMEOUT_SECONDS = 10.0
DOWNLOAD_SECONDS = 60.0
# A notice is answered within five seconds, also one under a certificate that is new.
CERTIFICATES_SECONDS = 3.0
LARGEST_BILL_BYTES = 100_000_000
SKEW_SECONDS = 300
CERTIFICATES = "/v3/certificates"


class Client:
    """WeChat Pay as one merchant speaks with it."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.suite = keys.suite_of(merchant)

    def get(self, path: str) -> dict[str, Any]:
        """Ask what changes nothing."""
        return self._asked("GET", path, None)

    def post(
        self, path: str, body: Mapping[str, Any], *, sealed_for: Identity | None = None
    ) -> dict[str, Any]:
        """Ask for something to be done.

        Args:
            sealed_for: The key under which sensitive fields of the body were encrypted.

        Raises:
            ChannelUnsure: Whether it was done is unknown.
        """
        return self._asked("POST", path, body, sealed_for=sealed_for)

    def download(self, address: str) -> bytes:
        """The bytes behind an address that a signed answer named, from the merchant's own host."""
        parts = urlsplit(address)
        if not parts.path.startswith("/v3/bill"):
            raise StatementBroken(CODE, "download_address")
        path = f"{parts.path}?{parts.query}"
        outbound = _outbound(self.merchant.base_url, DOWNLOAD_SECONDS)
        answer = self._exchanged(outbound, "GET", path, b"", {}, most_bytes=LARGEST_BILL_BYTES)
        if answer.status != 200:
            raise failures.of_answer(answer, acts=False)
        return answer.body

    def receiver(self) -> Identity:
        """The key of WeChat's under which sensitive fields are encrypted now."""
        found = self._named()
        if found is None:
            raise ChannelMisconfigured(CODE, "no_key_of_weixin")
        return found

    def sign(self, text: bytes) -> str:
        """A signature of the merchant's."""
        try:
            return self.suite.sign(keys.secret(self.merchant, keys.PRIVATE_KEY), text)
        except KeyUnreadable as exc:
            raise ChannelMisconfigured(CODE, "private_key") from exc

    def is_of_weixin(self, headers: Mapping[str, str], body: bytes) -> str:
        """Why an answer or a notice is not WeChat's; empty if it is.

        Args:
            headers: By their names in lower case.
        """
        serial, signature, timestamp, nonce = (
            headers.get(f"wechatpay-{part}", "") for part in ("serial", "signature", "timestamp", "nonce")
        )
        if not (serial and signature and nonce and timestamp.isascii() and timestamp.isdigit()):
            return "signature_missing"
        if abs(clock.now().timestamp() - int(timestamp[:12])) > SKEW_SECONDS:
            return "out_of_time"
        if headers.get("wechatpay-signature-type", self.suite.scheme) != self.suite.scheme:
            return "algorithms"
        try:
            identity = identities.of(self.merchant, self.suite, serial, self.fetch_certificates)
        except KeyUnreadable:
            return "key_unreadable"
        if identity is None:
            return "key_unknown"
        text = answer_text(timestamp, nonce, body)
        return "" if self.suite.verifies(identity.key, text, signature) else "signature_wrong"

    def fetch_certificates(self) -> list[Certificate]:
        """The platform certificates, or none where WeChat Pay gives this merchant none.

        They open under the APIv3 key alone, which says that they are meant for the merchant. The answer is
        signed with one of them, which is checked as well.
        """
        path = CERTIFICATES + self.suite.of_certificates
        try:
            outbound = _outbound(self.merchant.base_url, CERTIFICATES_SECONDS)
            answer = self._exchanged(outbound, "GET", path, b"", {})
        except ChannelError:
            return []
        if answer.status != 200:
            return []
        found = self._certificates_in(answer.body)
        serial = answer.headers.get("wechatpay-serial", "")
        signing = next((each for each in found if each.serial == serial.upper()), None)
        if signing is not None and not self._signed_by(signing, answer):
            return []
        return found

    def open(self, resource: Mapping[str, Any]) -> bytes:
        """What WeChat encrypted for the merchant.

        Raises:
            SealBroken: It does not open.
            ChannelMisconfigured: The APIv3 key is none.
        """
        parts = {name: resource.get(name) or "" for name in ("nonce", "associated_data", "ciphertext")}
        if resource.get("algorithm") != self.suite.aead or not all(
            isinstance(each, str) for each in parts.values()
        ):
            raise SealBroken
        try:
            return self.suite.open(
                keys.secret(self.merchant, keys.API_KEY),
                nonce=parts["nonce"],
                aad=parts["associated_data"],
                sealed=parts["ciphertext"],
            )
        except KeyUnreadable as exc:
            raise ChannelMisconfigured(CODE, "api_v3_key") from exc

    def _named(self) -> Identity | None:
        try:
            return identities.for_us(self.merchant, self.suite, self.fetch_certificates)
        except KeyUnreadable as exc:
            raise ChannelMisconfigured(CODE, "key_of_weixin") from exc

    def _certificates_in(self, body: bytes) -> list[Certificate]:
        try:
            listed = failures.json_of(body)["data"]
            opened = [self.open(each["encrypt_certificate"]) for each in listed]
            return [certificates.read(each.decode()) for each in opened]
        except (ValueError, KeyError, TypeError, SealBroken, KeyUnreadable):
            return []

    def _signed_by(self, certificate: Certificate, answer: http.Answer) -> bool:
        timestamp, nonce = (answer.headers.get(f"wechatpay-{part}", "") for part in ("timestamp", "nonce"))
        return self.suite.verifies(
            self.suite.public_of_der(certificate.key),
            answer_text(timestamp, nonce, answer.body),
            answer.headers.get("wechatpay-signature", ""),
        )

    def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, sealed_for: Identity | None = None
    ) -> dict[str, Any]:
        acts = method != "GET"
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        named = sealed_for or self._named()
        headers = {"Wechatpay-Serial": named.serial} if named is not None else {}
        outbound = _outbound(self.merchant.base_url, TIMEOUT_SECONDS)
        answer = self._exchanged(outbound, method, path, content, headers, acts=acts)
        if not 200 <= answer.status < 300:
            raise failures.of_answer(answer, acts=acts)
        objection = self.is_of_weixin(answer.headers, answer.body)
        if objection:
            # Somebody answered, and perhaps WeChat acted before: nothing may be concluded from it.
            raise (ChannelUnsure if acts else ChannelTemporary)(CODE, objection)
        try:
            return failures.json_of(answer.body) if answer.body else {}
        except ValueError as exc:
            raise (ChannelUnsure if acts else ChannelTemporary)(CODE, "not_json") from exc

    def _exchanged(
        self,
        outbound: http.Outbound,
        method: str,
        path: str,
        content: bytes,
        headers: Mapping[str, str],
        *,
        acts: bool = False,
        most_bytes: int = http.MAX_ANSWER_BYTES,
    ) -> http.Answer:
        sent = {
            "Accept": "application/json",
            "Authorization": self._authorization(method, path, content),
            **({"Content-Type": "application/json"} if content else {}),
            **headers,
        }
        try:
            return outbound.exchange(
                method, path, headers=sent, content=content or None, most_bytes=most_bytes
            )
        except http.OutsideError as exc:
            raise failures.of_loss(exc, acts=acts) from exc

    def _authorization(self, method: str, path: str, content: bytes) -> str:
        timestamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
        fields = {
            "mchid": self.merchant.number,
            "nonce_str": nonce,
            "signature": self.sign(request_text(method, path, timestamp, nonce, content)),
            "timestamp": timestamp,
            "serial_no": keys.value(self.merchant, keys.SERIAL),
        }
        return f"{self.suite.scheme} " + ",".join(f'{name}="{text}"' for name, text in fields.items())


@cache
def _outbound(base_url: str, seconds: float) -> http.Outbound:
    return http.Outbound(base_url, name=CODE, timeout=seconds)
