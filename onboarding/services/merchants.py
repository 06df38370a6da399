"""Merchants: an institution applies with its payee account, the centre opens or refuses.

Nothing is paid here. A room that takes payments asks ``selectors.open_merchant``.
"""

import re

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.core.text import normalise_number
from gmcrypto.index import blind_index, next_blind_index
from institutions import services as institutions
from institutions.rules import Duty
from onboarding import files, selectors
from onboarding.errors import MerchantExists, MerchantStateConflict, WrongBankAccount
from onboarding.models import Document, Merchant
from onboarding.rules import MERCHANT_STEPS, DocumentKind, MerchantState
from onboarding.services.joining import keep_document

INDEX_DOMAIN = "merchant-account"


@transaction.atomic
def apply_merchant(
    *,
    institution: str,
    payee_name: str,
    bank: str,
    account_number: str,
    document: bytes,
    actor: Actor,
    reason: str = "",
) -> str:
    """Apply for a merchant with its payee account and the proof of it; returns its public id.

    Raises:
        WrongBankAccount: The number cannot be one.
        FileEmpty, FileTooLarge, FileUnknown, FileActive: As ``files.media_type_of``.
        MerchantExists: The account waits, or is open, already.
        NotFound: The actor is of another institution.
    """
    institutions.require(actor, Duty.REQUEST_MERCHANTS)
    number = normalise_number(account_number)
    if not re.fullmatch(r"[0-9]{8,32}", number):
        raise WrongBankAccount(field="account_number")
    media_type = files.media_type_of(document)
    try:
        with transaction.atomic():
            row = Merchant.objects.create(
                institution_id=selectors.institution_pk(institution, actor),
                payee_name=payee_name,
                bank=bank,
                account_number=number,
                account_index=blind_index(INDEX_DOMAIN, number),
                account_index_next=next_blind_index(INDEX_DOMAIN, number),
                account_tail=number[-4:],
            )
    except IntegrityError as exc:
        raise MerchantExists(field="account_number") from exc
    keep_document(
        document=Document(merchant=row, subject=row.public_id, kind=DocumentKind.PAYEE_LICENCE),
        content=document,
        media_type=media_type,
        institution=institution,
        actor=actor,
    )
    audit.record(Action.MERCHANT_APPLIED, actor=actor, subject=row, institution=institution, reason=reason)
    return row.public_id


@transaction.atomic
def open_merchant(*, merchant: str, actor: Actor, reason: str) -> None:
    """Open a merchant that waits.

    Raises:
        MerchantStateConflict: It was decided upon before.
    """
    row = _move(merchant, MerchantState.APPLIED, MerchantState.OPENED, actor=actor)
    _record(Action.MERCHANT_OPENED, row, actor=actor, reason=reason)


@transaction.atomic
def refuse_merchant(*, merchant: str, message: str, actor: Actor, reason: str) -> None:
    """Refuse a merchant that waits; the institution sees the message and may apply anew.

    Raises:
        MerchantStateConflict: It was decided upon before.
    """
    row = _move(merchant, MerchantState.APPLIED, MerchantState.REFUSED, actor=actor, message=message)
    _record(Action.MERCHANT_REFUSED, row, actor=actor, reason=reason)


@transaction.atomic
def suspend_merchant(*, merchant: str, actor: Actor, reason: str) -> None:
    """Stop an open merchant.

    Raises:
        MerchantStateConflict: It is not open.
    """
    row = _move(merchant, MerchantState.OPENED, MerchantState.SUSPENDED, actor=actor)
    _record(Action.MERCHANT_SUSPENDED, row, actor=actor, reason=reason)


@transaction.atomic
def resume_merchant(*, merchant: str, actor: Actor, reason: str) -> None:
    """Open a suspended merchant again.

    Raises:
        MerchantStateConflict: It is not suspended.
    """
    row = _move(merchant, MerchantState.SUSPENDED, MerchantState.OPENED, actor=actor)
    _record(Action.MERCHANT_RESUMED, row, actor=actor, reason=reason)


def _move(
    public_id: str, old: MerchantState, new: MerchantState, *, actor: Actor, message: str = ""
) -> Merchant:
    institutions.require(actor, Duty.MANAGE_MERCHANTS)
    row = selectors.visible_merchants(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    moment = clock.now()
    moved = new in MERCHANT_STEPS[old] and Merchant.objects.filter(
        pk=row.pk, state=old, shredded_at=None
    ).update(state=new, message=message, decided_at=moment, updated_at=moment)
    if not moved:
        raise MerchantStateConflict
    return row


def _record(action: Action, row: Merchant, *, actor: Actor, reason: str) -> None:
    audit.record(action, actor=actor, subject=row, institution=row.institution.public_id, reason=reason)
