"""How calls are sent.

A call is sent again only where that is safe: when there was no answer, and when the platform
says "not now" (503, 429, 409 in progress). Whatever changes something carries an idempotency
key that stays the same at every try, so that it is done once; nonce and signature are new at
every try. A clock that is wrong is corrected once, by the platform's own.
"""

import json
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from types import MappingProxyType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import httpx

from sdk.errors import EhcError, SignatureRefused, Unreachable, error_of
from sdk.signing import HmacSigner, Identity, Signer

R = TypeVar("R")

ROOT = "/api/v1"
LONGEST_PAUSE_SECONDS = 5.0
# A longer wait is for the caller to decide about, who may have a queue of people before it.
LONGEST_RETRY_AFTER_SECONDS = 30.0
_NOT_NOW = frozenset({"request_in_progress", "nonce_replayed"})
_NONE: Mapping[str, str] = MappingProxyType({})


class Connection:
    """Signs and sends in the name of an institution's client. Safe to share between threads.

    Args:
        base_url: ``https://...`` without a path.
        client_id: The client's number.
        key_id: The key's number.
        secret: The shared secret of a HMAC-SM3 key.
        signer: In place of the secret: ``Sm2Signer(...)``, or what speaks to a device.
        timeout: Seconds for one try.
        retries: How many times a call is sent again.
        backoff: Seconds before the second try, at most; doubled with each further one.
        transport: For tests and unusual networks.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        key_id: str,
        secret: str = "",
        *,
        signer: Signer | None = None,
        timeout: float = 10.0,
        retries: int = 3,
        backoff: float = 0.2,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if bool(secret) == (signer is not None):
            raise ValueError("give either secret or signer")
        self._identity = Identity(client_id, key_id, signer or HmacSigner(secret))
        self._retries = retries
        self._backoff = backoff
        self._clock_offset = 0.0
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            timeout=timeout,
            transport=transport,
            trust_env=False,
            headers={"Accept": "application/json", "User-Agent": "ehc-sdk/1"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _read(self, path: str, read: Callable[[Mapping[str, Any]], R], query: Mapping[str, Any] = _NONE) -> R:
        asked = urlencode(without_empty(query))
        return self._call("GET", f"{path}?{asked}" if asked else path, read)

    def _change(
        self,
        path: str,
        body: Mapping[str, Any],
        read: Callable[[Mapping[str, Any]], R],
        key: str,
        headers: Mapping[str, str] = _NONE,
        *,
        method: str = "POST",
    ) -> R:
        content = json.dumps(
            without_empty(body), ensure_ascii=False, separators=(",", ":"), default=_as_text
        ).encode()
        return self._call(method, path, read, content, key or uuid.uuid4().hex, headers=headers)

    def _call(
        self,
        method: str,
        path: str,
        read: Callable[[Mapping[str, Any]], R],
        content: bytes = b"",
        key: str = "",
        *,
        headers: Mapping[str, str] = _NONE,
    ) -> R:
        tries_left = self._retries
        pause = self._backoff
        clock_corrected = False
        while True:
            try:
                return _understood(read, self._try(method, path, content, key, headers))
            except SignatureRefused as error:
                if clock_corrected or not self._correct_clock(error):
                    raise
                clock_corrected = True
            except EhcError as error:
                wait = pause_after(error, pause)
                if wait is None or not tries_left:
                    raise
                tries_left -= 1
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                time.sleep(wait)

    def _try(
        self, method: str, path: str, content: bytes, key: str, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        request = self._http.build_request(method, ROOT + path, content=content or None)
        sent_path, _, query = request.url.raw_path.decode("ascii").partition("?")
        request.headers.update(headers)
        request.headers.update(
            self._identity.headers(
                method=method,
                path=sent_path,
                query=query,
                body=content,
                timestamp=int(time.time() + self._clock_offset),
                idempotency_key=key,
            )
        )
        if content:
            request.headers["Content-Type"] = "application/json"
        try:
            response = self._http.send(request)
        except httpx.TransportError as exc:
            raise Unreachable("unreachable", f"{type(exc).__name__}: {exc}") from exc
        return answer_of(response)

    def _correct_clock(self, error: SignatureRefused) -> bool:
        server_time = error.problem.get("server_time")
        if error.code != "clock_skew" or not isinstance(server_time, int):
            return False
        self._clock_offset = server_time - time.time()
        return True


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be sent: a member that is None or an empty text is left out, ``False`` and 0 stay."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def of_terminal(token: str) -> Mapping[str, str]:
    """The header of a terminal that has signed in; nothing without a token."""
    return {"EHC-Terminal-Token": token} if token else _NONE


def built(kind: type[R], answer: Mapping[str, Any], **read: Any) -> R:
    """A data class filled from an answer, with ``read`` in place of what is not taken as it came.

    Members that this version does not know are passed over: the platform may add some.

    Raises:
        KeyError: One is missing.
    """
    return kind(**{each.name: answer[each.name] for each in fields(kind) if each.name not in read}, **read)  # type: ignore[arg-type]


def _as_text(value: date) -> str:
    return value.isoformat()


def _understood(read: Callable[[Mapping[str, Any]], R], answer: Mapping[str, Any]) -> R:
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError) as exc:
        raise EhcError("not_understood", f"{type(exc).__name__}: {exc}") from exc


def answer_of(response: httpx.Response) -> Mapping[str, Any]:
    """The object that the platform answered with.

    Raises:
        EhcError: It refused, or something on the way answered in its place.
    """
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.is_success and isinstance(answer, dict):
        return answer
    problem = dict(answer) if isinstance(answer, dict) else {}
    if response.is_success:
        # Something on the way answered in place of the platform.
        raise Unreachable("not_the_platform", "the answer is no JSON object", status=response.status_code)
    retry_after = response.headers.get("Retry-After", "")
    if retry_after.isdecimal():
        problem["retry_after"] = int(retry_after)
    raise error_of(response.status_code, problem)


def pause_after(error: EhcError, pause: float) -> float | None:
    """Seconds until the next try; None if there is to be none."""
    not_now = isinstance(error, Unreachable) or error.status in {502, 503, 504} or error.code in _NOT_NOW
    retry_after = error.problem.get("retry_after")
    if retry_after is None:
        # Spread out, or all terminals of a hospital come back in the same instant.
        return random.uniform(pause / 2, pause) if not_now else None  # noqa: S311
    if error.status != 429 and not not_now:
        return None
    return float(retry_after) if retry_after <= LONGEST_RETRY_AFTER_SECONDS else None
