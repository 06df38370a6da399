"""WeChat Pay, version 3 of its interface."""

from payments.providers.weixinpay.provider import WeixinPay

__all__ = ["WeixinPay"]
