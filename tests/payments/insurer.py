"""An insurer of the tests, in memory: a test settles, breaks and mends it here."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from payments.insurance.base import (
    Allowed,
    Asking,
    GivenBack,
    GivingBack,
    Placing,
    Settlement,
    SettlementNotice,
    Split,
    Standing,
    Upload,
    Uploaded,
)
from payments.insurance.checks import check_giving_back, check_upload
from payments.insurance.errors import PermissionEnded
from payments.providers.base import Answer, Key, Merchant, RefundSaid
from payments.providers.errors import ChannelError, ChannelUnsure, NoticeRefused, OrderPaid, OrderUnknown

CODE = "insurer"
SPLIT = Split(fund_fen=700, account_fen=300, own_fen=200)


@dataclass
class Office:
    """What stands at the insurer."""

    bills: dict[str, Upload] = field(default_factory=dict)
    orders: dict[str, Settlement] = field(default_factory=dict)
    split: Split = SPLIT
    back: dict[str, GivingBack] = field(default_factory=dict)
    back_answer: RefundSaid = RefundSaid.DONE
    # Raised at the end of the next call of that name: it has acted, and nobody heard of it.
    lost: dict[str, ChannelError] = field(default_factory=dict)
    # Raised before it acts.
    down: dict[str, ChannelError] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def become(self, number: str, standing: Standing, state: str) -> None:
        """Let an order stand as the test wants it."""
        self.orders[number] = replace(self.orders[number], standing=standing, state=state)

    def settle(self, number: str) -> None:
        self.become(number, Standing.SETTLED, "6")

    def fail(self, number: str) -> None:
        self.become(number, Standing.FAILED, "15")


class Insurer:
    """A small insurer."""

    code = CODE
    keys: Sequence[Key] = (Key("secret", "密钥", is_secret=True),)
    office: ClassVar[Office] = Office()

    def label(self) -> str:
        return "测试医保"

    def permission_url(self, merchant: Merchant, *, state: str, return_url: str) -> str:
        return f"{merchant.base_url}/permission?state={state}&return_url={return_url}"

    def read_permission(self, merchant: Merchant, query: Mapping[str, str]) -> Allowed | None:
        return Allowed(number=query["payAuthNo"]) if query.get("payAuthNo") else None

    def upload(self, merchant: Merchant, bill: Upload) -> Uploaded:
        self._fail("upload", before=True)
        if bill.allowed.number == "ended":
            raise PermissionEnded(CODE, "ended")
        check_upload(CODE, bill)
        self.office.bills.setdefault(bill.number, bill)
        self.office.orders.setdefault(
            bill.number, Settlement(f"O{bill.number}", "1", Standing.OPEN, number=bill.number)
        )
        self._fail("upload")
        return Uploaded(f"O{bill.number}", f"T{bill.number}", bill.visit.insurance_id)

    def settle(self, merchant: Merchant, order: Placing) -> Settlement:
        self._fail("settle", before=True)
        number = order.uploaded.order_id[1:]
        known = self.office.orders[number]
        if known.split is None:
            split = self.office.split
            done = split.own_fen == 0
            known = replace(
                known,
                split=split,
                state="6" if done else "2",
                standing=Standing.SETTLED if done else Standing.OPEN,
            )
            self.office.orders[number] = known
        self._fail("settle")
        return known

    def query(self, merchant: Merchant, asking: Asking) -> Settlement:
        self._fail("query", before=True)
        known = self.office.orders.get(asking.uploaded.order_id[1:])
        if known is None:
            raise OrderUnknown(CODE, "unknown")
        return known

    def revoke(self, merchant: Merchant, asking: Asking) -> None:
        self._fail("revoke", before=True)
        number = asking.uploaded.order_id[1:]
        if self.office.orders[number].standing in (Standing.SETTLED, Standing.GIVEN_BACK):
            raise OrderPaid(CODE, "settled")
        self.office.become(number, Standing.REVOKED, "12")
        self._fail("revoke")

    def refund(self, merchant: Merchant, giving: GivingBack) -> GivenBack:
        self._fail("refund", before=True)
        check_giving_back(CODE, giving)
        answer = self.office.back_answer
        if answer is RefundSaid.CLOSED:
            return GivenBack(giving.number, answer, "FAIL")
        assert self.office.back.setdefault(giving.number, giving).split == giving.split
        self.office.become(giving.order_id[1:], Standing.GIVEN_BACK, "8")
        self._fail("refund")
        return GivenBack(giving.number, answer, "SUCC" if answer is RefundSaid.DONE else "EXP")

    def read_notice(self, merchant: Merchant, headers: Mapping[str, str], body: bytes) -> SettlementNotice:
        if not hmac.compare_digest(signed(body, merchant.secrets["secret"]), headers.get("x-insurer", "")):
            raise NoticeRefused(CODE, "signature")
        said = json.loads(body)
        return SettlementNotice(said["id"], Settlement(said["order"], "6", Standing.SETTLED))

    def answer(self, *, accepted: bool) -> Answer:
        return Answer(200, "text/plain", b"ok") if accepted else Answer(500, "text/plain", b"no")

    def _fail(self, call: str, *, before: bool = False) -> None:
        if before:
            self.office.calls.append(call)
        planned = (self.office.down if before else self.office.lost).pop(call, None)
        if planned is not None:
            raise planned


def signed(body: bytes, secret: str) -> str:
    """The insurer's signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def unsure() -> ChannelUnsure:
    """No answer in time."""
    return ChannelUnsure(CODE, "timeout")
