"""The client of the mobile-payment centre against the centre: lost answers, faults, signatures, set-up."""

from dataclasses import replace

import httpx
import pytest

from payments.insurance.base import Scope, Standing, Uploaded
from payments.insurance.mobile import client
from payments.providers.errors import ChannelError, ChannelMisconfigured, ChannelTemporary, ChannelUnsure
from tests.contracts.insurance.impatience import impatient
from tests.contracts.insurance.office import CENTRE, WHOLE, Office
from tests.payments.insurance import bills
from tests.payments.insurance.judge import Judge


@pytest.mark.row("HI-04")
def test_settled_without_an_answer_is_found_by_asking(office: Office) -> None:
    uploaded = office.upload(name="医测已结无应答", scope=Scope(0, 7_000, 33_000))
    with impatient(client), pytest.raises(ChannelUnsure):
        office.place(uploaded)
    assert office.query(uploaded, "医测已结无应答").standing is Standing.SETTLED


def test_not_settled_without_an_answer_is_found_by_asking_and_revoked(office: Office) -> None:
    uploaded = office.upload(name="医测未结无应答")
    with impatient(client), pytest.raises(ChannelUnsure):
        office.place(uploaded)
    asking = bills.asking(uploaded, "医测未结无应答")
    assert CENTRE.query(office.merchant, asking).standing is Standing.OPEN
    CENTRE.revoke(office.merchant, asking)
    assert CENTRE.query(office.merchant, asking).standing is Standing.REVOKED


def test_a_lost_answer_can_be_switched_on_for_anybody(office: Office) -> None:
    uploaded = office.upload(scope=Scope(0, 7_000, 33_000))
    office.sandbox.fault("insurance", "lost", path="/org/local/api/hos/pay_order")
    with impatient(client), pytest.raises(ChannelUnsure):
        office.place(uploaded)
    assert office.query(uploaded).standing is Standing.SETTLED
    office.sandbox.repair()
    # Placing again says how it stands and settles nothing twice.
    assert office.place(uploaded).standing is Standing.SETTLED
    assert office.account()["fund_paid"] == 10_400


@pytest.mark.parametrize("kind", ["error", "outage", "garbage", "badsign"])
def test_a_call_that_acts_is_unsure_whatever_comes_back(office: Office, kind: str) -> None:
    uploaded = office.upload()
    allowed = office.permission()
    office.sandbox.fault("insurance", kind)
    with pytest.raises(ChannelUnsure):
        CENTRE.settle(office.merchant, bills.placing(uploaded, allowed))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("error", ChannelTemporary),
        ("outage", ChannelTemporary),
        ("garbage", ChannelUnsure),
        ("badsign", ChannelUnsure),
    ],
)
def test_asking_again_is_all_that_a_question_needs(
    office: Office, kind: str, error: type[ChannelError]
) -> None:
    uploaded = office.upload()
    office.sandbox.fault("insurance", kind)
    with pytest.raises(error):
        office.query(uploaded)


def test_a_centre_that_is_not_there(office: Office) -> None:
    gone = replace(office.merchant, base_url="http://127.0.0.1:9")
    with pytest.raises(ChannelTemporary):
        CENTRE.upload(gone, bills.bill(allowed=office.permission()))
    with pytest.raises(ChannelUnsure):
        CENTRE.settle(gone, bills.placing(Uploaded("ORD1", "T", "V"), office.permission()))


def test_a_wrong_secret_or_key_of_ours_is_somebodys_to_mend(office: Office) -> None:
    wrong = replace(office.merchant, secrets={**office.merchant.secrets, "app_secret": "S" * 32})
    with pytest.raises(ChannelMisconfigured) as refused:
        CENTRE.upload(wrong, bills.bill(allowed=office.permission()))
    assert refused.value.code == "1004"
    unknown = replace(office.merchant, values={**office.merchant.values, "app_id": "A" * 32})
    with pytest.raises(ChannelMisconfigured):
        CENTRE.upload(unknown, bills.bill(allowed=office.permission()))
    # The gateway refuses without a signature, and nothing that acts is ended by that.
    with pytest.raises(ChannelUnsure) as unsure:
        CENTRE.settle(wrong, bills.placing(Uploaded("ORD1", "T", "V"), office.permission()))
    assert unsure.value.code == "unsigned_1004"


@pytest.mark.parametrize(
    "habits",
    [{"user_id": "secret"}, {"timestamp": "digits"}, {"padding": "zero"}],
)
def test_regional_habits_are_settings_on_both_sides(office: Office, habits: dict[str, str]) -> None:
    office.sandbox.http.post("/console/api/insurance", json=habits).raise_for_status()
    spoken = replace(
        office, merchant=bills.mobile_merchant(office.sandbox.url, office.sandbox.show("insurance"), **habits)
    )
    uploaded = spoken.upload()
    assert spoken.place(uploaded).split == WHOLE
    if "timestamp" not in habits:
        with pytest.raises(ChannelError):
            office.upload()


def test_a_third_partys_client_is_understood(office: Office) -> None:
    known = office.sandbox.show("insurance")
    demo = known["demo"]
    third = Judge(demo["app_id"], demo["secret"], demo["private_key"], known["centre_key"])
    uploaded = office.upload()
    data = {
        "payOrdId": uploaded.order_id,
        "orgCodg": bills.ORGANISATION,
        "payToken": uploaded.token,
        "idNo": bills.ID_NUMBER,
        "userName": "林知秋",
        "idType": "01",
    }
    path = "/org/local/api/hos/query_order_info"
    answer = httpx.post(f"{office.sandbox.url}{path}", content=third.seal(data), trust_env=False)
    assert third.accepts(answer.content)["ordStas"] == "1"
    assert answer.json()["code"] == 0
