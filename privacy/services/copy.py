"""A copy of what is kept of a resident, to take along (PIPL, article 45)."""

from dataclasses import asdict
from datetime import date, datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from cards import copies as cards
from foundation.accounts import selectors as accounts
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, ratelimit
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from identity import selectors as identity
from identity.types import Acting
from mpi import selectors as mpi
from notifications import selectors as notifications
from payments.selectors import copies as payments
from privacy.looks import looks_at
from privacy.selectors import RECORDS_LOCKED, left_out
from records.selectors import copies as records

COPIES_PER_DAY = 5
MOST_LOOKS, MOST_MESSAGES = 2_000, 2_000
_DAY = 86_400


@transaction.atomic
def copy_data(*, account_id: str, opens_records: bool, actor: Actor) -> dict[str, Any]:
    """Everything, as JSON: the account, consents, persons with cards and records, applications, messages.

    Rooms above this one add theirs by ``COPIES`` of ``portal.wiring``.

    A person comes with particulars, cards, certificates, confirmations, money, records and looks; without
    them where the account holds the person below the level for copying, which the window can raise.

    Args:
        opens_records: Whether a fresh proof was given in this session. Without it the copy names reports
            and visits and leaves out what they say, as the pages do.

    Returns:
        Plain values only: texts, numbers, lists, objects; times in ISO 8601.

    Raises:
        NotFound: If there is no such account.
        TooManyRequests: After five copies in a day.
    """
    account = accounts.account_by_public_id(account_id)
    if account is None:
        raise NotFound
    ratelimit.hit(f"copy:{account_id}", limit=COPIES_PER_DAY, per_seconds=_DAY)
    audit.record(Action.DATA_COPIED, actor=actor, subject=account)
    return {
        "made_at": clock.beijing(clock.now()).isoformat(timespec="seconds"),
        "account": {
            "opened_at": _text(account.created_at),
            "phone": accounts.phone_of(account),
            "sign_in_methods": [
                {"kind": method.kind, "last_used_at": _text(method.last_used_at)}
                for method in accounts.sign_in_methods(account)
            ],
        },
        "consents": [
            {name: _text(value) for name, value in asdict(consent).items()}
            for consent in identity.consents_of(account.pk)
        ],
        "persons": [
            _person(acting, opens_records=opens_records) for acting in identity.persons_of(account.pk)
        ],
        "applications": cards.applications_for_copy(account.pk),
        "messages": [
            {"title": str(shown.title), "at": _text(shown.created_at)}
            for shown in notifications.latest(account.public_id, limit=MOST_MESSAGES)
        ],
        **{
            name: import_string(path)(account.pk)
            for name, path in import_module(settings.EVENT_WIRING).COPIES.items()
        },
    }


def _person(acting: Acting, *, opens_records: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"relation": acting.relation, "level": acting.level}
    if reason := left_out(acting):
        return told | {"left_out": reason}
    particulars = asdict(mpi.particulars(acting.person_pk))
    for internal in ("person_pk", "person_id"):
        del particulars[internal]
    return told | {
        "particulars": {name: _text(value) for name, value in particulars.items()},
        "cards": cards.cards_for_copy(acting.person_pk),
        "certificates": cards.certificates_for_copy(acting.person_pk),
        "confirmations": cards.confirmations_for_copy(acting.person_pk),
        "bills": payments.bills_for_copy(acting.person_pk),
        "balances": payments.balances_for_copy(acting.person_pk),
        "records": records.records_for_copy(acting.person_pk, with_contents=opens_records)
        | {"left_out": "" if opens_records else RECORDS_LOCKED},
        "record_consents": records.consents_for_copy(acting.person_pk),
        "emergency_info": records.emergency_info_for_copy(acting.person_pk),
        "looks": [
            {
                "who": look.who,
                "by": look.by,
                "what": look.what,
                "purpose": look.purpose,
                "at": _text(look.at),
            }
            for look in looks_at(person_pk=acting.person_pk, with_records=True, most=MOST_LOOKS).looks
        ],
    }


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.beijing(value).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value
