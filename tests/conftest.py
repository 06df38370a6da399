"""What every test may use."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker, Settings

from foundation.core import redis
from foundation.gateway import throttle
from gmcrypto import keystore
from tests import emptying

pytest_plugins = ["tests.sandbox_server", "tests.scheduling"]

# How long an example takes, or making one, measures the machine's other work and not ours. Each run tries
# the same examples, so that nobody's work fails by another's luck; who searches for others names the
# profile that does: --hypothesis-profile searching.
_PATIENT = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("searching", _PATIENT)
hypothesis_settings.register_profile("patient", _PATIENT, derandomize=True)
hypothesis_settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """Of many tests that take long, one that fails is named at once; why follows at the end."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_NamesFailures(config))


class _NamesFailures:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            terminal.ensure_newline()
            terminal.write_line(f"failed: {report.nodeid} ({report.when})")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database with its keys, as after the first start.

    Tests that commit empty all tables afterwards.
    """
    with django_db_blocker.unblock():
        keystore.ensure_keys()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: emptying.empty())
        yield


@pytest.fixture
def without_valkey(settings: Settings) -> Iterator[None]:
    """From here on nobody listens where Valkey should be, and no connection from before is left."""
    _forget_connections()
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    yield
    _forget_connections()


def _forget_connections() -> None:
    redis.client.cache_clear()
    throttle._admit.cache_clear()


@pytest.fixture(autouse=True)
def _clean_start(request: pytest.FixtureRequest) -> Iterator[None]:
    """Limits, nonces, tickets and cached keys of one test are not those of the next."""
    marker = request.node.get_closest_marker("django_db")
    fixtures = set(request.fixturenames)
    emptied = bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in fixtures
    if emptied or marker or "db" in fixtures:
        request.getfixturevalue("transactional_db" if emptied else "db")
        for key in redis.client().scan_iter(redis.key("*"), count=1000):
            redis.client().delete(key)
        cache.clear()
        keystore.ensure_keys()
    yield
    if emptied:
        # The tables were emptied: what this process remembers of their keys is no longer true.
        keystore.forget()
