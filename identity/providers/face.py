"""The client of the face check (人脸核身): a page of theirs between two calls of ours.

result pass, fail, cancelled, pending         the answer
HTTP 429 and 5xx, no connection               ProviderUnavailable
no answer within 3 s                          ProviderTimeout
HTTP 4xx, an answer in another form           ProviderProtocolError
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.conf import settings

from foundation.core import clock, http
from gmcrypto import api
from identity.providers.base import ProviderProtocolError, ProviderTimeout, ProviderUnavailable

SYSTEM = "face"
BEGIN, RESULT = "/face/v1/sessions", "/face/v1/result"
DEADLINE_SECONDS = 3.0


class FaceOutcome(StrEnum):
    """What the check came to."""

    PASS = "pass"
    FAIL = "fail"
    CANCELLED = "cancelled"
    PENDING = "pending"


@dataclass(frozen=True)
class FaceSession:
    """A check that has begun; the browser goes to ``url`` and comes back."""

    session_id: str
    url: str


@dataclass(frozen=True)
class FaceAnswer:
    """Where a check stands."""

    outcome: FaceOutcome
    reference: str


class FaceService:
    """The service of the settings, signed with the shared key."""

    def begin(
        self, *, request_id: str, id_type: str, id_number: str, name: str, return_url: str
    ) -> FaceSession:
        """Begin a check of somebody's face.

        Raises:
            ProviderTimeout, ProviderUnavailable, ProviderProtocolError: If it does not begin.
        """
        answer = _ask(
            BEGIN,
            {
                "request_id": request_id,
                "id_type": id_type,
                "id_number": id_number,
                "name": name,
                "return_url": return_url,
            },
        )
        session, url = str(answer.get("session_id", "")), str(answer.get("url", ""))
        if not 0 < len(session) <= 64 or not url.startswith(f"{settings.FACE_BASE.rstrip('/')}/"):
            raise ProviderProtocolError("answer_incomplete")
        return FaceSession(session, url)

    def result(self, *, session_id: str) -> FaceAnswer:
        """Ask what a check came to; what the browser brings back proves nothing.

        Raises:
            ProviderTimeout, ProviderUnavailable, ProviderProtocolError: If there is no answer.
        """
        answer = _ask(RESULT, {"session_id": session_id})
        try:
            outcome = FaceOutcome(str(answer.get("result")))
        except ValueError as exc:
            raise ProviderProtocolError("answer_incomplete") from exc
        return FaceAnswer(outcome, str(answer.get("reference", ""))[:64])


def _ask(path: str, question: Mapping[str, str]) -> Mapping[str, Any]:
    content = json.dumps(question, ensure_ascii=False).encode()
    try:
        return _outbound(settings.FACE_BASE).post_json(
            path, content=content, headers=_signature(path, content)
        )
    except http.OutsideTimeout as exc:
        raise ProviderTimeout("timeout") from exc
    except http.OutsideUnavailable as exc:
        raise ProviderUnavailable("unavailable") from exc
    except http.OutsideRefused as exc:
        raise ProviderProtocolError(str(exc.answer.get("code") or "protocol_error")[:40]) from exc


def _signature(path: str, content: bytes) -> dict[str, str]:
    timestamp = str(int(clock.now().timestamp()))
    nonce = secrets.token_urlsafe(24)
    lines = ("POST", path, settings.FACE_APP_ID, timestamp, nonce, api.sm3(content).hex())
    return {
        "X-App-Id": settings.FACE_APP_ID,
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": api.hmac_sm3(settings.FACE_KEY.encode(), "\n".join(lines).encode()).hex(),
    }


@cache
def _outbound(base_url: str) -> http.Outbound:
    return http.Outbound(base_url, name=SYSTEM, timeout=DEADLINE_SECONDS)
