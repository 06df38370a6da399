"""Who looked at a person's data: the audit, as the person reads it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cards.centre import rules_in_force
from cards.family import dependant_for
from cards.rules.scenes import scene_name
from cards.selectors import card_ids_of
from foundation.audit import selectors as audit
from foundation.audit.actions import Action
from foundation.core.actor import ActorKind
from foundation.core.errors import InvalidInput
from identity import selectors as identity
from identity.rules import Deed, guardian_may, may
from identity.types import Acting, Relation
from institutions import selectors as institutions
from mpi import selectors as mpi
from payments.selectors import resident as bills
from payments.selectors.prepaid import balances_of
from records.selectors import readings

PAGE = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,4})")
# What counts as looking, and what it is called.
WORDS: dict[Action, str | Promise] = {
    Action.CODE_VERIFIED: gettext_lazy("扫码核验"),
    Action.USAGE_REPORTED: gettext_lazy("记录用卡"),
    Action.CARD_READ: gettext_lazy("读取健康卡信息"),
    Action.CARD_CLAIMED: gettext_lazy("领取健康卡"),
    Action.CODE_MINTED: gettext_lazy("生成二维码"),
    Action.CODE_PRINTED: gettext_lazy("打印静态码"),
    Action.PERSON_READ: gettext_lazy("查看登记信息"),
    Action.LOGIN_DATA_READ: gettext_lazy("用健康卡登录时读取"),
    Action.RECORD_OPENED: gettext_lazy("查看病历"),
    Action.EMERGENCY_OPENED: gettext_lazy("急救中打开病历"),
    Action.REPORT_PRINTED: gettext_lazy("打印报告"),
    Action.BILL_READ: gettext_lazy("查看账单"),
    Action.PREPAID_READ: gettext_lazy("查看预交金"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at somebody's data.

    Attributes:
        who: The institution by name, or the card centre.
        by: The reader by name, where one person's name stands for the reading, as with records.
        purpose: The step of care, or what a record was read for, where it was told.
    """

    who: str
    what: str
    purpose: str
    at: datetime
    by: str = ""

    @property
    def title(self) -> str:
        """Institution and reader, as lists say it."""
        return f"{self.who} {self.by}".strip()


@dataclass(frozen=True, slots=True)
class LookPage:
    """Some looks, and where the older ones begin (empty at the end).

    Attributes:
        is_whole: Whether readings of records and bills are among them, which a reader who is not
            surely the person, or its guardian, does not learn of.
    """

    looks: Sequence[Look]
    older: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page ended: at which moment, and how many of that moment had been seen by then.

    One transaction writes several entries of one moment, so the moment alone would lose some. They
    are counted and not named: an entry has no name but its key, which stays in the building.
    """

    at: datetime
    seen: int

    def cursor(self) -> str:
        """As it stands in addresses."""
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.seen}"


def looks_at(
    *,
    person_pk: int,
    with_records: bool,
    since: datetime | None = None,
    before: str = "",
    most: int = PAGE,
) -> LookPage:
    """Who looked at a person's data, the latest first; the person's own looks are left out.

    Args:
        with_records: Whether the reader may know who read records and bills.
        since: The earliest that the reader may know of; none for everything.
        before: ``older`` of the page before; empty for the first.
        most: How many at a time.

    Raises:
        InvalidInput: If ``before`` is not such a value.
    """
    subjects = _subjects(person_pk) | (_health_subjects(person_pk) if with_records else {})
    entries = audit.deeds(subjects, actions=WORDS).exclude(
        actor_kind__in=(ActorKind.RESIDENT, ActorKind.SYSTEM)
    )
    if since is not None:
        entries = entries.filter(at__gte=since)
    place = _place(before) if before else None
    seen = 0
    if place is not None:
        entries, seen = entries.filter(at__lte=place.at), place.seen
    found = list(entries[seen : seen + most + 1])
    names = institutions.names(entry.institution for entry in found)
    swapped = rules_in_force().reports_swapped
    readers = readings.readers_of((entry.subject_type, entry.subject_id) for entry in found)
    shown = [
        _look(entry, names, readers.get((entry.subject_type, entry.subject_id)), swapped=swapped)
        for entry in found[:most]
    ]
    if len(found) <= most:
        return LookPage(shown, "", is_whole=with_records)
    last = found[most - 1].at
    still = place.seen if place is not None and place.at == last else 0
    place = _Place(last, still + sum(look.at == last for look in shown))
    return LookPage(shown, place.cursor(), is_whole=with_records)


def looks_for(account_pk: int, *, person_id: str = "", before: str = "") -> LookPage:
    """Who looked at the data of somebody whom the account holds, as far as it may know.

    Args:
        person_id: Whose data; where nobody is named the account's own person.
        before: As ``looks_at``.

    Raises:
        CardNotFound, GuardianshipOver, OwnPersonNeeded, LevelTooLow: As ``cards.family.dependant_for``,
            about somebody else.
        InvalidInput: As ``looks_at``.
    """
    acting = identity.self_person(account_pk)
    if person_id and (acting is None or acting.person_id != person_id):
        dependant_for(account_pk, person_id, Deed.READ_CARD_HISTORY)
        acting = identity.acting(account_pk, person_id)
    if acting is None:
        return LookPage((), "")
    since = identity.known_since(account_pk, acting)
    return looks_at(
        person_pk=acting.person_pk, with_records=knows_readers(acting), since=since, before=before
    )


def knows_readers(acting: Acting) -> bool:
    """Whether the account may know who read the person's records: whoever decides about that."""
    if not may(acting.level, Deed.GRANT_ACCESS):
        return False
    return acting.relation == Relation.SELF or guardian_may(
        Deed.GRANT_ACCESS, is_by_consent=acting.is_by_consent
    )


def _subjects(person_pk: int) -> dict[str, Sequence[str]]:
    return {
        "mpi.Person": [mpi.public_id_of(anchor) for anchor in mpi.cluster(person_pk)],
        "cards.Card": card_ids_of(person_pk),
    }


def _health_subjects(person_pk: int) -> dict[str, Sequence[str]]:
    return {
        **readings.audited_of(person_pk),
        "payments.Bill": bills.bill_ids_of(person_pk),
        "payments.PrepaidAccount": [row.public_id for row in balances_of(person_pk)],
    }


def _look(entry: Any, names: dict[str, str], reader: readings.Reader | None, *, swapped: bool) -> Look:
    scene = str(entry.details.get("scene", ""))
    who = _who(entry, names)
    purpose = scene_name(scene, reports_swapped=swapped) if scene else ""
    return Look(
        who=who,
        what=str(WORDS[Action(entry.action)]),
        purpose=reader.purpose if reader is not None else purpose,
        at=entry.at,
        # Where a reader has no name of their own, the institution's stands for it.
        by=reader.name if reader is not None and reader.name != who else "",
    )


def _who(entry: Any, names: dict[str, str]) -> str:
    if not entry.institution:
        return str(settings.CENTRE_NAME)
    return names.get(entry.institution, _("已撤销的机构"))


def _place(cursor: str) -> _Place:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidInput(field="before")
    return _Place(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))
