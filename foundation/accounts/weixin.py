"""Sign-in by WeChat: what its servers say, in our own words."""

import hmac
import secrets

from django.http import HttpRequest

from foundation.accounts import services
from foundation.accounts.errors import WeixinRefused, WeixinSnapshot, WeixinUnavailable
from foundation.accounts.models import MethodKind
from foundation.carriers import weixin
from foundation.carriers.errors import CarrierError, CarrierTemporary, WeixinSnapshotUser
from foundation.core import http, ratelimit

MAINLAND = "86"
# The silent scope gives no unionid, and without it the same person gets one account in the
# official account and another in the mini-program. Name and picture are not asked for.
SCOPE = "snsapi_userinfo"
_STATE = "weixin_state"
_NEXT = "weixin_next"


def authorize_url(request: HttpRequest, *, redirect_uri: str, next_url: str) -> str:
    """Where to send the browser; what it must bring back is kept in its session."""
    state = secrets.token_urlsafe(24)
    request.session[_STATE] = state
    request.session[_NEXT] = next_url
    return weixin.authorize_url(redirect_uri=redirect_uri, state=state, scope=SCOPE)


def finish_authorization(
    request: HttpRequest, *, code: str, state: str, device: str
) -> tuple[services.SignIn, str]:
    """Sign in whom the browser brought back; also where to go on.

    Raises:
        WeixinRefused: If the state is not the one of this session, or WeChat refuses the code.
        WeixinSnapshot: If the page runs in snapshot mode, where the user is a virtual one.
        WeixinUnavailable: If WeChat does not answer.
    """
    expected = request.session.pop(_STATE, "")
    next_url = request.session.pop(_NEXT, "/")
    if not code or not expected or not hmac.compare_digest(expected.encode(), state.encode()):
        raise WeixinRefused
    try:
        with http.within(weixin.SIGN_IN_SECONDS):
            identity = weixin.oauth_exchange(code)
    except CarrierError as exc:
        raise _in_our_words(exc) from exc
    signed_in = services.sign_in_with_weixin(
        request,
        kind=MethodKind.WEIXIN_OFFICIAL,
        openid=identity.openid,
        unionid=identity.unionid,
        device=device,
    )
    return signed_in, next_url


def sign_in_mini_program(
    request: HttpRequest, *, code: str, phone_code: str, ip: str, device: str
) -> services.SignIn:
    """Sign in the user of the mini-program by its login code and, if given, its phone code.

    Raises:
        WeixinRefused, WeixinUnavailable: As WeChat answers.
    """
    ratelimit.hit(f"weixin-ip:{ip}", limit=600, per_seconds=3600)
    try:
        with http.within(weixin.SIGN_IN_SECONDS):
            identity = weixin.code_to_session(code)
            vouched = weixin.phone_number(phone_code) if phone_code else None
    except CarrierError as exc:
        raise _in_our_words(exc) from exc
    # A foreign number cannot be reached by our gateway; the account goes without one.
    phone = vouched.number if vouched is not None and vouched.country_code == MAINLAND else ""
    return services.sign_in_with_weixin(
        request,
        kind=MethodKind.WEIXIN_MINI,
        openid=identity.openid,
        unionid=identity.unionid,
        phone=phone,
        device=device,
    )


def _in_our_words(error: CarrierError) -> Exception:
    if isinstance(error, WeixinSnapshotUser):
        return WeixinSnapshot()
    if isinstance(error, CarrierTemporary):
        return WeixinUnavailable()
    return WeixinRefused()
