"""Links by which somebody else pays one bill: made by whoever may pay it, taken back, found by a secret."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from gmcrypto.index import blind_index
from payments.errors import BillNotOpen, NotForPrepaid, PayLinkNotFound, PaymentUnderway
from payments.models import Bill, PayLink
from payments.rules import TOP_UP, BillState

LASTS = timedelta(hours=24)
# 192 random bits: nobody meets one by trying.
TOKEN_BYTES = 24
_DOMAIN = "pay-link"
_DAY, _HOUR = 86_400, 3_600
MADE_A_DAY = 30
MISSED_AN_HOUR = 10


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link that was just made; its secret is told this once."""

    token: str = field(repr=False)
    expires_at: datetime


@transaction.atomic
def make_link(*, bill: str, account: str, actor: Actor) -> MadeLink:
    """Make the link of a bill; one that was made before is good no longer.

    The caller has checked that the account may pay the bill.

    Raises:
        BillNotOpen: Nobody owes it any more.
        NotForPrepaid: It tops a balance up: what comes back of one goes to whoever paid it in.
        TooManyRequests: The account has made many today.
    """
    row = Bill.objects.select_related("institution").get(public_id=bill)
    moment = clock.now()
    if row.state != BillState.OPEN or (row.expires_at and row.expires_at <= moment):
        raise BillNotOpen
    if row.subject_type == TOP_UP:
        raise NotForPrepaid
    ratelimit.hit(f"pay-link-made:{account}", limit=MADE_A_DAY, per_seconds=_DAY)
    PayLink.objects.filter(bill=row, ended_at=None).update(ended_at=moment)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = PayLink(
        bill=row,
        token_digest=blind_index(_DOMAIN, token),
        made_by=account,
        created_at=moment,
        expires_at=min(filter(None, (row.expires_at, moment + LASTS))),
    )
    try:
        with transaction.atomic():
            link.save(force_insert=True)
    except IntegrityError as exc:
        raise PaymentUnderway from exc  # another press at the same moment made one
    _record(Action.PAY_LINK_MADE, link, actor)
    return MadeLink(token, link.expires_at)


@transaction.atomic
def end_link(*, bill: str, actor: Actor) -> bool:
    """Take the link of a bill back; a payment that was begun with it goes on.

    Returns:
        Whether there was one.
    """
    link = PayLink.objects.select_related("bill__institution").filter(bill__public_id=bill, ended_at=None)
    found = link.first()
    if found is None or not link.update(ended_at=clock.now()):
        return False
    _record(Action.PAY_LINK_ENDED, found, actor)
    return True


def bill_by_token(*, token: str, account: str) -> Bill:
    """The bill that a link is for.

    Args:
        account: Who asks; whoever tries many that are none is stopped.

    Raises:
        PayLinkNotFound: There is none such, or its time is over, or the bill is owed no more.
        TooManyRequests: Too many that were none.
    """
    moment = clock.now()
    rows = PayLink.objects.select_related("bill__institution").filter(ended_at=None, expires_at__gt=moment)
    found = rows.filter(token_digest=blind_index(_DOMAIN, token), bill__state=BillState.OPEN).first()
    if found is None:
        ratelimit.hit(f"pay-link-missed:{account}", limit=MISSED_AN_HOUR, per_seconds=_HOUR)
        raise PayLinkNotFound
    return found.bill


def _record(action: Action, link: PayLink, actor: Actor) -> None:
    audit.record(action, actor=actor, subject=link, institution=link.bill.institution.public_id)
