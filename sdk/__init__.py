"""Client of the electronic health card platform's native API, for institutions' systems.

Needs Python 3.11 and httpx, and nothing else of this repository: the folder may be copied.
"""

from sdk.batches import BatchPerson, BatchProgress, BatchResult, BatchResults
from sdk.bills import (
    Bill,
    BillItem,
    BillPart,
    BillRefund,
    BillRefunds,
    Bills,
    CounterPayment,
    StatementFile,
    StatementTaken,
)
from sdk.client import Client
from sdk.codes import Use
from sdk.confirmations import Confirmation, Receipt
from sdk.errors import (
    CardNotInUse,
    ClientRefused,
    CodeExpired,
    CodeNotAccepted,
    CodeUsed,
    Conflict,
    EhcError,
    InvalidRequest,
    NotFound,
    RateLimited,
    SignatureRefused,
    Unavailable,
    Unreachable,
)
from sdk.kiosk import KioskCard, KioskPrint, KioskSession
from sdk.patients import Mother
from sdk.reports import KeptReport, ReportResult
from sdk.results import (
    Card,
    Certificate,
    ClaimedCard,
    MintedCode,
    NewbornCard,
    PatientRecord,
    Person,
    RecordedUse,
    RegisteredCard,
    ServerTime,
    TerminalSession,
    UploadedUse,
    UsageUpload,
    Verification,
)
from sdk.scans import Scan, StartedScan
from sdk.signing import HmacSigner, Signer
from sdk.sm2 import Sm2Signer, Sm2Verifier
from sdk.webhooks import EventSender, Message, Patient, Receiver, SharedKey, Sm2Key, Sm2PublicKey

__all__ = [
    "BatchPerson",
    "BatchProgress",
    "BatchResult",
    "BatchResults",
    "Bill",
    "BillItem",
    "BillPart",
    "BillRefund",
    "BillRefunds",
    "Bills",
    "Card",
    "CardNotInUse",
    "Certificate",
    "ClaimedCard",
    "Client",
    "ClientRefused",
    "CodeExpired",
    "CodeNotAccepted",
    "CodeUsed",
    "Confirmation",
    "Conflict",
    "CounterPayment",
    "EhcError",
    "EventSender",
    "HmacSigner",
    "InvalidRequest",
    "KeptReport",
    "KioskCard",
    "KioskPrint",
    "KioskSession",
    "Message",
    "MintedCode",
    "Mother",
    "NewbornCard",
    "NotFound",
    "Patient",
    "PatientRecord",
    "Person",
    "RateLimited",
    "Receipt",
    "Receiver",
    "RecordedUse",
    "RegisteredCard",
    "ReportResult",
    "Scan",
    "ServerTime",
    "SharedKey",
    "SignatureRefused",
    "Signer",
    "Sm2Key",
    "Sm2PublicKey",
    "Sm2Signer",
    "Sm2Verifier",
    "StartedScan",
    "StatementFile",
    "StatementTaken",
    "TerminalSession",
    "Unavailable",
    "Unreachable",
    "UploadedUse",
    "UsageUpload",
    "Use",
    "Verification",
]
