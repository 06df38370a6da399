"""Reading the inbox, always that of one account."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import formats
from django.utils.translation import gettext as _

from appointments.selectors.times import visit_of
from foundation.core import clock
from foundation.core.text import mask_name
from identity import selectors as identity
from identity.types import Relation
from institutions import selectors as institutions
from mpi import selectors as mpi
from notifications.kinds import kind_of
from notifications.models import Message


@dataclass(frozen=True, slots=True)
class Shown:
    """A message in the reader's words.

    Attributes:
        who: Whom it is about, where that is somebody else than the reader; masked.
        institution: The hospital that it is about.
        facts: What it is about in particular, each with its label; only where one is opened.
    """

    id: str
    kind: str
    title: str
    body: str
    link: str
    action: str
    icon: str
    who: str
    institution: str
    created_at: datetime
    is_read: bool
    facts: Sequence[tuple[str, str]] = ()

    @property
    def about(self) -> str:
        """Whom and which hospital it is about, as it stands before the time."""
        return "".join(f"{word} · " for word in (self.who, self.institution) if word)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something by which the inbox can be narrowed, and how many unread messages it has."""

    id: str
    label: str
    unread: int


def inbox(account_id: str, *, person_id: str = "", institution: str = "") -> "QuerySet[Message]":
    """The messages of an account, of one person or hospital where they are named.

    What was told of a person for whom the account acts no more is hidden.
    """
    rows = Message.objects.filter(account__public_id=account_id, hidden_at=None)
    if institution:
        rows = rows.filter(institution=institution)
    if person_id:
        person = mpi.by_public_id(person_id)
        rows = rows.filter(person__in=mpi.cluster(person.person_pk) if person is not None else [])
    return rows


def latest(account_id: str, *, limit: int) -> list[Shown]:
    """The newest messages of an account, in the active language."""
    return shown_many(inbox(account_id).order_by("-pk")[:limit])


def unread_of_kinds(account_id: str, kinds: Collection[str], *, limit: int) -> list[Shown]:
    """The newest messages of some kinds that an account has not opened."""
    rows = inbox(account_id).filter(read_at=None, kind__in=kinds)
    return shown_many(rows.order_by("-pk")[:limit])


def unread_count(account_pk: int) -> int:
    """How many messages the account has not opened."""
    return Message.objects.filter(account_id=account_pk, read_at=None, hidden_at=None).count()


def person_choices(account_pk: int) -> list[Choice]:
    """The persons for whom the account acts, themselves first, with their unread messages."""
    actings = identity.persons_of(account_pk)
    clusters = mpi.clusters(acting.person_pk for acting in actings)
    names = mpi.particulars_many(clusters)
    rows = Message.objects.filter(account=account_pk, read_at=None, hidden_at=None).exclude(person=None)
    unread = dict(rows.order_by().values_list("person").annotate(Count("pk")))
    return [
        Choice(
            acting.person_id,
            _("本人") if acting.relation == Relation.SELF else mask_name(names[acting.person_pk].name),
            sum(unread.get(anchor, 0) for anchor in clusters[acting.person_pk]),
        )
        for acting in actings
        if acting.person_pk in names
    ]


def institution_choices(account_pk: int) -> list[Choice]:
    """The hospitals of which the account was told something, with their unread messages."""
    rows = Message.objects.filter(account=account_pk, hidden_at=None).exclude(institution="")
    counted = dict(
        rows.order_by("institution")
        .values("institution")
        .annotate(unread=Count("pk", filter=Q(read_at=None)))
        .values_list("institution", "unread")
    )
    names = institutions.names(counted)
    return [Choice(key, names[key], unread) for key, unread in counted.items() if key in names]


def shown(message: Message) -> Shown:
    """One message in the active language, with what its reader is to know before a visit."""
    seen = shown_many([message])[0]
    visit = visit_of(message.params["booking"]) if "booking" in message.params else None
    if visit is None:
        return seen
    facts = (
        (_("就诊人"), seen.who or _("本人")),
        (_("医院"), seen.institution),
        (_("科室"), visit.department),
        (_("医生"), visit.doctor),
        (_("时间"), formats.date_format(clock.beijing(visit.starts_at), _("Y年n月j日 H:i"))),
    )
    return replace(seen, facts=[(label, value) for label, value in facts if value])


def shown_many(messages: Iterable[Message]) -> list[Shown]:
    """Messages of one account in the active language, with the names that they need."""
    rows = list(messages)
    hospitals = institutions.names(row.institution for row in rows)
    names = _dependants(rows)
    return [_shown(row, hospitals, names) for row in rows]


def _dependants(rows: list[Message]) -> Mapping[int, str]:
    """The masked names of the reader's dependants, by each of their anchors."""
    if not any(row.person_id for row in rows):
        return {}
    others = identity.dependants_of(rows[0].account_id or 0)
    clusters = mpi.clusters(acting.person_pk for acting in others)
    known = mpi.particulars_many(clusters)
    return {
        anchor: mask_name(known[person_pk].name)
        for person_pk, anchors in clusters.items()
        if person_pk in known
        for anchor in anchors
    }


def _shown(message: Message, hospitals: Mapping[str, str], names: Mapping[int, str]) -> Shown:
    kind = kind_of(message.kind)
    return Shown(
        id=message.public_id,
        kind=message.kind,
        title=kind.title_for(message.params),
        body=str(kind.body),
        link=kind.link_for(message.params),
        action=str(kind.action),
        icon=kind.icon,
        who=names.get(message.person_id or 0, ""),
        institution=hospitals.get(message.institution, ""),
        created_at=message.created_at,
        is_read=message.read_at is not None,
    )
