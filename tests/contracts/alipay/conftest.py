"""What the tests of Alipay may use."""

from collections.abc import Iterator

import pytest

from foundation.core import redis
from payments.providers.base import (
    Merchant,
)
from tests.contracts.alipay.world import (
    registered,
)
from tests.contracts.listener import Listener, listening
from tests.sandbox_server import Sandbox


@pytest.fixture(params=["key", "certificate"])
def merchant(request: pytest.FixtureRequest, sandbox: Sandbox) -> Merchant:
    """A merchant in each of the two modes."""
    return registered(sandbox, request.param)


@pytest.fixture
def plain(sandbox: Sandbox) -> Merchant:
    """A merchant with public keys."""
    return registered(sandbox, "key")


@pytest.fixture(autouse=True)
def closed_circuit() -> None:
    for key in redis.client().scan_iter(redis.key("breaker", "alipay", "*")):
        redis.client().delete(key)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as running:
        yield running
