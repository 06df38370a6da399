"""Rows of institutions that join, of their merchants and their staff."""

import secrets
from typing import Any

from foundation.core import clock
from gmcrypto.index import blind_index
from institutions.models import StaffMembership
from institutions.rules import Role
from onboarding import models as onboarding
from onboarding.rules import DocumentKind, JoiningState, RequestState
from tests.accounts import people
from tests.privacy.kept.basics import institution, phone, soon


def joining(state: str, **more: Any) -> onboarding.Joining:
    handed_in = {} if state == JoiningState.DRAFT else {"submitted_at": clock.now(), "agreed_at": clock.now()}
    row = onboarding.Joining.objects.create(
        reference=secrets.token_hex(5), state=state, contact_phone=phone(), **handed_in, **more
    )
    document(joining=row)
    return row


def merchant(state: str) -> onboarding.Merchant:
    row = onboarding.Merchant.objects.create(
        institution=institution(),
        payee_name="测试医院",
        bank="测试银行",
        account_number="6222",
        account_index=blind_index("test", secrets.token_hex(8)),
        account_tail="6222",
        state=state,
    )
    document(merchant=row)
    return row


def document(**owner: Any) -> onboarding.Document:
    (of,) = owner.values()
    return onboarding.Document.objects.create(
        **owner,
        subject=of.public_id,
        kind=DocumentKind.LICENCE,
        media_type="application/pdf",
        size=1,
        digest="0" * 64,
        content=b"x",
    )


def staff_invitation(**more: Any) -> onboarding.Invitation:
    return onboarding.Invitation.objects.create(
        **{
            "institution": institution(),
            "role": Role.WINDOW_CLERK,
            "token_digest": secrets.token_hex(32),
            "invited_by": "tests",
            "expires_at": soon(),
            **more,
        }
    )


def client_request(state: str = RequestState.REFUSED, client: str = "") -> onboarding.ClientRequest:
    return onboarding.ClientRequest.objects.create(
        institution=institution(), name="HIS", scopes=["cards"], purpose="测试", state=state, client=client
    )


def membership() -> StaffMembership:
    return StaffMembership.objects.create(
        account=people.staff(secrets.token_hex(6)),
        institution=institution(),
        role=Role.WINDOW_CLERK,
        is_active=False,
        ended_at=clock.now(),
    )


# The rest
