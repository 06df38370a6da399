"""Demo data: an invented town with two hospitals, its staff, and a few residents.

Each room that has something to show brings a ``demo`` module with ``load(context)``, called in
the order of the floors; whatever a later room needs, an earlier one puts into the context.
Loading again changes nothing. All people and numbers are invented.
"""

from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

import appointments.demo
import appointments.demo_exams
import cards.demo
import identity.demo
import institutions.demo
import notifications.demo
import payments.demo
import records.demo
from foundation.core.http import Outbound

WEIXIN_CODE_SECONDS = 1_800


class DemoRefused(Exception):
    """Demo data and demo credentials exist only where DEMO is set; only commands ask for them."""


def require_demo() -> None:
    """Refuse unless this installation is a demo.

    Raises:
        DemoRefused: If ``DEMO`` is not set.
    """
    if not settings.DEMO:
        raise DemoRefused("DEMO is not set: demo data and its credentials exist only in a demo")


def load() -> None:
    """Load the demo data of every room, in one transaction."""
    require_demo()
    context: dict[str, object] = {}
    with transaction.atomic():
        institutions.demo.load(context)
        identity.demo.load(context)
        cards.demo.load(context)
        payments.demo.load(context)
        appointments.demo.load(context)
        appointments.demo_exams.load(context)
        records.demo.load(context)
        notifications.demo.load(context)


def is_loaded() -> bool:
    """Whether the last room's demo data stands."""
    return cards.demo.is_loaded()


def credentials() -> dict[str, Any]:
    """What a visitor needs to sign in and to call the interfaces."""
    require_demo()
    return {
        "base_url": settings.BASE_URL,
        **institutions.demo.credentials(),
        "residents": cards.demo.residents(),
        "sandbox_url": settings.SANDBOX_URL,
    }


def weixin_codes(count: int) -> list[str]:
    """One-time codes of fresh invented WeChat users, valid for half an hour.

    The sandbox mints them: it alone knows WeChat users.

    Raises:
        OutsideError: If the sandbox does not answer.
    """
    require_demo()
    sandbox = Outbound(settings.SANDBOX_URL, name="sandbox")
    answer = sandbox.post_json(
        "/console/api/weixin/codes",
        content=orjson.dumps({"count": count, "kind": "mini", "ttl": WEIXIN_CODE_SECONDS}),
    )
    return [str(code) for code in answer["codes"]]
