"""Bills, their settlements and legs, attempts to pay them, refunds, balances, channels, and the ledger."""

from payments.models.attempt import PaymentAttempt, Refund
from payments.models.bill import Bill, BillItem
from payments.models.bulk import BulkRefund, BulkRefundRow, BulkState, RowState
from payments.models.channel import Channel, ChannelState
from payments.models.insurance import BillClaim, InsuranceOrder, InsurerSetup
from payments.models.invoice import Invoice, InvoiceDocument, InvoiceState
from payments.models.ledger import LedgerEntry
from payments.models.notice import ChannelNotice
from payments.models.pay_link import PayLink
from payments.models.posting import PostingRule, WriteBack, WriteBackState
from payments.models.prepaid import PrepaidAccount, PrepaidDeposit, PrepaidDraw
from payments.models.reconciliation import (
    DailyClosing,
    Difference,
    DifferenceStep,
    StatementFile,
    StatementLine,
)
from payments.models.redirect import RedirectState, RefundRedirect
from payments.models.settlement import Settlement, SettlementLeg
from payments.models.suspense import Suspense, SuspenseState

__all__ = [
    "Bill",
    "BillClaim",
    "BillItem",
    "BulkRefund",
    "BulkRefundRow",
    "BulkState",
    "Channel",
    "ChannelNotice",
    "ChannelState",
    "DailyClosing",
    "Difference",
    "DifferenceStep",
    "InsuranceOrder",
    "InsurerSetup",
    "Invoice",
    "InvoiceDocument",
    "InvoiceState",
    "LedgerEntry",
    "PayLink",
    "PaymentAttempt",
    "PostingRule",
    "PrepaidAccount",
    "PrepaidDeposit",
    "PrepaidDraw",
    "RedirectState",
    "Refund",
    "RefundRedirect",
    "RowState",
    "Settlement",
    "SettlementLeg",
    "StatementFile",
    "StatementLine",
    "Suspense",
    "SuspenseState",
    "WriteBack",
    "WriteBackState",
]
