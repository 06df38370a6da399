"""Verifying codes (CC-01): one verification for every dialect, its sessions and its records."""

from cards.verification.claim import Details, caller_time_of
from cards.verification.foreign import ForeignVerified, is_foreign, verify_anywhere, verify_foreign
from cards.verification.report import Reported, report_by_card, report_by_code
from cards.verification.session import complete, reference
from cards.verification.verified import Verified, answer, person_of
from cards.verification.verify import verify
from cards.verification.visiting import verify_visitor

__all__ = [
    "Details",
    "ForeignVerified",
    "Reported",
    "Verified",
    "answer",
    "caller_time_of",
    "complete",
    "is_foreign",
    "person_of",
    "reference",
    "report_by_card",
    "report_by_code",
    "verify",
    "verify_anywhere",
    "verify_foreign",
    "verify_visitor",
]
