"""The mobile-payment centre of the public medical insurance (医保移动支付中心)."""

from payments.insurance.mobile.client import MobileCentre

__all__ = ["MobileCentre"]
