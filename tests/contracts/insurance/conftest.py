"""What the tests of the mobile-payment centre begin with."""

import pytest

from tests.contracts.insurance.office import Office
from tests.payments.insurance import bills
from tests.sandbox_server import Sandbox


@pytest.fixture
def office(sandbox: Sandbox) -> Office:
    return Office(sandbox, bills.mobile_merchant(sandbox.url, sandbox.show("insurance")))
