"""Ways of paying, named in the setting ``PAYMENT_PROVIDERS``."""

from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from payments.errors import ProviderUnknown
from payments.providers.base import OnlineProvider, Provider
from payments.providers.within import InsuredPart, Reduction
from payments.rules import LegKind

__all__ = [
    "OnlineProvider",
    "Provider",
    "is_by_hand",
    "is_within",
    "label_of",
    "online_provider",
    "online_providers",
    "provider_of",
]


def provider_of(code: str) -> Provider:
    """The way of paying with this code.

    Raises:
        ProviderUnknown: There is none.
    """
    found = _known().get(code)
    if found is None:
        raise ProviderUnknown(field="provider")
    return found


def label_of(code: str) -> str:
    """What people read of a way of paying, also of one that is not in the settings any more.

    Bills that were paid with it stay, and are read for decades.
    """
    found = _known().get(code)
    return found.label() if found is not None else _("其他方式（%(code)s）") % {"code": code}


def is_by_hand(code: str) -> bool:
    """Whether people give its money back; of one that is gone nobody knows, and staff find out."""
    found = _known().get(code)
    return found is not None and found.by_hand


def is_within(code: str) -> bool:
    """Whether it is a part of a settlement that no money of a channel or a till pays."""
    return isinstance(_known().get(code), InsuredPart | Reduction)


def online_provider(code: str) -> OnlineProvider:
    """The same, for one that has an outside system.

    Raises:
        ProviderUnknown: There is none, or nobody pays by it in a channel of its own.
    """
    found = provider_of(code)
    if not _is_online(found):
        raise ProviderUnknown(field="provider")
    return cast(OnlineProvider, found)


def online_providers() -> list[OnlineProvider]:
    """Every way of paying that has an outside system, in the order of the setting."""
    return [cast(OnlineProvider, provider) for provider in _known().values() if _is_online(provider)]


def _is_online(provider: Provider) -> bool:
    """Whether payers come to it by a channel; an insurance and a reduction have none, nor have people."""
    return not provider.by_hand and hasattr(provider, "ways")


def _known() -> dict[str, Provider]:
    return _providers(tuple(settings.PAYMENT_PROVIDERS), tuple(settings.PAYMENT_INSURERS))


@cache
def _providers(paths: tuple[str, ...], insurers: tuple[str, ...]) -> dict[str, Provider]:
    made: list[Provider] = [import_string(path)() for path in paths]
    for insurer in insurers:
        code = import_string(insurer).code
        made += [InsuredPart(code, LegKind.FUND), InsuredPart(code, LegKind.ACCOUNT)]
    return {provider.code: provider for provider in (*made, Reduction())}
