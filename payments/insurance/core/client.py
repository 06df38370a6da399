"""The core of the public medical insurance (FSI), as an ``InsuranceDesk``.

How its answers become ours:

    no answer in time, 5xx, no JSON, an answer to another message
        to 2207, 2208, 2601      ChannelUnsure: reverse the message
        to the others            ChannelTemporary, or ChannelUnsure after a time-out
    infcode other than 0         ChannelRefused with the core's code

The sentence of a refusal may name a person, and is dropped.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.utils.translation import gettext

from foundation.core import clock, http
from foundation.core.clock import beijing
from payments.insurance import checks
from payments.insurance.base import FeeLine, Scope
from payments.insurance.core import messages, setup
from payments.insurance.core.setup import Setup
from payments.insurance.desk import (
    Act,
    Billing,
    Clerk,
    Compared,
    DayTotals,
    Diagnosis,
    Divided,
    Person,
    Registering,
    Shown,
    Visited,
)
from payments.insurance.errors import AmountsDisagree, AnswerDisagrees
from payments.insurance.strict_json import NotJson, read_object, write_compact
from payments.providers.base import Key, Merchant
from payments.providers.errors import ChannelRefused, ChannelTemporary, ChannelUnsure

TIMEOUT_SECONDS = 20.0
Found = TypeVar("Found")
_ACTS = frozenset({"2207", "2208", "2601"})


class InsuranceCore:
    """One core; which, and as whom, says the set-up."""

    code = setup.CODE

    @property
    def keys(self) -> Sequence[Key]:
        """What an institution's set-up has."""
        return setup.keys()

    def label(self) -> str:
        """What people read."""
        return gettext("医保核心结算")

    def new_message(self, merchant: Merchant) -> str:
        """A number for a message that can be reversed; keep it before it is sent."""
        return setup.read(merchant).new_message()

    def sign_in(self, merchant: Merchant, clerk: Clerk) -> str:
        """Sign in for the day (9001)."""
        signing = {"signIn": {"opter_no": clerk.number, "mac": "", "ip": ""}}
        output = self._ask(merchant, clerk, "9001", signing)
        return self._read(lambda: messages.text(messages.part(output, "signinoutb"), "sign_no"))

    def person(self, merchant: Merchant, clerk: Clerk, shown: Shown) -> Person:
        """Who shows this certificate, and how they are insured (1101)."""
        output = self._ask(merchant, clerk, "1101", messages.person(shown))
        return self._read(lambda: messages.read_person(output))

    def register(self, merchant: Merchant, clerk: Clerk, visit: Registering) -> Visited:
        """Register an out-patient visit (2201)."""
        output = self._ask(merchant, clerk, "2201", messages.registering(visit), place=visit.place)
        made = self._read(lambda: messages.text(messages.part(output, "data"), "mdtrt_id"))
        return Visited(made, visit.person, visit.number, visit.place)

    def undo_registration(self, merchant: Merchant, clerk: Clerk, visit: Visited) -> None:
        """Take a registration back (2202)."""
        self._ask(merchant, clerk, "2202", messages.registered(visit), place=visit.place)

    def describe(
        self,
        merchant: Merchant,
        clerk: Clerk,
        visit: Visited,
        *,
        kind: str,
        began_at: datetime,
        diagnoses: Sequence[Diagnosis],
    ) -> None:
        """Say what the visit was about (2203)."""
        said = messages.description(visit, kind=kind, began_at=began_at, diagnoses=diagnoses)
        self._ask(merchant, clerk, "2203", said, place=visit.place)

    def add_fees(
        self, merchant: Merchant, clerk: Clerk, visit: Visited, *, batch: str, lines: Sequence[FeeLine]
    ) -> Mapping[str, Scope]:
        """Hand in fees (2204); how each line, by its number, stands in the catalogue."""
        if not lines or any(line.amount_fen < 0 for line in lines):
            raise AmountsDisagree(self.code, "no_lines")
        output = self._ask(
            merchant, clerk, "2204", messages.fees(visit, batch=batch, lines=lines), place=visit.place
        )
        scopes = self._read(lambda: messages.read_scopes(output))
        if scopes.keys() != {line.number for line in lines}:
            raise AnswerDisagrees(self.code, "feedetl_sn")
        return scopes

    def undo_fees(self, merchant: Merchant, clerk: Clerk, visit: Visited, *, batch: str) -> None:
        """Take fees back (2205)."""
        self._ask(merchant, clerk, "2205", messages.fees_back(visit, batch=batch), place=visit.place)

    def divide(self, merchant: Merchant, clerk: Clerk, bill: Billing) -> Divided:
        """Divide on trial (2206); nothing is kept."""
        return self._divided(merchant, clerk, bill, "2206")

    def settle(self, merchant: Merchant, clerk: Clerk, bill: Billing, *, message: str) -> Divided:
        """Settle (2207)."""
        divided = self._divided(merchant, clerk, bill, "2207", message=message)
        if not divided.settlement_id:
            raise AnswerDisagrees(self.code, "setl_id")
        return divided

    def undo_settlement(
        self, merchant: Merchant, clerk: Clerk, visit: Visited, settlement_id: str, *, message: str
    ) -> Divided:
        """Take a settlement back (2208); the split is what returns, as positive amounts."""
        said = messages.settled(visit, settlement_id)
        output = self._ask(merchant, clerk, "2208", said, place=visit.place, message=message)
        return self._read(lambda: messages.read_divided(output, sign=-1))[0]

    def reverse(self, merchant: Merchant, clerk: Clerk, visit: Visited, act: Act, *, message: str) -> None:
        """Make a message undone whose answer was lost (2601)."""
        said = {"data": {"psn_no": visit.person, "omsgid": message, "oinfno": act.value}}
        self._ask(merchant, clerk, "2601", said, place=visit.place)

    def compare_totals(self, merchant: Merchant, clerk: Clerk, totals: DayTotals) -> Compared:
        """Have an institution's sums compared (3201)."""
        output = self._ask(merchant, clerk, "3201", messages.totals(totals))
        said = self._read(lambda: messages.part(output, "stmtinfo"))
        result = self._read(lambda: messages.text(said, "stmt_rslt"))
        reason = str(said.get("stmt_rslt_dscr") or "")
        return Compared(result == setup.read(merchant).equal, result, reason)

    def _divided(
        self, merchant: Merchant, clerk: Clerk, bill: Billing, number: str, *, message: str = ""
    ) -> Divided:
        if bill.total_fen <= 0:
            raise AmountsDisagree(self.code, "total_not_positive")
        checks.check_scope(self.code, bill.scope, bill.total_fen, bill.over_limit_fen)
        output = self._ask(
            merchant, clerk, number, messages.billing(bill), place=bill.visit.place, message=message
        )
        divided, total = self._read(lambda: messages.read_divided(output))
        if total != bill.total_fen:
            raise AnswerDisagrees(self.code, "medfee_sumamt")
        return divided

    def _read(self, read: Callable[[], Found]) -> Found:
        try:
            return read()
        except messages.Unreadable as exc:
            raise AnswerDisagrees(self.code, str(exc)) from exc

    def _ask(
        self,
        merchant: Merchant,
        clerk: Clerk,
        number: str,
        business: Mapping[str, Any],
        *,
        place: str = "",
        message: str = "",
    ) -> Mapping[str, Any]:
        known = setup.read(merchant)
        envelope = _envelope(known, clerk, number, business, place=place, message=message)
        unsure = ChannelUnsure if number in _ACTS else ChannelTemporary
        try:
            got = _outbound(known.base_url).post(
                known.path,
                content=write_compact(envelope).encode(),
                headers={"Content-Type": "application/json; charset=utf-8", **known.gateway_headers()},
            )
        except http.OutsideTimeout as exc:
            raise ChannelUnsure(self.code, "timeout") from exc
        except http.OutsideRefused as exc:
            raise ChannelRefused(self.code, f"status_{exc.status}") from exc
        except http.OutsideError as exc:
            raise unsure(self.code, "unavailable") from exc
        try:
            answer = read_object(got.body)
        except NotJson as exc:
            raise unsure(self.code, "protocol_error") from exc
        code = str(answer.get("infcode", ""))
        if code != "0":
            raise (ChannelRefused if code else unsure)(self.code, code or "protocol_error")
        output = answer.get("output")
        return output if isinstance(output, Mapping) else {}


def _envelope(
    known: Setup, clerk: Clerk, number: str, business: Mapping[str, Any], *, place: str, message: str
) -> dict[str, Any]:
    """The members of every message; what signs it (``cainfo``) is not public, and stays empty."""
    return {
        "infno": number,
        "msgid": message or known.new_message(),
        "mdtrtarea_admvs": known.area,
        "insuplc_admdvs": place or known.area,
        "recer_sys_code": known.receiver,
        "dev_no": clerk.device,
        "dev_safe_info": "",
        "cainfo": "",
        "signtype": "",
        "infver": known.version,
        "opter_type": clerk.kind,
        "opter": clerk.number,
        "opter_name": clerk.name,
        "inf_time": beijing(clock.now()).strftime(messages.SECONDS),
        "fixmedins_code": known.organisation,
        "fixmedins_name": known.name,
        "sign_no": clerk.sign_in,
        "input": business,
    }


@lru_cache(maxsize=64)
def _outbound(base_url: str) -> http.Outbound:
    return http.Outbound(base_url, name="insurance_core", timeout=TIMEOUT_SECONDS)
