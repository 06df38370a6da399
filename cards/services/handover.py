"""Handing a card over by one-time codes, and the pack (ID-18).

A resident agrees on a page of ours and is led back to the institution with a code; the
institution redeems it, once, and gets the card. An order goes the other way: the institution
places it for a patient's card, and the resident takes the card into the pack with it.
"""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

import gmcrypto
from cards import pack
from cards.codes.page import showable_number
from cards.errors import ClaimCodeInvalid, NotHeldByYou, PackOrderInvalid
from cards.events import CardClaimed
from cards.models import Card, OneTimeCode, PackedCard
from cards.models.handover import OneTimeKind
from cards.services.binding import bind_card
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.events import services as events

CLAIM_LIFETIME = timedelta(minutes=5)
ORDER_LIFETIME = timedelta(minutes=30)
CODES_PER_HOUR = 30
_BYTES = 16
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Claimed:
    """A card that was handed over; ``is_self`` says whether its own holder did it."""

    card: Card
    is_self: bool


@dataclass(frozen=True, slots=True)
class Order:
    """An open order of an institution: for which card, and of which client."""

    card: Card
    institution: str
    client: str
    code: str = field(repr=False)


@transaction.atomic
def make_claim_code(*, account_pk: int, card_id: str, institution: str, client: str, actor: Actor) -> str:
    """Hand a card of the pack over to an institution; returns the code that it redeems.

    Args:
        account_pk: Who agrees, and may show the card.
        card_id: Public id of the card.
        client: Public id of the institution's client that asked.

    Raises:
        NotHeldByYou: The account may not show such a card.
        CardFrozen, CardLost, CardCancelled: The card is not in use.
        TooManyRequests: Too many codes for this card.
    """
    shown = pack.held_card(account_pk, card_id)
    showable_number(shown.card)
    ratelimit.hit(f"claim:{card_id}", limit=CODES_PER_HOUR, per_seconds=3_600)
    if not shown.is_self:
        actor = actor.acting_for(shown.card.subject)
    _put_into_pack(account_pk, shown.card, institution, actor)
    row, code = _new_code(
        OneTimeKind.CLAIM,
        shown.card,
        institution,
        client,
        CLAIM_LIFETIME,
        account=actor.id,
        is_self=shown.is_self,
    )
    audit.record(
        Action.CLAIM_CODE_MADE,
        actor=actor,
        subject=shown.card,
        institution=institution,
        details={"kind": OneTimeKind.CLAIM.value, "reference": row.public_id},
    )
    return code


@transaction.atomic
def redeem_claim_code(*, code: str, actor: Actor) -> Claimed:
    """Take the card behind a code; the institution knows its holder from now on.

    Raises:
        ClaimCodeInvalid: Unknown, used, too old, or another institution's.
        CardFrozen, CardLost, CardCancelled: The card went out of use meanwhile; the code stays good.
    """
    row = _take(OneTimeKind.CLAIM, code, actor.institution)
    if row is None:
        raise ClaimCodeInvalid(field="code")
    showable_number(row.card)
    bind_card(card_pk=row.card_id, actor=actor)
    audit.record(Action.CARD_CLAIMED, actor=actor, subject=row.card, details={"reference": row.public_id})
    events.publish(
        CardClaimed(
            card_id=row.card.public_id,
            person_id=row.card.subject,
            institution_id=actor.institution,
            account_id=row.account,
        )
    )
    return Claimed(row.card, row.is_self)


@transaction.atomic
def place_pack_order(*, card_pk: int, actor: Actor) -> str:
    """Order a patient's card for the pack; returns the order's number, which works once."""
    card = Card.objects.get(pk=card_pk)
    showable_number(card)
    row, code = _new_code(OneTimeKind.PACK_ORDER, card, actor.institution, actor.id, ORDER_LIFETIME)
    audit.record(
        Action.CLAIM_CODE_MADE,
        actor=actor,
        subject=card,
        details={"kind": OneTimeKind.PACK_ORDER.value, "reference": row.public_id},
    )
    return code


def open_order(*, code: str, institution: str = "") -> Order:
    """What an order stands for; it is not used up.

    Args:
        institution: Whose order it must be; empty on the resident's own page.

    Raises:
        PackOrderInvalid: Unknown, used, too old, or another institution's.
    """
    rows = _open(OneTimeKind.PACK_ORDER, code).select_related("card")
    row = (rows.filter(institution=institution) if institution else rows).first()
    if row is None:
        raise PackOrderInvalid(field="orderId")
    return Order(row.card, row.institution, row.client, code)


@transaction.atomic
def take_order(*, order: Order, account_pk: int, actor: Actor) -> str:
    """Put the card of an order into the pack, and hand it over; returns the code as ``make_claim_code``.

    The order is used up exactly when there is a code.

    Raises:
        PackOrderInvalid: The order was used meanwhile.
        NotHeldByYou, CardFrozen, CardLost, CardCancelled, TooManyRequests: As ``make_claim_code``.
    """
    if _take(OneTimeKind.PACK_ORDER, order.code, order.institution) is None:
        raise PackOrderInvalid(field="orderId")
    return make_claim_code(
        account_pk=account_pk,
        card_id=order.card.public_id,
        institution=order.institution,
        client=order.client,
        actor=actor,
    )


@transaction.atomic
def pack_all(*, account_pk: int, institution: str, client: str, actor: Actor) -> str:
    """Put every usable card of an account into the pack, and hand the first over.

    The way back to the institution has room for one code: that of the account's own card, where
    it has one.

    Raises:
        NotHeldByYou: The account has no card that can be used.
        TooManyRequests: As ``make_claim_code``.
    """
    usable = [each for each in pack.cards_of(account_pk) if each.is_usable]
    if not usable:
        raise NotHeldByYou
    for each in usable[1:]:
        _put_into_pack(account_pk, each.card, institution, actor.acting_for(each.card.subject))
    return make_claim_code(
        account_pk=account_pk,
        card_id=usable[0].card.public_id,
        institution=institution,
        client=client,
        actor=actor,
    )


def _new_code(
    kind: OneTimeKind,
    card: Card,
    institution: str,
    client: str,
    lifetime: timedelta,
    *,
    account: str = "",
    is_self: bool = False,
) -> tuple[OneTimeCode, str]:
    code = secrets.token_hex(_BYTES).upper()
    moment = clock.now()
    row = OneTimeCode.objects.create(
        kind=kind,
        digest=_digest(kind, code),
        card=card,
        institution=institution,
        client=client,
        account=account,
        is_self=is_self,
        created_at=moment,
        expires_at=moment + lifetime,
    )
    return row, code


def _open(kind: OneTimeKind, code: str) -> "QuerySet[OneTimeCode]":
    digest = _digest(kind, code[:_LONGEST])
    return OneTimeCode.objects.filter(digest=digest, used_at=None, expires_at__gt=clock.now())


def _take(kind: OneTimeKind, code: str, institution: str) -> OneTimeCode | None:
    """Use a code up; of several callers at once the conditional update lets one through."""
    row = _open(kind, code).filter(institution=institution).select_related("card").first()
    if row is None or not _open(kind, code).filter(pk=row.pk).update(used_at=clock.now()):
        return None
    return row


def _put_into_pack(account_pk: int, card: Card, institution: str, actor: Actor) -> None:
    _row, is_new = PackedCard.objects.get_or_create(
        account_id=account_pk, card=card, institution=institution, defaults={"at": clock.now()}
    )
    if is_new:
        audit.record(Action.CARD_PACKED, actor=actor, subject=card, institution=institution)


def _digest(kind: OneTimeKind, code: str) -> bytes:
    return gmcrypto.sm3(f"ehc.one-time.1\n{kind.value}\n{code}".encode())
