"""WeChat's messages to its users: of the mini-program by subscription, of the official account by template.

What the codes mean for us, beside those of ``weixin``:

    40003                 no such user of this application              RecipientRejected
    43004                 does not follow the official account          RecipientRejected
    43101                 wants none, or no grant is left               WeixinNotSubscribed
    40037, 41030          our template or page                          CarrierMisconfigured
    47003                 a field's value                               CarrierRefused
"""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from foundation.carriers import weixin
from foundation.carriers.errors import (
    CarrierError,
    CarrierMisconfigured,
    CarrierRefused,
    RecipientRejected,
    WeixinNotSubscribed,
)

_ERRORS: Mapping[str, type[CarrierError]] = {
    "40003": RecipientRejected,
    "43004": RecipientRejected,
    "43101": WeixinNotSubscribed,
    "40037": CarrierMisconfigured,
    "41030": CarrierMisconfigured,
}


def send_subscribe(*, openid: str, template: str, values: Mapping[str, str], page: str) -> str:
    """Send one subscription message.

    WeChat knows no number of ours: after a `CarrierTimeout` the same call may send it again.

    Returns:
        WeChat's number of it, under which its receipt comes; empty if it gave none.

    Raises:
        CarrierTemporary, CarrierRefused: As in the table above.
    """
    body = {
        "touser": openid,
        "template_id": template,
        "page": page,
        "data": _data(values),
        "miniprogram_state": "formal",
        "lang": "zh_CN",
    }
    application = weixin.Application(settings.WEIXIN_MINI_APPID, settings.WEIXIN_MINI_SECRET)
    return _sent("/cgi-bin/message/subscribe/send", application, body)


def send_template(*, openid: str, template: str, values: Mapping[str, str], url: str, client_id: str) -> str:
    """Send one template message of the official account.

    Args:
        client_id: Ours, one for each message: WeChat sends it once.

    Returns:
        WeChat's number of it, under which its receipt comes.

    Raises:
        CarrierTemporary, CarrierRefused: As in the table above.
    """
    body = {
        "touser": openid,
        "template_id": template,
        "url": url,
        "client_msg_id": client_id,
        "data": _data(values),
    }
    application = weixin.Application(settings.WEIXIN_OFFICIAL_APPID, settings.WEIXIN_OFFICIAL_SECRET)
    return _sent("/cgi-bin/message/template/send", application, body)


def _data(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in values.items()}


def _sent(path: str, application: weixin.Application, body: Mapping[str, Any]) -> str:
    content = json.dumps(body, ensure_ascii=False).encode()
    try:
        answer = weixin.post_with_token(path, application, content)
    except CarrierRefused as exc:
        raise _ERRORS.get(exc.code, type(exc))(exc.system, exc.code) from exc
    number = answer.get("msgid", "")
    return str(number) if isinstance(number, int | str) else ""
