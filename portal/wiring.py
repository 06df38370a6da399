"""Who hears what: the one list of reactions.

``SUBSCRIPTIONS`` maps a topic to the handlers that each get a delivery of their own; institutions are
told of those in ``OUTBOUND`` as well. ``INBOX`` maps an inbound topic to its handler, ``INBOUND`` those
that institutions send to their types; ``PULLS`` ask an institution for what is missing. ``DRAINS`` are
called by the relay in each round; ``RETENTION`` names the terms that the nightly job applies;
``COPIES`` what rooms above privacy add to a resident's copy.
"""

SUBSCRIPTIONS: dict[str, list[str]] = {
    "account.closed.v1": ["interop.oidc.handlers.on_account_closed"],
    "application.reviewed.v1": ["notifications.handlers.on_application_reviewed"],
    "bill.cancelled.v1": [
        "appointments.handlers.on_bill_over",
        "notifications.handlers.visits.on_bill",
        "payments.handlers.on_bill",
    ],
    "bill.expired.v1": [
        "appointments.handlers.on_bill_over",
        "notifications.handlers.visits.on_bill",
        "payments.handlers.on_bill",
    ],
    "bill.paid.v1": [
        "appointments.handlers.on_bill_paid",
        "interop.his.handlers.on_bill_paid",
        "notifications.handlers.visits.on_bill",
        "payments.handlers.on_bill",
    ],
    "card.issued.v1": ["notifications.handlers.on_card_issued", "cards.handlers.on_card_issued"],
    "card.state_changed.v1": [
        "notifications.handlers.on_card_state_changed",
        "cards.handlers.on_card_state_changed",
    ],
    "card.number_changed.v1": [
        "notifications.handlers.on_card_number_changed",
        "cards.handlers.on_card_number_changed",
    ],
    "holding.opened.v1": [
        "notifications.handlers.on_holding_opened",
        "notifications.handlers.holdings.on_holding_changed",
    ],
    "holding.ending.v1": ["notifications.handlers.on_holding_ending"],
    "holding.ended.v1": [
        "notifications.handlers.on_holding_ended",
        "notifications.handlers.holdings.on_holding_changed",
        "cards.handlers.on_holding_ended",
    ],
    "medicine.collected.v1": ["notifications.handlers.visits.on_medicine"],
    "medicine.ready.v1": ["notifications.handlers.visits.on_medicine"],
    "person.updated.v1": ["cards.handlers.on_person_updated", "cards.handlers.on_holder_updated"],
    "card.claimed.v1": ["notifications.handlers.on_card_claimed"],
    "record.noticed.v1": ["notifications.handlers.on_record_noticed"],
    "scan.answered.v1": ["interop.dialects.tencent.callbacks.on_scan_answered"],
    "certificate.linked.v1": ["notifications.handlers.on_certificate_decided"],
    "certificate.refused.v1": ["notifications.handlers.on_certificate_decided"],
    "confirmation.asked.v1": ["notifications.handlers.on_confirmation_asked"],
    "code.minted.v1": ["notifications.handlers.on_code_minted"],
    "appointment.booked.v1": ["notifications.handlers.visits.on_booked", "interop.his.handlers.on_booked"],
    "appointment.moved.v1": ["notifications.handlers.visits.on_moved"],
    "appointment.cancelled.v1": [
        "notifications.handlers.visits.on_ended",
        "appointments.handlers.on_appointment_cancelled",
    ],
    "appointment.expired.v1": ["notifications.handlers.visits.on_ended"],
    "appointment.missed.v1": ["notifications.handlers.visits.on_ended"],
    "appointment.arrived.v1": ["notifications.handlers.visits.on_arrived", "interop.his.handlers.on_arrived"],
    "appointment.stopped.v1": [
        "notifications.handlers.visits.on_stopped",
        "appointments.handlers.on_appointment_stopped",
    ],
    "exam.cancelled.v1": ["notifications.handlers.visits.on_exam"],
    "exam.due.v1": ["notifications.handlers.visits.on_exam"],
    "exam.fixed.v1": ["notifications.handlers.visits.on_exam"],
    "exam.ordered.v1": ["notifications.handlers.visits.on_exam"],
    "queue.near.v1": ["notifications.handlers.visits.on_queue_near"],
    "queue.called.v1": ["notifications.handlers.visits.on_queue_called"],
    "queue.passed.v1": ["notifications.handlers.visits.on_queue_passed"],
    "bill.insurance_returned.v1": [
        "notifications.handlers.visits.on_bill",
        "payments.handlers.on_bill",
    ],
    "bill.invoiced.v1": ["payments.handlers.on_bill", "interop.his.handlers.on_invoice"],
    "bill.invoice_reversed.v1": ["payments.handlers.on_bill"],
    "bill.opened.v1": ["notifications.handlers.visits.on_bill", "payments.handlers.on_bill"],
    "bill.refund_due.v1": ["notifications.handlers.visits.on_bill", "payments.handlers.on_bill"],
    "bill.refunded.v1": ["notifications.handlers.visits.on_bill", "payments.handlers.on_bill"],
    "access.asked.v1": ["notifications.handlers.records.on_access"],
    "access.granted.v1": ["notifications.handlers.records.on_access"],
    "access.revoked.v1": ["notifications.handlers.records.on_access"],
    "record.opened.v1": ["notifications.handlers.records.on_access"],
    "emergency.opened.v1": [
        "notifications.handlers.records.on_access",
        "notifications.handlers.records.on_emergency",
    ],
    "report.published.v1": ["notifications.handlers.records.on_report", "interop.his.handlers.on_report"],
    "report.amended.v1": ["notifications.handlers.records.on_report", "interop.his.handlers.on_report"],
    "report.withdrawn.v1": ["notifications.handlers.records.on_report"],
}

# What institutions are told of as well; interop/webhooks/messages.py says which ones, and how much.
OUTBOUND: list[str] = [
    "access.granted.v1",
    "access.revoked.v1",
    "appointment.arrived.v1",
    "appointment.booked.v1",
    "appointment.cancelled.v1",
    "appointment.missed.v1",
    "appointment.moved.v1",
    "appointment.stopped.v1",
    "bill.cancelled.v1",
    "bill.expired.v1",
    "bill.paid.v1",
    "bill.refund_due.v1",
    "bill.refund_failed.v1",
    "bill.refunded.v1",
    "bill.returned.v1",
    "bill.unconfirmed.v1",
    "emergency.opened.v1",
    "medicine.collected.v1",
    "medicine.ready.v1",
    "queue.called.v1",
    "queue.joined.v1",
    "queue.passed.v1",
    "queue.served.v1",
    "record.opened.v1",
    "schedule.stopped.v1",
]

for _topic in OUTBOUND:
    SUBSCRIPTIONS.setdefault(_topic, []).append("interop.webhooks.outgoing.on_event")

# Events that institutions send: the type by its name, in the room that hears it.
INBOUND: dict[str, str] = {
    "bill.charged": "payments.inbound.BILL_CHARGED",
    "bill.cancelled": "payments.inbound.BILL_CANCELLED",
    "bill.paid_confirmed": "payments.inbound.BILL_PAID_CONFIRMED",
    "bill.refunded": "payments.inbound.BILL_REFUNDED",
    "invoice.issued": "payments.inbound_invoices.INVOICE_ISSUED",
    "invoice.reversed": "payments.inbound_invoices.INVOICE_REVERSED",
    "prescription.payable": "payments.inbound.PRESCRIPTION_PAYABLE",
    "appointment.booked": "appointments.inbound_bookings.BOOKED",
    "appointment.rescheduled": "appointments.inbound_bookings.RESCHEDULED",
    "appointment.cancelled": "appointments.inbound_bookings.CANCELLED",
    "appointment.missed": "appointments.inbound_bookings.MISSED",
    "exam.ordered": "appointments.exam_inbound.EXAM_ORDERED",
    "exam.booked": "appointments.exam_inbound.EXAM_BOOKED",
    "exam.cancelled": "appointments.exam_inbound.EXAM_CANCELLED",
    "exam.reminder": "appointments.exam_inbound.EXAM_REMINDER",
    "deposit.low": "notifications.inbound.DEPOSIT_LOW",
    "education.push": "notifications.inbound.EDUCATION_PUSH",
    "followup.due": "notifications.inbound.FOLLOWUP_DUE",
    "inpatient.daily_list": "notifications.inbound.DAILY_LIST",
    "survey.invite": "notifications.inbound.SURVEY_INVITE",
    "connection.test": "interop.webhooks.types.CONNECTION_TEST",
    "report.published": "records.inbound.REPORT_PUBLISHED",
    "report.amended": "records.inbound.REPORT_AMENDED",
    "report.revoked": "records.inbound.REPORT_REVOKED",
    "encounter.recorded": "records.inbound.ENCOUNTER_RECORDED",
    "inpatient.admitted": "records.inbound.INPATIENT_ADMITTED",
    "inpatient.transferred": "records.inbound.INPATIENT_TRANSFERRED",
    "inpatient.discharged": "records.inbound.INPATIENT_DISCHARGED",
    "medicine.ready": "appointments.inbound_visits.MEDICINE_READY",
    "medicine.collected": "appointments.inbound_visits.MEDICINE_COLLECTED",
    "queue.updated": "appointments.inbound_visits.QUEUE_UPDATED",
    "queue.called": "appointments.inbound_visits.QUEUE_CALLED",
    "visit.checked_in": "appointments.inbound_visits.VISIT_CHECKED_IN",
    "schedule.changed": "appointments.inbound.SCHEDULE_CHANGED",
    "schedule.stopped": "appointments.inbound.SCHEDULE_STOPPED",
}

# Asked, each with source, aggregate and number, for what an institution told after it.
PULLS: list[str] = ["interop.his.pulling.ask_for_missing"]

INBOX: dict[str, str] = {
    **dict.fromkeys(INBOUND, "interop.webhooks.applying.on_event"),
    "payment.insurance_notice.v1": "payments.handlers.on_insurance_notice",
    "payment.notice.v1": "payments.handlers.on_notice",
    "sms.receipt.v1": "notifications.handlers.receipts.on_sms_receipt",
    "weixin.push.v1": "notifications.handlers.receipts.on_weixin_push",
}

DRAINS: list[str] = ["cards.drain.drain_usage", "foundation.audit.sealer.seal"]

# What each room keeps no longer than its terms, in this order in the nightly job.
RETENTION: list[str] = [
    "appointments.retention.TERMS",
    "records.retention.TERMS",
    "cards.retention.TERMS",
    "identity.retention.TERMS",
    "onboarding.retention.TERMS",
    "institutions.retention.TERMS",
    "notifications.retention.TERMS",
    "interop.retention.TERMS",
    "interop.oidc.retention.TERMS",
    "interop.his.retention.TERMS",
    "foundation.accounts.retention.TERMS",
]

# Under which name, and which function tells it of an account.
COPIES: dict[str, str] = {
    "sign_ins_elsewhere": "interop.oidc.selectors.logins_for_copy",
}
