"""Everything that happened to one order, in one list by time.

What rows say of themselves, what channels told, how the ledger moved, where statements said otherwise, and
what the audit knows; a row's own step and the audit's entry of the same thing are one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from foundation.accounts import selectors as accounts
from foundation.audit import selectors as audit_entries
from foundation.audit.actions import Action
from foundation.core.actor import Actor, ActorKind
from payments.models import (
    Bill,
    ChannelNotice,
    Difference,
    LedgerEntry,
    PaymentAttempt,
    Refund,
    RefundRedirect,
    Settlement,
)
from payments.providers import label_of
from payments.providers.cash import TILL
from payments.rules import Account, App, BillState, Movement
from payments.selectors.words import deed_words, failure_words

MOST_AUDITED = 300


class Source(StrEnum):
    """Who says that a step happened."""

    STATE = "state"
    NOTICE = "notice"
    LEDGER = "ledger"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened.

    Attributes:
        twin: Subject and action of the audit entry that tells of the same.
        who: Who did it, in words, where the audit knows.
    """

    at: datetime
    source: Source
    what: str
    detail: str = ""
    amount_fen: int | None = None
    who: str = ""
    twin: tuple[str, str] = ("", "")

    @property
    def source_label(self) -> str:
        """The source in one word."""
        return {
            Source.STATE: _("状态"),
            Source.NOTICE: _("渠道通知"),
            Source.LEDGER: _("账目"),
        }.get(self.source, _("操作"))


def timeline_of(*, bill: Bill, actor: Actor) -> Sequence[Step]:
    """The steps of an order that the actor has been shown to see, the first one first."""
    settlements = list(Settlement.objects.filter(bill=bill).order_by("pk"))
    attempts = list(PaymentAttempt.objects.filter(bill=bill).select_related("leg").order_by("pk"))
    refunds = list(Refund.objects.filter(bill=bill).order_by("pk"))
    redirects = RefundRedirect.objects.filter(refund__bill=bill).select_related("refund")
    subjects = {
        "payments.Bill": [bill.public_id],
        "payments.Settlement": [one.public_id for one in settlements],
        "payments.PaymentAttempt": [one.public_id for one in attempts],
        "payments.Refund": [one.public_id for one in refunds],
    }
    steps = [
        *_of_bill(bill),
        *_of_settlements(settlements),
        *_of_attempts(attempts),
        *_of_refunds(refunds),
        *_of_redirects(redirects),
        *_of_notices(bill),
        *_of_differences(bill),
        *_of_ledger(bill),
    ]
    told = _audited(subjects, actor)
    # At one moment the order is that of the list above: cause before effect.
    return sorted(_joined(steps, told), key=lambda step: step.at)


def _of_bill(bill: Bill) -> Iterator[Step]:
    twin = bill.public_id
    yield Step(
        bill.created_at,
        Source.STATE,
        _("账单开出"),
        amount_fen=bill.total_fen,
        twin=(twin, Action.BILL_OPENED),
    )
    if bill.paid_at:
        yield Step(bill.paid_at, Source.STATE, _("账单已支付"), amount_fen=bill.total_fen)
    elif bill.closed_at:
        is_cancelled = bill.state == BillState.CANCELLED
        action = Action.BILL_CANCELLED if is_cancelled else Action.BILL_EXPIRED
        yield Step(
            bill.closed_at,
            Source.STATE,
            _("账单%(state)s") % {"state": bill.get_state_display()},
            twin=(twin, action),
        )


def _of_settlements(rows: Iterable[Settlement]) -> Iterator[Step]:
    for row in rows:
        yield Step(
            row.created_at,
            Source.STATE,
            _("开始结算"),
            detail=str(App(row.app).label),
            amount_fen=row.total_fen,
            twin=(row.public_id, Action.SETTLEMENT_BEGUN),
        )
        if row.ended_at:
            is_done = not row.failure
            yield Step(
                row.ended_at,
                Source.STATE,
                _("结算完成") if is_done else _("结算没有成功，已全部退回"),
                detail=failure_words(row.failure),
                twin=(row.public_id, Action.SETTLEMENT_DONE if is_done else ""),
            )


def _of_attempts(rows: Iterable[PaymentAttempt]) -> Iterator[Step]:
    for row in rows:
        part = f"{row.leg.get_kind_display()} · " if row.leg else ""
        way = f"{part}{label_of(row.provider)}"
        yield Step(
            row.started_at,
            Source.STATE,
            _("发起支付"),
            detail=f"{way} · {row.public_id}",
            amount_fen=row.amount_fen,
            twin=(row.public_id, Action.PAYMENT_STARTED),
        )
        if row.captured_at:
            yield Step(
                row.captured_at,
                Source.STATE,
                _("收到款项"),
                detail=" · ".join(filter(None, (way, _number_of(row)))),
                amount_fen=row.captured_fen,
                twin=(row.public_id, Action.PAYMENT_CAPTURED),
            )


def _number_of(row: PaymentAttempt) -> str:
    """The channel's number; of a till's receipt without the institution that it is told apart by."""
    return row.channel_ref.rpartition(":")[2] if row.provider == TILL else row.channel_ref


def _of_refunds(rows: Iterable[Refund]) -> Iterator[Step]:
    for row in rows:
        yield Step(
            row.opened_at,
            Source.STATE,
            _("发起退款"),
            detail=f"{row.get_reason_display()} · {row.public_id}",
            amount_fen=row.amount_fen,
            twin=(row.public_id, Action.REFUND_OPENED),
        )
        if row.ended_at:
            is_paid = row.state == "paid"
            yield Step(
                row.ended_at,
                Source.STATE,
                _("退款完成") if is_paid else _("退款已撤回"),
                detail=" · ".join(filter(None, (label_of(row.provider), row.channel_ref))),
                amount_fen=row.amount_fen,
                twin=(row.public_id, Action.REFUND_PAID if is_paid else Action.REFUND_WITHDRAWN),
            )


def _of_redirects(rows: Iterable[RefundRedirect]) -> Iterator[Step]:
    for row in rows:
        to = _("付款人的银行卡") if row.is_payer else _("机构自己的账户")
        yield Step(
            row.asked_at,
            Source.STATE,
            _("申请改投退款"),
            detail=to,
            amount_fen=row.refund.amount_fen,
            twin=(row.refund.public_id, Action.REFUND_REDIRECT_ASKED),
        )


def _of_notices(bill: Bill) -> Iterator[Step]:
    of_payments = ChannelNotice.objects.filter(attempt__bill=bill)
    of_refunds = ChannelNotice.objects.filter(refund__bill=bill)
    for row in [*of_payments.select_related("channel"), *of_refunds.select_related("channel")]:
        what = _("渠道告知支付结果") if row.attempt_id else _("渠道告知退款结果")
        yield Step(
            row.received_at,
            Source.NOTICE,
            what,
            detail=f"{label_of(row.channel.provider)} · {row.said} · {row.notice}",
            amount_fen=row.amount_fen,
        )


def _of_differences(bill: Bill) -> Iterator[Step]:
    about = Q(bill=bill) | Q(attempt__bill=bill) | Q(refund__bill=bill) | Q(target=bill)
    for row in Difference.objects.filter(about).order_by("pk"):
        detail = f"{row.get_party_display()} · {row.get_kind_display()} · {row.public_id}"
        yield Step(row.found_at, Source.STATE, _("对账发现差异"), detail=detail, amount_fen=row.theirs_fen)
        if row.ended_at:
            ended = _("对账差异%(state)s") % {"state": row.get_state_display()}
            yield Step(row.ended_at, Source.STATE, ended, detail=row.public_id)


def _of_ledger(bill: Bill) -> Iterator[Step]:
    movements: dict[str, list[LedgerEntry]] = {}
    for entry in LedgerEntry.objects.filter(bill=bill).order_by("pk"):
        movements.setdefault(entry.movement, []).append(entry)
    for entries in movements.values():
        up = [entry for entry in entries if entry.amount_fen > 0]
        down = [entry for entry in entries if entry.amount_fen < 0]
        moved = f"{_accounts(down)} → {_accounts(up)}"
        yield Step(
            entries[0].at,
            Source.LEDGER,
            _("记账：%(kind)s") % {"kind": Movement(entries[0].kind).label},
            detail=moved,
            amount_fen=sum(entry.amount_fen for entry in up),
        )


def _accounts(entries: Iterable[LedgerEntry]) -> str:
    known = {account.value: str(account.label) for account in Account}
    return "、".join(known.get(entry.account) or label_of(entry.account) for entry in entries)


def _audited(subjects: Mapping[str, Sequence[str]], actor: Actor) -> Sequence[Any]:
    found: list[Any] = []
    for type_, ids in subjects.items():
        rows = audit_entries.visible(actor).filter(subject_type=type_, subject_id__in=ids)
        found += rows.exclude(action=Action.BILL_SEARCHED).order_by("at", "pk")[:MOST_AUDITED]
    return found


def _joined(steps: Sequence[Step], entries: Sequence[Any]) -> Iterator[Step]:
    staff = accounts.staff_usernames(
        entry.actor_id for entry in entries if entry.actor_kind == ActorKind.STAFF
    )
    unmatched: dict[tuple[str, str], list[Any]] = {}
    for entry in entries:
        unmatched.setdefault((entry.subject_id, entry.action), []).append(entry)
    for step in steps:
        same = unmatched.get(step.twin)
        yield replace(step, who=_who(same.pop(0), staff)) if same else step
    for left in unmatched.values():
        for entry in left:
            yield Step(entry.at, Source.STAFF, deed_words(entry.action), _told(entry), who=_who(entry, staff))


def _told(entry: Any) -> str:
    outcome = str(entry.details.get("outcome", ""))
    return " · ".join(filter(None, (entry.reason, failure_words(outcome))))


def _who(entry: Any, staff: Mapping[str, str]) -> str:
    kind = ActorKind(entry.actor_kind)
    if kind is ActorKind.STAFF:
        return _("工作人员 %(name)s") % {"name": staff.get(entry.actor_id, entry.actor_id)}
    return {ActorKind.RESIDENT: _("居民"), ActorKind.CLIENT: _("医院系统")}.get(kind, _("系统"))
