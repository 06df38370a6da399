"""Rows of accounts: what they were told, where they signed in."""

import secrets
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from oauth2_provider.models import get_application_model

from foundation.accounts.models import KnownDevice
from foundation.core import clock
from foundation.core.ids import new_public_id
from interop.his.models import PatientRecord, RecordState
from interop.models import Callback, CallbackState, DeliveryState, WebhookDelivery, WebhookEndpoint
from interop.oidc import models as oidc
from notifications.models import Message, PushCount, Reminder
from notifications.models.reminder import ReminderState
from tests.privacy.kept.basics import ID, account, holder, institution


def message() -> Message:
    return Message.objects.create(
        account=account(), kind="card_issued", dedupe_key=secrets.token_hex(8), created_at=clock.now()
    )


def reminder(state: str = ReminderState.TOLD) -> Reminder:
    return Reminder.objects.create(
        booking=new_public_id(),
        kind="reminder.day",
        person=holder().card.person,
        institution=ID,
        starts_at=clock.now(),
        due_at=clock.now(),
        state=state,
        ended_at=None if state == ReminderState.WAITING else clock.now(),
    )


def push_count() -> PushCount:
    return PushCount.objects.create(
        account=account(), day=clock.beijing(clock.now()).date(), planned=1, counted_at=clock.now()
    )


def callback() -> Callback:
    return Callback.objects.create(
        event=new_public_id(),
        subject=ID,
        client=ID,
        state=CallbackState.DONE,
        next_attempt_at=clock.now(),
        created_at=clock.now(),
    )


def webhook_delivery() -> WebhookDelivery:
    endpoint = WebhookEndpoint.objects.create(
        institution=ID, client=ID, url=f"https://his.example.org/{new_public_id()}", types=[]
    )
    return WebhookDelivery.objects.create(
        endpoint=endpoint,
        message=new_public_id(),
        type="appointment.booked",
        data={},
        state=DeliveryState.DONE,
        occurred_at=clock.now(),
        next_attempt_at=clock.now(),
        created_at=clock.now(),
    )


def patient_record(state: str = RecordState.DONE, **changes: Any) -> PatientRecord:
    moment = clock.now()
    return PatientRecord.objects.create(
        institution=institution(),
        person=holder().card.person,
        **{
            "state": state,
            "cause": "scan",
            "next_attempt_at": moment,
            "created_at": moment,
            "done_at": moment,
            **changes,
        },
    )


def login_consent() -> oidc.LoginConsent:
    party = get_application_model().objects.create(
        institution=institution(),
        allowed_scopes=["openid"],
        client_type="confidential",
        authorization_grant_type="authorization-code",
    )
    return oidc.LoginConsent.objects.create(
        account=account(), party=party, scopes=["openid"], given_at=clock.now(), used_at=clock.now()
    )


def signing_key(*, is_active: bool = False) -> oidc.SigningKey:
    return oidc.SigningKey.objects.create(pem="x", is_active=is_active, created_at=clock.now())


def device() -> KnownDevice:
    return KnownDevice.objects.create(
        account=account(), digest=secrets.token_hex(32), first_seen_at=clock.now(), last_seen_at=clock.now()
    )


def session() -> Session:
    return Session.objects.create(session_key=secrets.token_hex(16), session_data="", expire_date=clock.now())


def session_entry(session_key: str = "") -> UserSession:
    return UserSession.objects.create(
        user=account(),
        ip="192.0.2.1",
        user_agent="",
        session_key=session_key or secrets.token_hex(16),
        data={},
    )
