"""A merchant at the sandbox's WeChat Pay, and where its notices arrive."""

from collections.abc import Iterator

import pytest

from payments.providers.weixinpay.identities import identities
from tests.contracts.weixinpay.side import Shop
from tests.sandbox_server import Sandbox
from tests.sdk.flaky import Answer, Flaky


@pytest.fixture(autouse=True)
def _fresh_keys() -> Iterator[None]:
    """What one test learned of WeChat's keys the next does not know."""
    identities.forget()
    yield
    identities.forget()


@pytest.fixture
def portal() -> Iterator[Flaky]:
    """Where notices arrive; it takes them all unless a test gives it another script."""
    flaky = Flaky([Answer(204, b"")])
    yield flaky
    flaky.stop()


@pytest.fixture
def shop(sandbox: Sandbox, portal: Flaky) -> Shop:
    """A merchant with the public key of WeChat Pay, RSA, and notices to `portal`."""
    return Shop(sandbox, portal)
