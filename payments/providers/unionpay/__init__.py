"""UnionPay (中国银联): payments by its QR codes (云闪付)."""

from payments.providers.unionpay.provider import UnionPay

__all__ = ["UnionPay"]
