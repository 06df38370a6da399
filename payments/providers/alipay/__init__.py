"""Alipay (支付宝): payments through its open platform's gateway."""

from payments.providers.alipay.provider import Alipay

__all__ = ["Alipay"]
