"""What the tests of UnionPay may use."""

from collections.abc import Iterator

import pytest

from foundation.core import redis
from payments.providers.base import (
    Merchant,
)
from tests.contracts.listener import Listener, listening
from tests.contracts.unionpay.world import NUMBER, PRIVATE, PUBLIC
from tests.sandbox_server import Sandbox


@pytest.fixture
def merchant(sandbox: Sandbox) -> Merchant:
    """A merchant with certificates of the sandbox's authority."""
    certificates = sandbox.order("unionpay/merchants", number=NUMBER, public_key=PUBLIC)
    values = certificates | {"file_base": f"{sandbox.url}/unionpay/files"}
    return Merchant("m1", "unionpay", NUMBER, sandbox.url, values, {"sign_key": PRIVATE})


@pytest.fixture(autouse=True)
def closed_circuit() -> None:
    for key in redis.client().scan_iter(redis.key("breaker", "unionpay", "*")):
        redis.client().delete(key)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as running:
        yield running
