"""Templates, recipients and a daytime for the tests of sending; other rooms' tests use them too."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import time_machine

from foundation.accounts.enrolment import index_domain
from foundation.accounts.models import Account, MethodKind, SignInMethod
from foundation.core import clock
from foundation.core.actor import Actor
from gmcrypto.index import blind_index
from notifications.models import Dispatch, Message, Template
from notifications.rules.topics import Channel
from notifications.services import Telling, sending, tell
from notifications.services.templates import activate_template, draft_template
from tests.sandbox_server import Sandbox

STAFF = Actor.system("tests")
REASON = "测试"
# Ten in the morning in Beijing, when nothing waits for the night to end.
DAYTIME = datetime(2026, 11, 23, 10, 0, tzinfo=clock.BEIJING)
FIELDS = {
    Channel.SMS: {"hospital": "{hospital}", "when": "{when}"},
    Channel.SUBSCRIBE: {"thing1": "{hospital}", "time2": "{when}", "phrase3": "{who}"},
    Channel.OFFICIAL: {"thing1": "{hospital}", "time2": "{when}", "thing3": "{what}"},
}
EXTERNAL = {
    Channel.SMS: "notice",
    Channel.SUBSCRIBE: "sandbox-visit",
    Channel.OFFICIAL: "sandbox-notice",
}


@contextmanager
def daytime(*, tick: bool = False) -> Iterator[Any]:
    """A moment at which messages go out at once."""
    with time_machine.travel(DAYTIME, tick=tick) as moving:
        yield moving


def template(kind: str, channel: str = Channel.SMS, **changes: Any) -> Template:
    """A version in force."""
    row = draft_template(
        **{
            "kind": kind,
            "channel": channel,
            "external_id": EXTERNAL[Channel(channel)],
            "fields": FIELDS[Channel(channel)],
            "actor": STAFF,
            "reason": REASON,
            **changes,
        }
    )
    return activate_template(template=row.public_id, actor=STAFF, reason=REASON)


def weixin_user(sandbox: Sandbox, account: Account, kind: str = "mini") -> dict[str, Any]:
    """A WeChat user of the sandbox who signs in to the account."""
    user = sandbox.order("weixin/users")
    method = MethodKind.WEIXIN_MINI if kind == "mini" else MethodKind.WEIXIN_OFFICIAL
    with_openid(account, method, str(user[f"openid_{kind}"]))
    return user


def with_openid(account: Account, kind: MethodKind, openid: str) -> SignInMethod:
    """A WeChat user who signs in to the account."""
    return SignInMethod.objects.create(
        account=account,
        subject=account.public_id,
        kind=kind,
        value=openid,
        value_index=blind_index(index_domain(kind), openid),
        verified_at=clock.now(),
        last_used_at=clock.now(),
    )


def told(account: Account, kind: str = "appointment.booked", **changes: Any) -> Message:
    """Something that the account is told."""
    given: dict[str, Any] = {
        "params": {"booking": "b1", "ticket": "t1"},
        "dedupe_key": f"{kind}-1",
        **changes,
    }
    (message,) = tell(tellings=[Telling(account_id=account.public_id, kind=kind, **given)])
    return message


def send() -> int:
    """One round of a worker."""
    return sending.send_due(seconds=10)


def dispatch(message: Message, channel: str = Channel.SMS) -> Dispatch:
    """One channel of a message, as it stands."""
    return Dispatch.objects.get(message=message, channel=channel)
