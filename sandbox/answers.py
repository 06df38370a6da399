"""Reading requests and refusing them, in the way of the REST systems played here."""

import hmac
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """An answer other than success; each played system has its own form of it."""

    def response(self) -> Response:
        """The refusal in the form of the system that refuses."""
        raise NotImplementedError


class RestRefusal(Refusal):
    """An HTTP status with a code, a sentence and, where there is one, the field at fault."""

    def __init__(self, status: int, code: str, message: str, field: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.body = {"code": code, "message": message} | ({"field": field} if field else {})

    def response(self) -> Response:
        """The refusal as JSON."""
        return JSONResponse(self.body, self.status)


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object, or a refusal that says what it is instead."""
    try:
        body = json.loads(await request.body(), parse_constant=_no_constant)
        # Half of a surrogate pair parses, but is no text that could be stored or answered.
        json.dumps(body, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as exc:
        raise RestRefusal(400, "body_not_json", "The body must be JSON in UTF-8.") from exc
    if not isinstance(body, dict):
        raise RestRefusal(400, "body_not_object", "The body must be a JSON object.")
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def text(body: dict[str, Any], field: str, *, longest: int = 64) -> str:
    """A field that must be a text with something in it."""
    value = body.get(field)
    if not isinstance(value, str) or not value.strip():
        raise RestRefusal(400, "field_missing", f"{field} must be a text that is not empty.", field)
    if len(value) > longest:
        raise RestRefusal(400, "field_too_long", f"{field} must have at most {longest} characters.", field)
    return value


def whole_number(body: dict[str, Any], field: str, *, default: int, least: int, most: int) -> int:
    """A field that must be a whole number in a range; the default if it is absent."""
    value = body.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise RestRefusal(
            400, "field_out_of_range", f"{field} must be a whole number {least}..{most}.", field
        )
    return value


def same_secret(given: str, expected: str) -> bool:
    """Compare without telling by time how much was right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
