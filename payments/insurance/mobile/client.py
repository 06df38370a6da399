"""The mobile-payment centre of the public medical insurance, as an ``Insurer``.

How its answers become ours:

    no answer in time, 5xx, an answer that cannot be checked, a refusal without signature
        to 6202, 6203, 6401               ChannelUnsure: 6301 knows
        to the others                     ChannelTemporary, or ChannelUnsure after a time-out
    a signed refusal                      what the region's table of codes says, else ChannelRefused
    HTTP 4xx                              as a refusal without signature
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext

from foundation.core import http
from payments.insurance import checks
from payments.insurance.base import (
    Allowed,
    Asking,
    GivenBack,
    GivingBack,
    Placing,
    Settlement,
    SettlementNotice,
    Upload,
    Uploaded,
)
from payments.insurance.errors import AnswerDisagrees, PermissionEnded
from payments.insurance.mobile import envelope, messages, setup
from payments.insurance.mobile.setup import Setup
from payments.insurance.strict_json import write_compact
from payments.providers.base import Answer, Key, Merchant, RefundSaid
from payments.providers.errors import (
    ChannelMisconfigured,
    ChannelRefused,
    ChannelTemporary,
    ChannelUnsure,
    NoticeRefused,
)

# Settling asks a chain of other systems; the resident's page waits for the state and not for the call.
TIMEOUT_SECONDS = 20.0
_GIVEN_BACK = {"SUCC": RefundSaid.DONE, "FAIL": RefundSaid.CLOSED, "EXP": RefundSaid.ABNORMAL}


class MobileCentre:
    """One centre; which, and as whom, says the set-up."""

    code = setup.CODE

    @property
    def keys(self) -> Sequence[Key]:
        """What an institution's set-up has."""
        return setup.keys()

    def label(self) -> str:
        """What people read."""
        return gettext("医保移动支付")

    def permission_url(self, merchant: Merchant, *, state: str, return_url: str) -> str:
        """The page on which the person allows the payment; empty if the region has none."""
        template = setup.read(merchant).permission_url
        return template.replace("{state}", quote(state, safe="")).replace(
            "{return_url}", quote(return_url, safe="")
        )

    def read_permission(self, merchant: Merchant, query: Mapping[str, str]) -> Allowed | None:
        """What the page sent back with the person; None if they did not allow it."""
        number = query.get(setup.read(merchant).permission_field, "").strip()
        return Allowed(number=number) if number else None

    def upload(self, merchant: Merchant, bill: Upload) -> Uploaded:
        """Hand in the bill (6201)."""
        checks.check_upload(self.code, bill)
        checks.check_permission(self.code, bill.allowed)
        known = setup.read(merchant)
        if not bill.allowed.token and not bill.visit.insurance_id:
            raise ChannelRefused(self.code, "visit_missing")
        data = self._ask(known, messages.UPLOAD, messages.upload(known, bill), acts=False)
        try:
            return messages.read_uploaded(data, bill.visit.insurance_id)
        except messages.Unreadable as exc:
            raise AnswerDisagrees(self.code, str(exc)) from exc

    def settle(self, merchant: Merchant, order: Placing) -> Settlement:
        """Have it divided, held and, where nobody else pays a part, settled (6202)."""
        if not order.allowed.number:
            raise PermissionEnded(self.code, "permission_missing")
        known = setup.read(merchant)
        data = self._ask(known, messages.PLACE, messages.placing(known, order), acts=True)
        return self._settlement(data, order.uploaded.order_id, order.total_fen)

    def query(self, merchant: Merchant, asking: Asking) -> Settlement:
        """Ask where an order stands (6301)."""
        known = setup.read(merchant)
        data = self._ask(known, messages.QUERY, messages.asking(known, asking), acts=False)
        return self._settlement(data, asking.uploaded.order_id)

    def revoke(self, merchant: Merchant, asking: Asking) -> None:
        """Take back a bill that is not settled (6401)."""
        known = setup.read(merchant)
        self._ask(known, messages.REVOKE, messages.asking(known, asking), acts=True)

    def refund(self, merchant: Merchant, giving: GivingBack) -> GivenBack:
        """Give back what was settled, in whole or in part (6203)."""
        checks.check_giving_back(self.code, giving)
        checks.check_permission(self.code, giving.allowed)
        known = setup.read(merchant)
        data = self._ask(known, messages.REFUND, messages.giving(giving), acts=True)
        said = str(data.get("refStatus", ""))
        if said not in _GIVEN_BACK:
            raise AnswerDisagrees(self.code, "refStatus")
        return GivenBack(giving.number, _GIVEN_BACK[said], said)

    def read_notice(self, merchant: Merchant, headers: Mapping[str, str], body: bytes) -> SettlementNotice:
        """Check and open what the centre posted.

        Its body is that of 6301; a notice without a state is about a settled order.
        """
        known = setup.read(merchant)
        try:
            head, data = envelope.open_envelope(known, body)
            # Without a name in it the envelope could be meant for another application.
            if head.get("appId") != known.app_id:
                raise envelope.EnvelopeBroken("app_id")
            said = messages.read_settlement({"ordStas": "6", **data})
        except (envelope.EnvelopeBroken, messages.Unreadable) as exc:
            raise NoticeRefused(self.code, str(exc)) from exc
        return SettlementNotice(f"{said.order_id}:{said.state}:{said.traced_at}", said)

    def answer(self, *, accepted: bool) -> Answer:
        """What the centre expects to hear."""
        said = {"success": accepted, "message": "成功" if accepted else "失败"}
        return Answer(200 if accepted else 500, body=write_compact(said).encode())

    def _settlement(self, data: Mapping[str, Any], order_id: str, total_fen: int | None = None) -> Settlement:
        try:
            said = messages.read_settlement(data)
        except messages.Unreadable as exc:
            raise AnswerDisagrees(self.code, str(exc)) from exc
        if said.order_id != order_id:
            raise AnswerDisagrees(self.code, "payOrdId")
        if total_fen is not None and said.split is not None and said.split.total_fen != total_fen:
            raise AnswerDisagrees(self.code, "feeSumamt")
        return said

    def _ask(self, known: Setup, path: str, data: Mapping[str, Any], *, acts: bool) -> dict[str, Any]:
        """One call.

        Args:
            acts: Whether a call whose answer is lost may have moved money or ended an order.
        """
        unsure = ChannelUnsure if acts else ChannelTemporary
        try:
            got = _outbound(known.base_url).post(
                path,
                content=envelope.seal(known, data),
                headers={"Content-Type": "application/json; charset=utf-8"},
                refusals=True,
            )
        except http.OutsideTimeout as exc:
            raise ChannelUnsure(self.code, "timeout") from exc
        except http.OutsideError as exc:
            raise unsure(self.code, "unavailable") from exc
        try:
            head, answer = envelope.open_envelope(known, got.body)
        except envelope.EnvelopeBroken as exc:
            raise self._unsigned(got, str(exc), acts=acts) from exc
        code = str(head.get("code", ""))
        if code != "0":
            raise known.codes.get(code, ChannelRefused)(self.code, code)
        return answer

    def _unsigned(
        self, got: http.Answer, reason: str, *, acts: bool
    ) -> ChannelUnsure | ChannelRefused | ChannelTemporary:
        """What an answer means that nobody vouches for: after a call that acts, nothing.

        A gateway before the centre refuses without a signature, above all when it does not accept ours.
        """
        try:
            code = str(envelope.read_head(got.body).get("code", ""))
        except envelope.EnvelopeBroken:
            code = ""
        if acts or code in {"", "0"}:
            return ChannelUnsure(self.code, f"unsigned_{code}" if code else reason)
        return ChannelMisconfigured(self.code, code)


@lru_cache(maxsize=64)
def _outbound(base_url: str) -> http.Outbound:
    return http.Outbound(base_url, name="insurance", timeout=TIMEOUT_SECONDS)
