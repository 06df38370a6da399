"""The client of the mobile-payment centre against the centre: orders from the upload to the settlement."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest

from payments.insurance.base import Part, Placing, Scope, Split, Standing
from payments.insurance.errors import AmountsDisagree, NotInsured, PermissionEnded
from payments.providers.errors import ChannelRefused, ChannelUnsure, OrderChanged, OrderPaid, OrderUnknown
from tests.contracts.insurance.office import CENTRE, WHOLE, Office
from tests.payments.insurance import bills


@pytest.mark.row("HI-04")
def test_a_bill_is_uploaded_held_paid_and_known(office: Office) -> None:
    uploaded = office.upload()
    assert office.query(uploaded).standing is Standing.OPEN
    held = office.place(uploaded)
    assert (held.standing, held.split) == (Standing.OPEN, WHOLE)
    office.step(uploaded, "own")
    assert office.query(uploaded).standing is Standing.OWN_PAID
    office.step(uploaded, "insurance")
    known = office.query(uploaded)
    assert (known.standing, known.split, known.number, known.part) == (
        Standing.SETTLED,
        WHOLE,
        "M0001",
        Part.ALL,
    )
    assert office.account()["balance"] == 100_000 - WHOLE.account_fen


def test_without_an_own_share_placing_settles_at_once(office: Office) -> None:
    uploaded = office.upload(scope=Scope(0, 7_000, 33_000))
    said = office.place(uploaded)
    assert (said.standing, said.split) == (Standing.SETTLED, Split(10_400, 29_600, 0))
    assert office.query(uploaded).part is Part.INSURANCE


def test_the_account_is_left_alone_if_the_person_wants(office: Office) -> None:
    said = office.place(office.upload(), use_account=False)
    assert said.split == Split(10_400, 0, 29_600)


def test_residents_have_no_account(office: Office) -> None:
    person = bills.insured("医测居民", scheme="390")
    said = office.place(office.upload(insured=person))
    assert said.split == Split(fund_fen=13_800, account_fen=0, own_fen=26_200)


def test_the_same_bill_is_one_order(office: Office) -> None:
    assert office.upload() == office.upload()
    with pytest.raises(OrderChanged):
        office.upload(batch="B0002")


def test_the_certificate_read_by_a_reader_is_a_permission_too(office: Office) -> None:
    bill = bills.bill(allowed=office.permission("ecToken"))
    uploaded = CENTRE.upload(office.merchant, replace(bill, visit=replace(bill.visit, insurance_id="")))
    assert uploaded.visit_id.startswith("VIS")


@pytest.mark.row("HI-04")
def test_an_old_permission_is_refused_and_a_new_one_goes_on(office: Office) -> None:
    uploaded = office.upload()
    ended = office.permission(seconds=1)
    time.sleep(1.2)
    with pytest.raises(PermissionEnded):
        CENTRE.settle(office.merchant, bills.placing(uploaded, ended))
    assert office.place(uploaded).split == WHOLE


def test_a_permission_of_somebody_else_is_refused(office: Office) -> None:
    other = office.permission(id_number="110100199001019988")
    with pytest.raises(PermissionEnded):
        office.upload(allowed=other)


@pytest.mark.parametrize("name", ["医测未参保", "医测停保"])
def test_who_is_not_insured_is_refused(office: Office, name: str) -> None:
    with pytest.raises(NotInsured):
        office.upload(name=name)


@pytest.mark.row("HI-04")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total_fen": 39_999}, "lines_and_total"),
        ({"lines": []}, "no_lines"),
        ({"lines": [bills.line("1", 40_001), bills.line("2", -1)]}, "lines_and_total"),
        ({"scope": Scope(4_000, 3_000, 32_999)}, "scope_and_total"),
        ({"scope": Scope(-1, 7_001, 33_000)}, "scope_and_total"),
        ({"total_fen": 0, "lines": [bills.line("1", 0)]}, "total_not_positive"),
    ],
)
def test_sums_that_do_not_fit_are_never_sent(office: Office, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(AmountsDisagree) as refused:
        office.upload(**changes)
    assert refused.value.code == code
    calls = [each["path"] for each in office.sandbox.show("requests")["requests"]]
    assert [path for path in calls if "/org/local/" in path] == []


def test_an_answer_about_another_sum_is_no_settlement(office: Office) -> None:
    with pytest.raises(ChannelUnsure) as unsure:
        office.place(office.upload(), total_fen=39_999)
    assert unsure.value.code == "feeSumamt"


def test_what_failed_and_what_takes_time_is_told(office: Office) -> None:
    assert office.place(office.upload("F1", name="医测结算失败")).standing is Standing.FAILED
    waiting = office.upload("W1", name="医测等待")
    assert office.place(waiting).split is None
    stands = [office.query(waiting, "医测等待").standing for _ in range(3)]
    assert stands == [Standing.OPEN, Standing.OPEN, Standing.SETTLED]
    strange = office.upload("S1", name="医测怪状态")
    assert office.query(strange, "医测怪状态").standing is Standing.UNKNOWN


def test_an_order_that_is_held_too_long_ends(office: Office) -> None:
    office.sandbox.order("insurance/hold", seconds=4)
    uploaded = office.upload()
    office.place(uploaded)
    ends = time.monotonic() + 60
    while (known := office.query(uploaded)).standing is Standing.OPEN and time.monotonic() < ends:
        time.sleep(0.1)
    assert (known.standing, known.state) == (Standing.REVOKED, "12")
    with pytest.raises(ChannelRefused):
        office.place(uploaded)


@pytest.mark.row("FC-05")
def test_what_the_insurance_paid_returns_where_the_own_share_never_came(office: Office) -> None:
    uploaded = office.upload()
    office.place(uploaded)
    office.step(uploaded, "insurance")
    assert office.query(uploaded).standing is Standing.SETTLED
    assert office.account()["balance"] == 100_000 - WHOLE.account_fen
    office.step(uploaded, "end")
    known = office.query(uploaded)
    assert (known.standing, known.state) == (Standing.REVOKED, "13")
    assert office.account()["balance"] == 100_000


@pytest.mark.row("HI-04")
def test_an_upload_is_revoked_before_and_not_after_the_settlement(office: Office) -> None:
    uploaded = office.upload("M1")
    CENTRE.revoke(office.merchant, bills.asking(uploaded))
    CENTRE.revoke(office.merchant, bills.asking(uploaded))
    assert office.query(uploaded).standing is Standing.REVOKED
    settled = office.settled()
    with pytest.raises(OrderPaid):
        CENTRE.revoke(office.merchant, bills.asking(settled))


def test_without_token_or_as_somebody_else_there_is_no_order(office: Office) -> None:
    uploaded = office.upload()
    with pytest.raises(OrderUnknown):
        office.query(replace(uploaded, token="0" * 64))
    with pytest.raises(OrderUnknown):
        office.query(uploaded, "林知夏")
    with pytest.raises(OrderUnknown):
        elsewhere = replace(office.merchant, number="H22020200002")
        CENTRE.query(elsewhere, bills.asking(uploaded))


@pytest.mark.row("HI-04")
def test_the_resident_allows_the_payment_on_a_page(office: Office) -> None:
    page = f"{office.sandbox.url}/insurance/permission?state={{state}}&return_url={{return_url}}"
    merchant = replace(office.merchant, values={**office.merchant.values, "permission_url": page})
    back = "http://127.0.0.1:8000/pay/back?x=1"
    url = CENTRE.permission_url(merchant, state="s/1&", return_url=back)
    with httpx.Client(trust_env=False) as browser:
        assert "同意授权" in browser.get(url).text
        text = browser.post(url, data={"id_number": bills.ID_NUMBER}).text
        assert "有效的身份证号" in browser.post(url, data={"id_number": "1"}).text
    returned = httpx.URL(text.split("href='")[-1].split("'")[0].replace("&amp;", "&"))
    assert returned.params["state"] == "s/1&"
    allowed = CENTRE.read_permission(merchant, dict(returned.params))
    assert allowed is not None
    assert office.upload(allowed=allowed).order_id
    assert CENTRE.read_permission(merchant, {"state": "s/1&"}) is None


def test_at_the_same_time_an_order_is_settled_once(office: Office) -> None:
    uploaded = office.upload(scope=Scope(0, 7_000, 33_000))
    orders: list[Placing] = [bills.placing(uploaded, office.permission()) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(CENTRE.settle, [office.merchant] * 6, orders))
    assert {each.standing for each in said} == {Standing.SETTLED}
    assert office.account()["fund_paid"] == 10_400
