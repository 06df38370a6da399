"""The client: every call of the native API, by what it is about."""

from sdk.access import AccessCalls
from sdk.appointments import AppointmentCalls
from sdk.batches import BatchCalls
from sdk.bills import BillCalls
from sdk.cards import CardCalls
from sdk.codes import CodeCalls
from sdk.confirmations import ConfirmationCalls
from sdk.kiosk import KioskCalls
from sdk.patients import PatientCalls
from sdk.queues import QueueCalls
from sdk.reports import ReportCalls
from sdk.scans import ScanCalls


class Client(
    CardCalls,
    PatientCalls,
    CodeCalls,
    ScanCalls,
    ConfirmationCalls,
    AccessCalls,
    AppointmentCalls,
    QueueCalls,
    ReportCalls,
    BatchCalls,
    KioskCalls,
    BillCalls,
):
    """Calls the platform in the name of an institution's client; ``Connection`` says how it is made."""
