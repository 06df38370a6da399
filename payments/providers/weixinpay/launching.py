"""What the payer's WeChat is called with, signed by the merchant."""

import secrets

from foundation.core import clock
from payments.providers.weixinpay.client import Client
from payments.providers.weixinpay.signing import launch_text


def launch_fields(client: Client, appid: str, prepay_id: str) -> dict[str, str]:
    """What the payer's WeChat is called with."""
    timestamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
    package = f"prepay_id={prepay_id}"
    return {
        "appId": appid,
        "timeStamp": timestamp,
        "nonceStr": nonce,
        "package": package,
        "signType": client.suite.sign_type,
        "paySign": client.sign(launch_text(appid, timestamp, nonce, package)),
    }
