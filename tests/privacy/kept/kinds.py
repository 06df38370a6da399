"""One row of each kind that the nightly job ends, and rows that it must leave."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from appointments.rules import BookingState
from appointments.rules.queueing import MedicineState, TicketState
from cards import models as cards
from cards.batch.states import BatchState, RowState
from cards.models.upward import ReportState
from cards.services.issue import issue_card
from cards.states import (
    ActivationState,
    ApplicationState,
    CardState,
    CertificateState,
    Channel,
    KioskState,
    PhysicalState,
)
from foundation.audit.retention import Term
from identity import models as identity
from identity.types import InvitationState
from interop.his.models import RecordState
from notifications.models.reminder import ReminderState
from onboarding.rules import JoiningState, MerchantState, RequestState
from records.rules import ReviewState
from tests.cards.holding import CENTRE
from tests.privacy.kept.basics import ID, institution, soon
from tests.privacy.kept.of_accounts import (
    callback,
    device,
    login_consent,
    message,
    patient_record,
    push_count,
    reminder,
    session,
    session_entry,
    signing_key,
    webhook_delivery,
)
from tests.privacy.kept.of_appointments import booking, exam_order, medicine, sample, ticket
from tests.privacy.kept.of_cards import (
    activation,
    application,
    batch,
    binding,
    certificate,
    code_mint,
    code_print,
    confirmation,
    cross_use,
    kiosk,
    line,
    old_application,
    one_time_code,
    packed,
    physical,
    pre_registration,
    scan_request,
    slip,
    upward,
    upward_day,
)
from tests.privacy.kept.of_identity import check, consent, holding, invitation, order, take_over
from tests.privacy.kept.of_institutions import client_request, joining, membership, merchant, staff_invitation
from tests.privacy.kept.of_records import (
    access_grant,
    access_request,
    arrived_document,
    emergency,
    encounter,
    report,
)

# By kind: a row that ends once its period is over.
DUE: dict[str, Callable[[], Any]] = {
    "bookings": booking,
    "exam_orders": exam_order,
    "tickets": ticket,
    "medicines": medicine,
    "medicines_left": lambda: medicine(MedicineState.READY),
    "service_samples": sample,
    "reports": report,
    "arrived_documents": arrived_document,
    "encounters": encounter,
    "access_requests": access_request,
    "access_grants": access_grant,
    "emergency_openings": emergency,
    "drafts": lambda: application(ApplicationState.DRAFT),
    "answers": application,
    "pre_registration_particulars": lambda: pre_registration(particulars={"name": "测试甲"}),
    "pre_registrations": pre_registration,
    "applications": old_application,
    "certificates": certificate,
    "confirmations": confirmation,
    "physical_cards": physical,
    "activations": activation,
    "kiosk_sessions": kiosk,
    "list_particulars": lambda: batch(lines=(RowState.REFUSED, RowState.CANCELLED)),
    "list_particulars_left": lambda: batch(lines=(RowState.REFUSED, RowState.UNNAMED)),
    "list_lines": line,
    "lists": batch,
    "code_prints": code_print,
    "code_mints": code_mint,
    "one_time_codes": one_time_code,
    "scan_requests": scan_request,
    "visit_slips": slip,
    "packed_cards": packed,
    "bindings": binding,
    "cross_uses": cross_use,
    "upward_records": upward,
    "upward_days": upward_day,
    "order_particulars": order,
    "orders": lambda: order(who=None),
    "checks": check,
    "consents": consent,
    "holdings": holding,
    "family_invitations": invitation,
    "take_overs": take_over,
    "joining_drafts": lambda: joining(JoiningState.DRAFT),
    "joinings_left": lambda: joining(JoiningState.CORRECTION),
    "joinings_refused": lambda: joining(JoiningState.REFUSED),
    "merchants_refused": lambda: merchant(MerchantState.REFUSED),
    "merchants_suspended": lambda: merchant(MerchantState.SUSPENDED),
    "staff_invitations_used": staff_invitation,
    "staff_invitations_withdrawn": staff_invitation,
    "staff_invitations_run_out": staff_invitation,
    "client_requests": client_request,
    "memberships": membership,
    "messages": message,
    "push_counts": push_count,
    "reminders": reminder,
    "callbacks": callback,
    "webhook_deliveries": webhook_delivery,
    "patient_records": patient_record,
    "login_consents": login_consent,
    "signing_keys": signing_key,
    "known_devices": device,
    "sessions": session,
    "session_entries": session_entry,
}


def _check_of_order() -> identity.IdentityCheck:
    row = check()
    order(evidence=row)
    return row


def _check_of_live_holding() -> identity.IdentityCheck:
    row = check()
    holding(live=True, evidence_id=row.public_id)
    return row


def _application_of_live_holding() -> cards.CardApplication:
    row = old_application()
    holding(live=True, evidence_id=row.public_id)
    return row


def _application_of_pre_registration() -> cards.CardApplication:
    row = old_application()
    pre_registration(application=row)
    return row


# By kind: rows that stay however old they are, because they live or something that lives needs them.
NEEDED: dict[str, list[Callable[[], Any]]] = {
    "emergency_openings": [lambda: emergency(ReviewState.WAITING)],
    "bookings": [lambda: booking(BookingState.BOOKED)],
    "exam_orders": [lambda: exam_order(BookingState.BOOKED)],
    "tickets": [lambda: ticket(TicketState.WAITING)],
    "drafts": [lambda: application(ApplicationState.SUBMITTED)],
    "applications": [application, _application_of_live_holding, _application_of_pre_registration],
    "certificates": [
        lambda: certificate(CertificateState.LINKED),
        lambda: certificate(CertificateState.CLAIMED),
    ],
    "physical_cards": [lambda: physical(PhysicalState.REGISTERED)],
    "activations": [lambda: activation(ActivationState.SENT)],
    "kiosk_sessions": [lambda: kiosk(KioskState.READ)],
    "list_particulars": [
        lambda: batch(lines=(RowState.REFUSED, RowState.UNNAMED)),
        lambda: batch(BatchState.PAUSED, (RowState.REFUSED,)),
    ],
    "list_particulars_left": [lambda: batch(BatchState.WORKING, (RowState.UNNAMED,))],
    "list_lines": [lambda: line(BatchState.WORKING), lambda: line(shredded=False)],
    "lists": [lambda: batch(lines=(RowState.REFUSED,)), lambda: batch(BatchState.QUEUED)],
    "bindings": [lambda: binding(CardState.LOST)],
    "upward_records": [lambda: upward(ReportState.WAITING), lambda: upward(ReportState.SENDING)],
    "checks": [_check_of_order, _check_of_live_holding],
    "orders": [order],
    "family_invitations": [lambda: invitation(InvitationState.OPEN)],
    "joining_drafts": [lambda: joining(JoiningState.SUBMITTED)],
    "joinings_left": [lambda: joining(JoiningState.SUBMITTED)],
    "joinings_refused": [
        lambda: joining(JoiningState.APPROVED, institution=institution(), account_until=soon())
    ],
    "merchants_refused": [lambda: merchant(MerchantState.APPLIED)],
    "merchants_suspended": [lambda: merchant(MerchantState.OPENED)],
    "client_requests": [
        lambda: client_request(RequestState.REQUESTED),
        lambda: client_request(RequestState.RELEASED, client=ID),
    ],
    "reminders": [lambda: reminder(ReminderState.WAITING)],
    "patient_records": [lambda: patient_record(RecordState.AMBIGUOUS, done_at=None)],
    "signing_keys": [lambda: signing_key(is_active=True)],
    "session_entries": [lambda: session_entry(session().session_key)],
}


def since(term: Term, row: Model, moment: datetime) -> None:
    """Let the row's period begin at this moment."""
    *path, column = term.since.split("__")
    thing = row
    for name in path:
        thing = getattr(thing, name)
    type(thing)._base_manager.filter(pk=thing.pk).update(**{column: moment})


def poison(term: Term, row: Any) -> None:
    """Let the database refuse every change of the row, as a foreign key would that nobody thought of."""
    table, column = row._meta.db_table, row._meta.pk.column
    if term.kind.startswith("list_particulars"):
        table, column = "cards_batch_row", "batch_id"
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'needed elsewhere' USING ERRCODE = 'foreign_key_violation'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER refuse BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
            f" WHEN (OLD.{column}::text = '{row.pk}') EXECUTE FUNCTION pg_temp.refuse()"
        )


def issue_again(person_pk: int) -> cards.Card:
    return issue_card(person_pk=person_pk, channel=Channel.WINDOW, actor=CENTRE).card
