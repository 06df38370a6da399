"""The client of the population database (人口库).

result match, mismatch, not_found             the answer
HTTP 429 and 5xx, no connection               ProviderUnavailable
no answer within 5 s                          ProviderTimeout
HTTP 4xx (our signature, our content), an
answer in another form or to another call     ProviderProtocolError
"""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings

from foundation.core import clock, http
from gmcrypto import api
from identity.providers.base import (
    Outcome,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnavailable,
    RealNameAnswer,
)

SYSTEM = "population"
PATH = "/population/v1/check"
DEADLINE_SECONDS = 5.0


class PopulationDatabase:
    """Checks against the population database, signed with the shared key of the settings."""

    def check(self, *, request_id: str, id_type: str, id_number: str, name: str) -> RealNameAnswer:
        """Ask once; see `RealNameProvider`."""
        question = {"request_id": request_id, "id_type": id_type, "id_number": id_number, "name": name}
        content = json.dumps(question, ensure_ascii=False).encode()
        try:
            answer = _outbound(settings.POPULATION_BASE).post_json(
                PATH, content=content, headers=_signature(content)
            )
        except http.OutsideTimeout as exc:
            raise ProviderTimeout("timeout") from exc
        except http.OutsideUnavailable as exc:
            raise ProviderUnavailable("unavailable") from exc
        except http.OutsideRefused as exc:
            raise ProviderProtocolError(str(exc.answer.get("code") or "protocol_error")[:40]) from exc
        return _parse(answer, request_id)


def _signature(content: bytes) -> dict[str, str]:
    timestamp = str(int(clock.now().timestamp()))
    nonce = secrets.token_urlsafe(24)
    lines = ("POST", PATH, settings.POPULATION_APP_ID, timestamp, nonce, api.sm3(content).hex())
    return {
        "X-App-Id": settings.POPULATION_APP_ID,
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": api.hmac_sm3(settings.POPULATION_KEY.encode(), "\n".join(lines).encode()).hex(),
    }


def _parse(answer: Mapping[str, Any], request_id: str) -> RealNameAnswer:
    if answer.get("request_id") != request_id:
        raise ProviderProtocolError("answer_to_another_request")
    try:
        outcome = Outcome(str(answer["result"]))
        reference = str(answer["reference"])
        checked_at = datetime.fromisoformat(str(answer["checked_at"]))
    except (KeyError, ValueError) as exc:
        raise ProviderProtocolError("answer_incomplete") from exc
    if not reference or len(reference) > 64 or checked_at.tzinfo is None:
        raise ProviderProtocolError("answer_incomplete")
    return RealNameAnswer(outcome=outcome, reference=reference, checked_at=checked_at)


@cache
def _outbound(base_url: str) -> http.Outbound:
    return http.Outbound(base_url, name=SYSTEM, timeout=DEADLINE_SECONDS)
