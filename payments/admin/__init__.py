"""The money on both admin sites: bills, books, refunds one by one and together, channels, reconciliation."""

from payments.admin import books, bulk, channels, insurers, postings, reconciliation, refunds, statements

__all__ = ["books", "bulk", "channels", "insurers", "postings", "reconciliation", "refunds", "statements"]
