"""139 getAppToken."""

from typing import Any

from foundation.audit import services as audit
from foundation.audit.actions import Action
from interop.dialects.tencent import tokens
from interop.dialects.tencent.operations.base import Call, Operation


def get_app_token(call: Call) -> dict[str, Any]:
    """A token for the application that signed."""
    token = tokens.issue(call.caller.key_id)
    audit.record(
        Action.CLIENT_TOKEN_ISSUED,
        actor=call.actor,
        subject=("gateway.ApiClient", call.caller.public_id),
    )
    return {"appToken": token, "expiresIn": tokens.LIFETIME_SECONDS}


OPERATION = Operation(
    name="getAppToken",
    number="139",
    purpose="获取接口调用凭证",
    rsp=("appToken", "expiresIn"),
    handle=get_app_token,
    takes_app_id=True,
)
