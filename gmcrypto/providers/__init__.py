"""Which provider does what in this process.

A cryptographic machine is taken into use by `install(Suite(...))` at start-up, before the
self-test; keys that were loaded before keep the provider that loaded them.
"""

import threading
from dataclasses import dataclass

from gmcrypto.providers import base
from gmcrypto.providers.libcrypto import LibcryptoSm2, StandardHash
from gmcrypto.providers.pyca import PycaSm4


@dataclass(frozen=True, slots=True)
class Suite:
    """One provider for each family of algorithms."""

    hash: base.Hash
    sm4: base.Sm4
    sm2: base.Sm2


class _Registry:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.suite: Suite | None = None

    def load(self) -> Suite:
        with self._lock:
            if self.suite is None:
                self.suite = Suite(hash=StandardHash(), sm4=PycaSm4(), sm2=LibcryptoSm2())
            return self.suite


_registry = _Registry()


def install(suite: Suite) -> None:
    """Use these providers from now on."""
    _registry.suite = suite


def current() -> Suite:
    """The providers in use; the software ones unless others were installed."""
    return _registry.suite or _registry.load()
