"""The history of a person's cards as their holder reads it: who did what, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cards.models import Card, LinkedCertificate
from cards.rules.certificates import KINDS
from cards.rules.reasons import reason_text
from foundation.audit import selectors as audit
from foundation.audit.actions import Action
from foundation.core.actor import ActorKind
from identity import selectors as identity
from institutions import selectors as institutions
from mpi import selectors as mpi

PAGE = 20
WORDS: Mapping[Action, str | Promise] = {
    Action.CARD_ISSUED: gettext_lazy("发卡"),
    Action.CARD_FROZEN: gettext_lazy("冻结"),
    Action.CARD_UNFROZEN: gettext_lazy("恢复使用"),
    Action.CARD_LOSS_REPORTED: gettext_lazy("挂失"),
    Action.CARD_LOSS_WITHDRAWN: gettext_lazy("取消挂失"),
    Action.CARD_REISSUED: gettext_lazy("补领，换了新的卡号"),
    Action.CARD_NUMBER_FOLLOWED: gettext_lazy("按新的姓名或证件换了卡号"),
    Action.CARD_CANCELLED: gettext_lazy("注销"),
    Action.CARD_STATIC_CODE_SWITCHED: gettext_lazy("静态码"),
    Action.CARD_VISIBILITY_CHANGED: gettext_lazy("更改医院可见的资料"),
    Action.CODE_MINTED: gettext_lazy("医院生成二维码"),
    Action.CARD_BOUND: gettext_lazy("医院关联就诊号"),
    Action.CERTIFICATE_LINKED: gettext_lazy("关联证件"),
    Action.CERTIFICATE_VALIDITY_CHANGED: gettext_lazy("更改证件有效期"),
    Action.CERTIFICATE_CLAIMED: gettext_lazy("添加证件，等待核对"),
    Action.CERTIFICATE_REFUSED: gettext_lazy("不予关联证件"),
    Action.CERTIFICATE_UNLINKED: gettext_lazy("解除证件关联"),
    Action.PERSON_UPDATED: gettext_lazy("更改个人资料"),
    Action.PERSON_IDENTIFIER_ADDED: gettext_lazy("登记另一种证件"),
}
_FIELDS: Mapping[str, str | Promise] = {
    "name": gettext_lazy("姓名"),
    "identifiers": gettext_lazy("证件"),
    "birth_date": gettext_lazy("出生日期"),
    "sex": gettext_lazy("性别"),
    "nation": gettext_lazy("民族"),
    "nationality": gettext_lazy("国籍"),
    "phone": gettext_lazy("电话"),
    "address": gettext_lazy("住址"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history.

    Attributes:
        who: Named only as far as the reader may know: themselves, a guardian by the masked
            name, the centre's staff, an institution by its name, the product.
        why: Empty where nothing was said.
    """

    action: str
    at: datetime
    what: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class History:
    """One page of it; ``after`` is the number of the next page, 0 at the end."""

    entries: list[Entry]
    after: int


def history_of(
    person_pk: int, *, account_id: str, is_own: bool = True, since: datetime | None = None, page: int = 1
) -> History:
    """What was done to a person's cards and particulars, the newest first.

    Args:
        account_id: Public id of the account that reads; it has been checked.
        is_own: Whether it reads about its own person.
        since: The earliest that the reader may know of; none for everything.
    """
    anchors = mpi.cluster(person_pk)
    cards = Card.objects.filter(person__in=anchors).values_list("public_id", flat=True)
    certificates = LinkedCertificate.objects.filter(person__in=anchors).values_list("public_id", flat=True)
    persons = [mpi.public_id_of(anchor) for anchor in anchors]
    rows = audit.deeds(
        {"cards.Card": cards, "cards.LinkedCertificate": certificates, "mpi.Person": persons}, actions=WORDS
    )
    if since is not None:
        rows = rows.filter(at__gte=since)
    found = Paginator(rows, PAGE).get_page(page)
    names = institutions.names(row.institution for row in found)
    guardians = identity.names_of_accounts(row.actor_id for row in found if row.on_behalf_of)
    entries = []
    for row in found:
        if row.actor_kind == ActorKind.RESIDENT:
            is_reader = row.actor_id == account_id
            who = _who_of_residents(row.on_behalf_of, guardians.get(row.actor_id, ""), is_reader, is_own)
        else:
            who = _who(row.actor_kind, name=names.get(row.institution, ""))
        what = _what(row.action, row.details)
        entries.append(Entry(row.action, row.at, what, who, reason_text(row.reason)))
    return History(entries, found.next_page_number() if found.has_next() else 0)


def _what(action: str, details: Mapping[str, object]) -> str:
    if action == Action.CARD_STATIC_CODE_SWITCHED:
        return _("开启静态码") if details.get("after") == "on" else _("关闭静态码")
    kind = KINDS.get(str(details.get("kind", "")))
    if kind is not None and action.startswith("certificate."):
        return f"{WORDS[Action(action)]}：{kind}"
    if action == Action.PERSON_UPDATED:
        fields = details.get("fields")
        names = [str(_FIELDS[name]) for name in fields if name in _FIELDS] if isinstance(fields, list) else []
        return _("更改%(fields)s") % {"fields": "、".join(names)} if names else str(WORDS[Action(action)])
    return str(WORDS[Action(action)])


def _who_of_residents(on_behalf_of: str, guardian: str, is_reader: bool, is_own: bool) -> str:
    if on_behalf_of:
        return _("您代家人办理") if is_reader else _("代管人 %(name)s 代办") % {"name": guardian}
    if is_own:
        return _("您本人")
    return _("家人本人")


def _who(kind: str, *, name: str) -> str:
    if kind == ActorKind.SYSTEM:
        return _("系统自动")
    return name or _("卡管中心工作人员")
