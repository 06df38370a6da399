"""Cards, their applications, the centre's rules, and the record of use."""

from cards.models.application import CardApplication, ReviewResult
from cards.models.batch import Batch, BatchRow
from cards.models.binding import CardBinding
from cards.models.card import Card, CardNumber
from cards.models.centre import CentreRules
from cards.models.certificate import LinkedCertificate
from cards.models.channel import IssuingChannel
from cards.models.confirmation import Confirmation
from cards.models.crossing import CrossUse
from cards.models.handover import OneTimeCode, PackedCard, ScanRequest
from cards.models.kiosk import KioskSession
from cards.models.physical import PhysicalActivation, PhysicalCard
from cards.models.preauth import PreRegistration
from cards.models.printing import CodePrint
from cards.models.resident_app import ResidentApp
from cards.models.slip import VisitSlip
from cards.models.upward import UpwardDay, UpwardRecord
from cards.models.usage import CodeMint, UsageRecord

__all__ = [
    "Batch",
    "BatchRow",
    "Card",
    "CardApplication",
    "CardBinding",
    "CardNumber",
    "CentreRules",
    "CodeMint",
    "CodePrint",
    "Confirmation",
    "CrossUse",
    "IssuingChannel",
    "KioskSession",
    "LinkedCertificate",
    "OneTimeCode",
    "PackedCard",
    "PhysicalActivation",
    "PhysicalCard",
    "PreRegistration",
    "ResidentApp",
    "ReviewResult",
    "ScanRequest",
    "UpwardDay",
    "UpwardRecord",
    "UsageRecord",
    "VisitSlip",
]
