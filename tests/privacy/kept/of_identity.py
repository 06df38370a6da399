"""Rows about who holds whom, and how that was proved."""

import secrets
from typing import Any

from cards.states import (
    Channel,
)
from foundation.core import clock
from identity import models as identity
from identity.types import CheckOutcome, ConsentKind, InvitationState, Relation
from tests.cards.applying import NOTICE, publish_notice
from tests.privacy.kept.basics import ID, account, digest, holder, soon


def check() -> identity.IdentityCheck:
    return identity.IdentityCheck.objects.create(
        request_id=secrets.token_hex(8),
        subject_type="tests",
        subject_id=ID,
        provider="tests",
        digest=digest(),
        outcome=CheckOutcome.MATCH.value,
        asked_at=clock.now(),
    )


def order(**more: Any) -> identity.VerifyOrder:
    values = {
        "kind": "face",
        "institution": ID,
        "client": ID,
        "who": {"name": "测试甲"},
        "created_at": clock.now(),
        "expires_at": soon(),
    }
    return identity.VerifyOrder.objects.create(**{**values, **more})


def consent() -> identity.ConsentRecord:
    publish_notice()
    return identity.ConsentRecord.objects.create(
        account=account(),
        kind=ConsentKind.PRIVACY_NOTICE.value,
        notice=identity.PrivacyNotice.objects.get(version=NOTICE),
        channel=Channel.H5,
        given_at=clock.now(),
        withdrawn_at=clock.now(),
    )


def holding(*, live: bool = False, **more: Any) -> identity.Holding:
    row = identity.Holding.objects.get(account=holder().account)
    ended = {} if live else {"state": "ended", "ended_at": clock.now()}
    identity.Holding.objects.filter(pk=row.pk).update(**{**ended, **more})
    return row


def invitation(state: str = InvitationState.DECLINED) -> identity.Invitation:
    return identity.Invitation.objects.create(
        account=account(),
        relation=Relation.OTHER,
        digest=digest(),
        code_digest=digest(),
        state=state,
        expires_at=soon(),
    )


def take_over() -> identity.TakeOver:
    who = holder()
    return identity.TakeOver.objects.create(
        account=account(),
        person=who.card.person,
        institution=ID,
        document="01",
        reason="测试",
        asked_by=ID,
        expires_at=soon(),
    )


# Institutions
