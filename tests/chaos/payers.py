"""Residents who pay by the resident API and at the sandbox's cashiers, whatever is broken meanwhile.

What each does is thrown before anything begins, so that a seed always gives the same stories.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import psycopg

from foundation.core import clock
from tests.chaos.running import Running

PATIENCE_SECONDS = 240.0
API = "/api/resident/v1"
WAYS = {"weixinpay": ("scans", "browser"), "alipay": ("scans", "browser"), "unionpay": ("scans",)}
MCHID = "1900000001"
# What becomes of a bill, with its share.
ENDS = {
    "pays": 42,
    "is refunded in part": 14,
    "is refunded": 8,
    "gives up": 8,
    "gives up and pays": 8,
    "leaves": 8,
    "is cancelled": 6,
    "pays too much": 6,
}
# Only WeChat Pay's sandbox takes another amount than was asked for.
ONLY_WEIXIN = "pays too much"


@dataclass
class Story:
    """One bill, and what its payer does; what came of it is written down as it goes."""

    bill_no: str
    total_fen: int
    provider: str
    way: str
    end: str
    pause: float
    expires_seconds: int | None
    refund_fen: int = 0
    bill_id: str = ""
    payments: list[str] = field(default_factory=list)
    has_paid: bool = False
    told: list[str] = field(default_factory=list)


def stories(dice: random.Random, count: int, *, expires_seconds: int) -> list[Story]:
    """What a number of payers do.

    Codes that nobody has opened, and UnionPay's, end by their time alone, so those bills have a near one.
    """
    found = []
    for number in range(count):
        end = dice.choices(list(ENDS), list(ENDS.values()))[0]
        provider = "weixinpay" if end == ONLY_WEIXIN else dice.choices(list(WAYS), (6, 3, 2))[0]
        total = dice.randint(100, 90_000)
        is_patient = provider == "weixinpay" and end not in {"leaves", "is cancelled"}
        found.append(
            Story(
                bill_no=f"CM{number:05d}",
                total_fen=total,
                provider=provider,
                way=dice.choice(WAYS[provider]),
                end=end,
                pause=dice.uniform(0, 1.5),
                expires_seconds=None if is_patient else expires_seconds,
                refund_fen=dice.randint(1, total - 1) if end == "is refunded in part" else total,
            )
        )
    return found


class Payer:
    """A resident with a session, who asks again as long as the product does not answer."""

    def __init__(self, product: Running, console: httpx.Client, card: str, phone: str) -> None:
        self._product, self._console, self._card = product, console, card
        self._api = httpx.Client(base_url=product.url, timeout=15, trust_env=False)
        self._api.headers["X-Session-Token"] = self._signed_in(phone)

    def _signed_in(self, phone: str) -> str:
        self._api.post(f"{API}/sessions/phone/code", json={"phone": phone}).raise_for_status()
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            messages = self._console.get("/console/api/sms", params={"phone": phone}).json()["messages"]
            code = next((each["code"] for each in messages if each["code"]), "")
            if code:
                break
            assert time.monotonic() < end, "no code came"
            time.sleep(0.2)
        begun = self._api.post(f"{API}/sessions/phone", json={"phone": phone, "code": code})
        assert begun.status_code == 201, begun.text
        return str(begun.json()["session_token"])

    def live(self, story: Story) -> None:
        """Do all that the story says."""
        self._charge(story)
        launch = self._begin(story)
        time.sleep(story.pause)
        if story.end == "leaves" or launch is None:
            return
        if story.end in {"gives up", "gives up and pays"}:
            self._give_up(story)
        if story.end == "is cancelled":
            self._tell(story, 2, "bill.cancelled", {})
        if story.end != "gives up":
            self._pay(story, launch)
        if story.has_paid and story.end.startswith("is refunded") and self._is_paid(story):
            back = {"refund_no": f"TF{story.bill_no}", "refunded_by": "platform"}
            self._tell(story, 2, "bill.refunded", {**back, "amount_fen": story.refund_fen})
            story.told.append("refund")

    def _charge(self, story: Story) -> None:
        items = [{"title": "测试检查", "amount_fen": story.total_fen}]
        data: dict[str, Any] = {"items": items, "total_fen": story.total_fen}
        if story.expires_seconds is not None:
            until = clock.now() + timedelta(seconds=story.expires_seconds)
            data["expires_at"] = until.isoformat()
        self._tell(story, 1, "bill.charged", data)
        [[story.bill_id]] = self._asked(
            "SELECT public_id FROM payments_bill WHERE reference = %s", story.bill_no
        )

    def _tell(self, story: Story, seq: int, kind: str, data: dict[str, Any]) -> None:
        """Have the hospital tell something of the bill; the same event again is no other."""
        order = {
            "type": kind,
            "aggregate": f"bill:{story.bill_no}",
            "seq": seq,
            "event_id": f"chaos-{story.bill_no}-{seq}",
            "patient": {"health_card_id": self._card},
            "data": {"bill_no": story.bill_no, **data},
        }
        body = {"hospital": "90001", "events": [order], "way": {"retry": True}}
        self._console.post("/console/api/his/events", json=body).raise_for_status()

    def _begin(self, story: Story) -> dict[str, Any] | None:
        """Begin until the channel says how to go on; None if the bill ends before it does."""
        path = f"{API}/bills/{story.bill_id}/payments"
        start = {"provider": story.provider, "way": story.way}
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            answer = self._call("POST", path, start)
            if answer.status_code != 201:
                assert answer.status_code in {404, 409, 410, 422}, answer.text
                return None
            told = answer.json()
            if told["payment_id"] not in story.payments:
                story.payments.append(told["payment_id"])
            while not told["over"] and told["launch"] is None and time.monotonic() < end:
                time.sleep(0.4)
                told = self._call("GET", f"{path}/{told['payment_id']}").json()
            if told["launch"] is not None:
                return dict(told["launch"])
        raise AssertionError(f"no launch for {story}")

    def _give_up(self, story: Story) -> None:
        path = f"{API}/bills/{story.bill_id}/payments/{story.payments[-1]}/leave"
        assert self._call("POST", path).status_code == 200

    def _pay(self, story: Story, launch: dict[str, Any]) -> None:
        """Pay at the channel's own page, which may find that it is too late."""
        fields = launch["fields"]
        address = str(fields.get("text") or fields.get("url"))
        if story.end == ONLY_WEIXIN:
            [[number]] = self._asked(
                "SELECT attempt.public_id FROM payments_attempt AS attempt JOIN payments_leg AS leg"
                " ON leg.id = attempt.leg_id JOIN payments_settlement AS settlement"
                " ON settlement.id = leg.settlement_id WHERE settlement.public_id = %s",
                story.payments[-1],
            )
            order = {"mchid": MCHID, "number": number, "amount": story.total_fen + 1}
            done = self._console.post("/console/api/weixinpay/pay", json=order)
        elif story.provider == "weixinpay":
            url = httpx.URL(address)
            token = url.params.get("pr") or url.params["prepay_id"]
            done = self._console.post("/weixinpay/cashier", data={"press": "pay", "token": token})
        else:
            page = self._console.get(address, follow_redirects=True)
            done = self._console.post(str(page.url), data={"buyer": "2088000000000002"})
        story.has_paid = done.status_code == 200
        story.told.append(f"cashier {done.status_code}")

    def _is_paid(self, story: Story) -> bool:
        """Look at the payment, which makes good a notice that was lost, until it is over."""
        path = f"{API}/bills/{story.bill_id}/payments/{story.payments[-1]}"
        end = time.monotonic() + 60
        while time.monotonic() < end:
            told = self._call("GET", path).json()
            if told["over"]:
                return bool(told["state"] == "settled")
            time.sleep(0.8)
        return False

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        def once() -> httpx.Response | None:
            answer = self._api.request(method, path, json=body)
            return answer if answer.status_code < 500 else None

        return _until_there(once, f"{method} {path}")

    def _asked(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        def once() -> list[tuple[Any, ...]] | None:
            return self._product.ask(query, *values) or None

        return _until_there(once, query)


T = TypeVar("T")


def _until_there(once: Callable[[], T | None], what: str) -> T:
    """Ask until there is an answer; whoever is asked may be down."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            found = once()
        except (httpx.HTTPError, psycopg.OperationalError):
            found = None
        if found is not None:
            return found
        assert time.monotonic() < end, f"no answer: {what}"
        time.sleep(0.3)
