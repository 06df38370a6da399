"""The one-time code with which a user of WeChat agrees."""

import structlog

import gmcrypto
from foundation.carriers import weixin
from foundation.carriers.errors import CarrierMisconfigured, CarrierRefused, CarrierTemporary
from foundation.core import http, redis
from interop.dialects.tencent.errors import InternalFault, WechatCodeInvalid
from interop.dialects.tencent.operations.base import Call

log = structlog.get_logger(__name__)

_SPENT_SECONDS = 48 * 3_600


def spend(code: str, call: Call) -> None:
    """Redeem the one-time code, unless this very request has done so before it was cut off."""
    digest = gmcrypto.sm3(f"{call.caller.public_id}\n{call.reference}\n{code}".encode()).hex()
    place = redis.key("tencent", "wechat-code", digest)
    if redis.client().exists(place):
        return
    try:
        with http.within(weixin.SIGN_IN_SECONDS):
            weixin.code_to_session(code)
    except (CarrierMisconfigured, CarrierTemporary) as exc:
        log.warning("tencent_wechat_code_not_redeemed", code=exc.code)
        raise InternalFault from exc
    except CarrierRefused as exc:
        raise WechatCodeInvalid(field="wechatCode") from exc
    redis.client().set(place, b"", ex=_SPENT_SECONDS)
