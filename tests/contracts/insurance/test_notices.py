"""The client of the mobile-payment centre against the centre: what it tells, and how that is answered."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from payments.insurance.base import Standing
from payments.providers.base import Merchant
from payments.providers.errors import NoticeRefused
from tests.contracts.insurance.office import CENTRE, WHOLE, Office
from tests.interop.receiver import Receiver, receiver
from tests.sandbox_server import Sandbox


def notices(sandbox: Sandbox, into: Receiver, count: int) -> list[dict[str, Any]]:
    """Wait for what the centre posts."""
    ends = time.monotonic() + 60
    while len(into.notices) < count and time.monotonic() < ends:
        time.sleep(0.05)
    return list(into.notices)


def with_notice(office: Office, into: Receiver) -> None:
    office.sandbox.http.post("/console/api/insurance", json={"notify_url": into.url}).raise_for_status()


@pytest.mark.row("HI-04")
def test_the_result_is_told_signed_and_told_again_until_it_is_kept(office: Office) -> None:
    with receiver() as into:
        with_notice(office, into)
        into.status = 500
        uploaded = office.settled()
        first = notices(office.sandbox, into, 1)
        assert len(first) >= 1
        into.status = 200
        # The receiver of the tests does not say {"success": true}, so it comes once more.
        notices(office.sandbox, into, 2)
        ids = set()
        for headers, body in into.raw:
            notice = CENTRE.read_notice(office.merchant, headers, body)
            ids.add(notice.id)
            assert (notice.said.order_id, notice.said.split) == (uploaded.order_id, WHOLE)
        assert len(ids) == 1
        assert len(into.raw) >= 2
    tried = office.sandbox.show("insurance/notices")["notices"]
    assert {each["status"] for each in tried} >= {500, 200}


def test_what_is_not_the_centres_is_no_notice(office: Office) -> None:
    with receiver() as into:
        with_notice(office, into)
        office.settled()
        notices(office.sandbox, into, 1)
        (headers, body), *_ = into.raw
    other_centre = {
        **office.merchant.values,
        "centre_key": office.sandbox.show("insurance")["demo"]["public_key"],
    }
    changed: list[tuple[Merchant, bytes]] = [
        (office.merchant, body.replace(b'"version": "2.0.1"', b'"version": "2.0.2"')),
        (office.merchant, b"{}"),
        (office.merchant, b"not json"),
        (replace(office.merchant, values=other_centre), body),
        (replace(office.merchant, values={**office.merchant.values, "app_id": "B" * 32}), body),
    ]
    for merchant, content in changed:
        with pytest.raises(NoticeRefused):
            CENTRE.read_notice(merchant, headers, content)
    CENTRE.read_notice(office.merchant, headers, body)


@pytest.mark.parametrize(("kind", "count"), [("silent", 0), ("duplicate", 2)])
def test_notices_can_be_lost_or_doubled(office: Office, kind: str, count: int) -> None:
    with receiver() as into:
        with_notice(office, into)
        office.sandbox.fault("insurance", kind)
        uploaded = office.settled()
        assert office.query(uploaded).standing is Standing.SETTLED
        assert len(notices(office.sandbox, into, count)) >= count
        assert bool(into.notices) is bool(count)


def test_the_answer_to_a_notice_is_the_centres() -> None:
    kept, again = CENTRE.answer(accepted=True), CENTRE.answer(accepted=False)
    assert (kept.status, json.loads(kept.body)["success"]) == (200, True)
    assert (again.status, json.loads(again.body)["success"]) == (500, False)
