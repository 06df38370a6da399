"""Public medical insurance (医保), named in ``PAYMENT_INSURERS`` and ``PAYMENT_INSURANCE_DESKS``."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from payments.errors import ProviderUnknown
from payments.insurance.base import Insurer
from payments.insurance.desk import InsuranceDesk

__all__ = ["InsuranceDesk", "Insurer", "desk_of", "insurer_of", "insurers"]


def insurers() -> list[Insurer]:
    """The mobile-payment centres that this product can speak to."""
    return list(_made(tuple(settings.PAYMENT_INSURERS)).values())


def insurer_of(code: str) -> Insurer:
    """The mobile-payment centre with this code.

    Raises:
        ProviderUnknown: There is none.
    """
    found: Insurer = _named(code, settings.PAYMENT_INSURERS)
    return found


def desk_of(code: str) -> InsuranceDesk:
    """The core with this code.

    Raises:
        ProviderUnknown: There is none.
    """
    found: InsuranceDesk = _named(code, settings.PAYMENT_INSURANCE_DESKS)
    return found


def _named(code: str, paths: list[str]) -> Any:
    found = _made(tuple(paths)).get(code)
    if found is None:
        raise ProviderUnknown(field="provider")
    return found


@cache
def _made(paths: tuple[str, ...]) -> dict[str, Any]:
    return {made.code: made for made in (import_string(path)() for path in paths)}
