"""The parts of the WeChat client that call nobody."""

from pytest_django import Settings

from foundation.carriers import weixin


def test_the_sign_in_address_has_its_parameters_in_wechats_order(settings: Settings) -> None:
    settings.WEIXIN_OPEN_BASE = "https://open.weixin.qq.com"
    settings.WEIXIN_OFFICIAL_APPID = "wx-official"
    address = weixin.authorize_url(
        redirect_uri="https://card.example/back/?next=/卡", state="s-1", scope="snsapi_userinfo"
    )
    assert address == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx-official"
        "&redirect_uri=https%3A%2F%2Fcard.example%2Fback%2F%3Fnext%3D%2F%E5%8D%A1"
        "&response_type=code&scope=snsapi_userinfo&state=s-1#wechat_redirect"
    )
