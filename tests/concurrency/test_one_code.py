"""Two workers have one code: it is handed to one supplier, not to both."""

import pytest

from foundation.accounts import phone_codes, sms
from foundation.accounts.models import SmsDispatch, SmsState
from foundation.carriers import sms as carrier
from notifications.services import suppliers
from tests.concurrency.test_messages import at_once, calls
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("NT-02")]
PHONE = "13900000081"


def prepared() -> str:
    suppliers.ensure()
    return sms.prepare(phone=PHONE, code="402817", purpose=phone_codes.SIGN_IN).public_id


def test_six_workers_hand_a_code_over_once(sandbox: Sandbox) -> None:
    dispatch = prepared()
    at_once(lambda: sms.send(dispatch))
    assert calls(sandbox) == 1
    assert [sent["code"] for sent in sandbox.messages(PHONE)] == ["402817"]
    assert SmsDispatch.objects.get().state == SmsState.SENT


def test_without_the_claim_both_suppliers_send_it_though_it_is_the_same_code(sandbox: Sandbox) -> None:
    dispatch = SmsDispatch.objects.get(public_id=prepared())
    names = iter(carrier.suppliers() * 3)

    def careless() -> None:
        carrier.send(
            template="sign_in_code",
            phone=dispatch.phone or "",
            params={"code": dispatch.code or "", "minutes": 5},
            request_id=dispatch.public_id,
            supplier=next(names),
        )

    at_once(careless)
    assert calls(sandbox) == 6
    assert {sent["supplier"] for sent in sandbox.messages(PHONE)} == {"sms", "sms2"}
    assert {sent["code"] for sent in sandbox.messages(PHONE)} == {"402817"}
