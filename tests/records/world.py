"""Reports and their readers, made by services."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from cards.services.binding import bind_card, link_patient
from foundation.core.actor import Actor
from foundation.gateway.caller import actor_of_caller
from identity import services as identity
from identity.rules import Evidence
from records.selectors import access
from records.selectors.access import Item
from records.services.encounters import record_encounter
from records.services.reports import publish_report
from records.types import EncounterDetails, Indicator, ReportDetails, ReportRef
from tests.accounts.people import last_code
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.world import Hospital

HOSPITAL = Actor.system("tests")
SIGNED = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
WHITE = Indicator("WBC", "白细胞计数", "12.5", "10^9/L", "3.5", "9.5", mark="H")
RED = Indicator("RBC", "红细胞计数", "4.6", "10^12/L", "4.3", "5.8")
_numbers = itertools.count(1)


def proved(phone: str = "13900001001", name: str = "测试甲") -> CardHolder:
    """A holder who was seen at a window."""
    who = card_holder(phone, name)
    identity.open_self_holding(
        account_pk=who.account.pk, person_pk=who.card.person_id, evidence=Evidence.WINDOW, actor=CENTRE
    )
    return who


def patient_of(where: Hospital, who: CardHolder, patient_id: str = "P001") -> None:
    """Let the hospital know the person by a number of its own."""
    actor = actor_of_caller(where.caller)
    bind_card(card_pk=who.card.pk, actor=actor)
    link_patient(card_pk=who.card.pk, patient_id=patient_id, actor=actor)


def details(**changes: Any) -> ReportDetails:
    base = ReportDetails(
        number=f"R{next(_numbers):06d}",
        kind="lab",
        title="血常规",
        reported_at=SIGNED,
        indicators=(WHITE, RED),
        department="检验科",
        doctor="示范医生甲",
        specimen="静脉血",
    )
    return replace(base, **changes)


def report(where: Hospital, who: CardHolder, **changes: Any) -> ReportRef:
    return publish_report(
        institution=where.public_id,
        person_pk=who.card.person_id,
        details=details(**changes),
        actor=HOSPITAL,
    )


def encounter(where: Hospital, who: CardHolder, **changes: Any) -> str:
    base = EncounterDetails(
        number=f"E{next(_numbers):06d}",
        kind="outpatient",
        started_at=SIGNED - timedelta(hours=2),
        department="呼吸内科",
        doctor="示范医生丙",
        complaint="咳嗽三天",
        diagnoses=("急性支气管炎",),
        advice="多饮水，三天后复诊",
        medicines=("氨溴索片 30mg 一日三次",),
    )
    return record_encounter(
        institution=where.public_id,
        person_pk=who.card.person_id,
        details=replace(base, **changes),
        actor=HOSPITAL,
    )


def open_contents(client: Client) -> None:
    """Give the second proof on the pages."""
    sent = client.post("/records/unlock/", {"next": "/records/"})
    assert sent.status_code == 302
    assert client.post(sent["Location"], {"code": last_code()}).status_code == 302


def records_of(who: CardHolder) -> list[Item]:
    return access.records_of(who.card.person_id)
