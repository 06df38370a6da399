"""Commands of the payments room: bills, attempts to pay them, refunds."""

from payments.services.attempts import (
    confirm_attempt,
    fail_attempt,
    pay_in_cash,
    record_till_payment,
)
from payments.services.bills import call_off_bills, cancel_bill, expire_bills, note_receipt, open_bill
from payments.services.bulk import retry_bulk_refund, start_bulk_refund
from payments.services.channels import Setup, add_channel, change_channel, switch_channel
from payments.services.insuring.beginning import begin_insured, confirm_split
from payments.services.insuring.setups import (
    InsurerDetails,
    add_insurer_setup,
    change_insurer_setup,
    switch_insurer_setup,
)
from payments.services.online import Start, begin_payment, give_up
from payments.services.prepaid import (
    balance_parts,
    close_accounts_of,
    freeze_account,
    open_account,
    open_top_up,
    pay_out,
)
from payments.services.redirecting import ask_redirect, decide_redirect, settle_by_hand
from payments.services.refunds import hand_out_refund, number_refund, refund_bill, withdraw_refund

__all__ = [
    "InsurerDetails",
    "Setup",
    "Start",
    "add_channel",
    "add_insurer_setup",
    "ask_redirect",
    "balance_parts",
    "begin_insured",
    "begin_payment",
    "call_off_bills",
    "cancel_bill",
    "change_channel",
    "change_insurer_setup",
    "close_accounts_of",
    "confirm_attempt",
    "confirm_split",
    "decide_redirect",
    "expire_bills",
    "fail_attempt",
    "freeze_account",
    "give_up",
    "hand_out_refund",
    "note_receipt",
    "number_refund",
    "open_account",
    "open_bill",
    "open_top_up",
    "pay_in_cash",
    "pay_out",
    "record_till_payment",
    "refund_bill",
    "retry_bulk_refund",
    "settle_by_hand",
    "start_bulk_refund",
    "switch_channel",
    "switch_insurer_setup",
    "withdraw_refund",
]
