"""Programs of hospitals that speak the platform's dialect, written from its description.

Each does what the clients of its kind are known to do: what they call the body's type, how
they write JSON, and in which order they put inner names into the signed text.
"""

import base64
import hashlib
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

TOKEN_PATH = "/rest/auth/HealthCard/HealthOpenAuth/AuthObj/getAppToken"
OPEN_PLATFORM = "/rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/"
CARD_SERVER = "/rest/auth/TXHealthCard/EHealthCardServer/ISVOpenObj/"
CARD_SERVER_NAMES = {"getHealthCardByHealthCardId", "checkUniformVerifyResult"}


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value


@dataclass
class Program:
    """A program written in Java: compact JSON, inner names as they come, the time as a number."""

    hospital_id: str
    app_id: str
    app_secret: str = field(repr=False)
    token: str = ""
    content_type: str = "application/json;charset=UTF-8"

    def timestamp(self) -> Any:
        return int(time.time())

    def inner(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def write(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def sign(self, fields: dict[str, Any]) -> str:
        parts = []
        for name in sorted(fields):
            value = fields[name]
            if name == "sign" or value is None or value == "":
                continue
            if isinstance(value, bool):
                text = "true" if value else "false"
            elif isinstance(value, dict | list):
                text = self.inner(value)
            else:
                text = str(value)
            parts.append(f"{name}={text}")
        text = "&".join(parts) + self.app_secret
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    def envelope(self, req: dict[str, Any], **common: Any) -> dict[str, Any]:
        common = {
            "appToken": self.token,
            "requestId": uuid.uuid4().hex.upper(),
            "hospitalId": self.hospital_id,
            "timestamp": self.timestamp(),
            "channelNum": 0,
            **common,
        }
        common.setdefault("sign", self.sign({**common, **req}))
        return {"commonIn": common, "req": req}

    def body(self, req: dict[str, Any], **common: Any) -> bytes:
        return self.write(self.envelope(req, **common))

    def post(self, path: str, body: bytes, **headers: Any) -> dict[str, Any]:
        """Send raw bytes. Whatever is sent, the answer is 200 and in the platform's form."""
        answer = Client(raise_request_exception=False).generic(
            "POST", path, body, headers.pop("content_type", self.content_type), **headers
        )
        assert answer.status_code == 200, answer.content
        assert answer["Content-Type"].startswith("application/json")
        found: dict[str, Any] = json.loads(answer.content)
        assert set(found) == {"commonOut", "rsp"}
        assert set(found["commonOut"]) == {"requestId", "resultCode", "errMsg"}
        assert isinstance(found["commonOut"]["resultCode"], int)
        return found

    def call(self, operation: str, req: dict[str, Any], **common: Any) -> dict[str, Any]:
        """Call an operation where the platform has it."""
        root = CARD_SERVER if operation in CARD_SERVER_NAMES else OPEN_PLATFORM
        return self.post(root + operation, self.body(req, **common))

    def ok(self, operation: str, req: dict[str, Any], **common: Any) -> dict[str, Any]:
        """As ``call``; the answer must be a success."""
        answer = self.call(operation, req, **common)
        assert answer["commonOut"]["resultCode"] == 0, answer
        assert answer["commonOut"]["errMsg"] == "成功"
        return dict(answer["rsp"])

    def ask_token(self, **common: Any) -> dict[str, Any]:
        body = self.body({"appId": self.app_id}, **{"appToken": "", **common})
        return self.post(TOKEN_PATH, body)

    def sign_in(self) -> str:
        """Fetch a token and use it from now on."""
        answer = self.ask_token()
        assert answer["commonOut"]["resultCode"] == 0, answer
        self.token = answer["rsp"]["appToken"]
        return self.token


class PhpProgram(Program):
    """curl's default type, escaped Unicode and slashes, inner JSON as it is sent."""

    def __init__(self, other: Program) -> None:
        super().__init__(other.hospital_id, other.app_id, other.app_secret, other.token)
        self.content_type = "application/x-www-form-urlencoded"

    def timestamp(self) -> Any:
        return str(int(time.time()))

    def write(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


class CSharpProgram(Program):
    """The vendor's SDK: indented JSON, inner names sorted and inner nulls left out of the text."""

    def __init__(self, other: Program) -> None:
        super().__init__(other.hospital_id, other.app_id, other.app_secret, other.token)
        self.content_type = "application/json"

    def timestamp(self) -> Any:
        return str(int(time.time()))

    def inner(self, value: Any) -> str:
        return json.dumps(without_nulls(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def write(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, indent=2).encode()
