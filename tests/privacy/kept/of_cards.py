"""Rows of cards, from their application to the report upward."""

import secrets
from datetime import timedelta
from typing import Any

from cards import models as cards
from cards.batch.states import BatchState, RowState
from cards.models.confirmation import ConfirmationState
from cards.models.crossing import Crossing
from cards.models.handover import OneTimeKind
from cards.models.preauth import PreAuthState
from cards.models.upward import ReportKind, ReportState
from cards.states import (
    ActivationState,
    ApplicationState,
    CardState,
    CertificateState,
    Channel,
    KioskState,
    PhysicalState,
    ReviewOutcome,
)
from foundation.core import clock
from foundation.core.ids import new_public_id
from gmcrypto.index import blind_index
from tests.privacy.kept.basics import ID, account, card, digest, phone, soon


def application(state: str = ApplicationState.REFUSED, **more: Any) -> cards.CardApplication:
    return cards.CardApplication.objects.create(
        account=account(), channel=Channel.H5, state=state, name="测试甲", **more
    )


def old_application(**more: Any) -> cards.CardApplication:
    row = application(shredded_at=clock.now(), **more)
    cards.ReviewResult.objects.create(
        application=row, automatic=True, outcome=ReviewOutcome.REFUSED, reviewer="rules", at=clock.now()
    )
    return row


def pre_registration(**more: Any) -> cards.PreRegistration:
    values = {
        "institution": ID,
        "client": ID,
        "success_url": "https://hospital.example/",
        "account": ID,
        "state": PreAuthState.DONE,
        "created_at": clock.now(),
        "expires_at": soon(),
    }
    return cards.PreRegistration.objects.create(**{**values, **more})


def certificate(state: str = CertificateState.UNLINKED) -> cards.LinkedCertificate:
    who = card()
    return cards.LinkedCertificate.objects.create(
        person=who.person,
        subject=who.subject,
        kind="birth_certificate",
        number="X1",
        number_index=blind_index("test", secrets.token_hex(8)),
        issuer="测试医院",
        state=state,
    )


def confirmation() -> cards.Confirmation:
    who = card()
    return cards.Confirmation.objects.create(
        card=who,
        subject=who.subject,
        institution=ID,
        client=ID,
        title="标题",
        text="内容",
        state=ConfirmationState.WAITING,
        created_at=clock.now(),
        expires_at=soon(),
    )


def physical(state: str = PhysicalState.BLOCKED) -> cards.PhysicalCard:
    return cards.PhysicalCard.objects.create(
        number="P1",
        number_index=blind_index("test", secrets.token_hex(8)),
        name="测试甲",
        id_type="01",
        id_number="X",
        phone=phone(),
        state=state,
        load_id=ID,
    )


def activation(state: str = ActivationState.OVER) -> cards.PhysicalActivation:
    return cards.PhysicalActivation.objects.create(account=account(), state=state, expires_at=soon())


def kiosk(state: str = KioskState.OVER) -> cards.KioskSession:
    return cards.KioskSession.objects.create(
        institution=ID, client=ID, terminal_id="T1", state=state, expires_at=soon()
    )


def batch(
    state: str = BatchState.DONE, lines: tuple[str, ...] = (), *, shredded: bool = False
) -> cards.Batch:
    row = cards.Batch.objects.create(
        kind="patients",
        digest=digest(),
        state=state,
        total=len(lines),
        handed_in_kind="system",
        handed_in_by="tests",
    )
    key = new_public_id()
    for number, line_state in enumerate(lines, 1):
        cards.BatchRow.objects.create(
            batch=row,
            subject=key,
            line=number,
            content=None if shredded else {"name": "测试甲"},
            local_index=None if shredded else blind_index("test", secrets.token_hex(8)),
            state=line_state,
        )
    return row


def line(state: str = BatchState.DONE, *, shredded: bool = True) -> cards.BatchRow:
    return batch(state, (RowState.REFUSED,), shredded=shredded).rows.get()


def code_print() -> cards.CodePrint:
    who = card()
    return cards.CodePrint.objects.create(
        card=who,
        number=who.numbers.get(),
        institution=ID,
        channel=Channel.WINDOW,
        request_id=secrets.token_hex(8),
        printed_by="tests",
        at=clock.now(),
    )


def code_mint() -> cards.CodeMint:
    return cards.CodeMint.objects.create(
        card=card(), institution=ID, client=ID, code_kind="dynamic", code_digest=digest(), at=clock.now()
    )


def one_time_code() -> cards.OneTimeCode:
    return cards.OneTimeCode.objects.create(
        kind=OneTimeKind.CLAIM,
        digest=digest(),
        card=card(),
        institution=ID,
        client=ID,
        created_at=clock.now(),
        expires_at=soon(),
    )


def scan_request() -> cards.ScanRequest:
    return cards.ScanRequest.objects.create(
        token_digest=digest(),
        institution=ID,
        client=ID,
        scene="010101",
        created_at=clock.now(),
        expires_at=soon(),
    )


def slip() -> cards.VisitSlip:
    return cards.VisitSlip.objects.create(
        digest=digest(), institution=ID, fields={"visit": "1"}, created_at=clock.now(), expires_at=soon()
    )


def packed() -> cards.PackedCard:
    return cards.PackedCard.objects.create(account=account(), card=card(), institution=ID, at=clock.now())


def binding(state: str = CardState.CANCELLED) -> cards.CardBinding:
    return cards.CardBinding.objects.create(card=card(state), institution=ID, bound_by="t", at=clock.now())


def cross_use() -> cards.CrossUse:
    return cards.CrossUse.objects.create(
        crossing=Crossing.FOREIGN_HERE,
        request_id=secrets.token_hex(8),
        body_digest=digest(),
        using_centre="A",
        issuing_centre="B",
        asked_by=ID,
        institution="1",
        scene="010101",
        asked_at=clock.now(),
    )


def upward(state: str = ReportState.ACCEPTED) -> cards.UpwardRecord:
    moment = clock.now()
    return cards.UpwardRecord.objects.create(
        kind=ReportKind.USE,
        record_id=new_public_id(),
        at=moment,
        day=moment.date(),
        state=state,
        next_at=moment,
    )


def upward_day() -> cards.UpwardDay:
    return cards.UpwardDay.objects.create(
        day=clock.now().date() + timedelta(days=secrets.randbelow(9_000)),
        kind=ReportKind.USE,
        ours=0,
        theirs=0,
        checked_at=clock.now(),
    )


# Identity
