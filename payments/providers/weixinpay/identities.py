"""By which keys WeChat Pay is known: a public key with an id, platform certificates, or both at once.

A merchant who changes from certificates to the public key is answered under the key that it names, while
notices come under the one or the other for days. So both are good as long as both are there. Certificates
are asked for where none fits, at most once a minute for a merchant, for serials come from strangers too.
"""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from foundation.core import clock
from payments.providers.base import Merchant
from payments.providers.weixinpay import certificates, keys
from payments.providers.weixinpay.certificates import Certificate
from payments.providers.weixinpay.signing import Suite

PUBLIC_KEY = "PUB_KEY_ID_"
REFRESH = timedelta(hours=12)
PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """One key of WeChat Pay; ``ends_at`` is None where it has no end."""

    serial: str
    key: Any
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Fetched:
    at: datetime
    identities: tuple[Identity, ...]


class Identities:
    """What this process knows of WeChat Pay's keys, for every merchant."""

    def __init__(self) -> None:
        self._fetched: dict[tuple[str, str, str], _Fetched] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Know nothing, as a process that has just started."""
        with self._lock:
            self._fetched.clear()

    def of(
        self, merchant: Merchant, suite: Suite, serial: str, fetch: Callable[[], Sequence[Certificate]]
    ) -> Identity | None:
        """The key with this serial, if it is WeChat Pay's and good now."""
        found = _among(self._known(merchant, suite), serial)
        if found is None and not serial.startswith(PUBLIC_KEY) and self._may_ask(merchant, suite):
            self.keep(merchant, suite, fetch())
            found = _among(self._known(merchant, suite), serial)
        return found

    def for_us(
        self, merchant: Merchant, suite: Suite, fetch: Callable[[], Sequence[Certificate]]
    ) -> Identity | None:
        """The key that we name and encrypt for: the public key, else the certificate that lasts longest."""
        known = self._known(merchant, suite)
        if not any(each.serial.startswith(PUBLIC_KEY) for each in known) and self._is_old(merchant, suite):
            self.keep(merchant, suite, fetch())
            known = self._known(merchant, suite)
        return max(known, key=_lasts, default=None)

    def keep(self, merchant: Merchant, suite: Suite, found: Sequence[Certificate]) -> None:
        """Remember certificates that WeChat Pay encrypted for the merchant; none is remembered as well."""
        now = clock.now()
        fresh = tuple(
            Identity(each.serial, suite.public_of_der(each.key), each.ends_at)
            for each in found
            if each.begins_at <= now < each.ends_at
        )
        with self._lock:
            before = self._fetched.get(_place(merchant, suite))
            kept = fresh or (before.identities if before is not None else ())
            self._fetched[_place(merchant, suite)] = _Fetched(now, kept)

    def _known(self, merchant: Merchant, suite: Suite) -> list[Identity]:
        own = []
        if keys.value(merchant, keys.PUBLIC_KEY_ID):
            public = suite.public_of_pem(keys.value(merchant, keys.PUBLIC_KEY))
            own.append(Identity(keys.value(merchant, keys.PUBLIC_KEY_ID), public))
        pasted = certificates.read_all(keys.value(merchant, keys.CERTIFICATES))
        own += [Identity(each.serial, suite.public_of_der(each.key), each.ends_at) for each in pasted]
        with self._lock:
            fetched = self._fetched.get(_place(merchant, suite))
        known = [*own, *(fetched.identities if fetched is not None else ())]
        return [each for each in known if each.ends_at is None or clock.now() < each.ends_at]

    def _may_ask(self, merchant: Merchant, suite: Suite) -> bool:
        return self._age(merchant, suite) >= PAUSE

    def _is_old(self, merchant: Merchant, suite: Suite) -> bool:
        return self._age(merchant, suite) >= REFRESH

    def _age(self, merchant: Merchant, suite: Suite) -> timedelta:
        with self._lock:
            fetched = self._fetched.get(_place(merchant, suite))
        return timedelta.max if fetched is None else clock.now() - fetched.at


def _place(merchant: Merchant, suite: Suite) -> tuple[str, str, str]:
    return merchant.base_url, merchant.number, suite.scheme


def _among(known: Sequence[Identity], serial: str) -> Identity | None:
    return next((each for each in known if each.serial.upper() == serial.upper()), None)


def _lasts(identity: Identity) -> float:
    return math.inf if identity.ends_at is None else identity.ends_at.timestamp()


identities = Identities()
