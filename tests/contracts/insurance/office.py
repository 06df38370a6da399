"""An institution at the mobile-payment centre that the sandbox plays."""

from dataclasses import dataclass
from typing import Any

from payments.insurance.base import Allowed, Settlement, Split, Uploaded
from payments.insurance.mobile import MobileCentre
from payments.providers.base import Merchant
from tests.payments.insurance import bills
from tests.sandbox_server import Sandbox

CENTRE = MobileCentre()
# 330.00 within the rules, 200.00 deductible: 80 % of 130.00; the account pays the rest of 360.00.
WHOLE = Split(fund_fen=10_400, account_fen=25_600, own_fen=4_000)


@dataclass
class Office:
    """An institution at the sandbox, and what a resident does there."""

    sandbox: Sandbox
    merchant: Merchant

    def permission(self, kind: str = "payAuthNo", **options: Any) -> Allowed:
        body = {"id_number": bills.ID_NUMBER, "kind": kind, **options}
        number = self.sandbox.order("insurance/permissions", **body)[kind]
        return Allowed(number=number) if kind == "payAuthNo" else Allowed(token=number)

    def upload(self, number: str = "M0001", *, name: str = "林知秋", **changes: Any) -> Uploaded:
        allowed = changes.pop("allowed", None) or self.permission()
        changes.setdefault("insured", bills.insured(name))
        return CENTRE.upload(self.merchant, bills.bill(number, allowed=allowed, **changes))

    def place(self, uploaded: Uploaded, **changes: Any) -> Settlement:
        return CENTRE.settle(self.merchant, bills.placing(uploaded, self.permission(), **changes))

    def query(self, uploaded: Uploaded, name: str = "林知秋") -> Settlement:
        return CENTRE.query(self.merchant, bills.asking(uploaded, name))

    def step(self, uploaded: Uploaded, step: str) -> None:
        self.sandbox.order("insurance/orders", order_id=uploaded.order_id, step=step)

    def settled(self, name: str = "林知秋") -> Uploaded:
        """An order that both sides have paid."""
        uploaded = self.upload(name=name)
        self.place(uploaded)
        self.step(uploaded, "both")
        return uploaded

    def account(self) -> dict[str, Any]:
        return self.sandbox.order("insurance/people", id_number=bills.ID_NUMBER, name="林知秋")
