"""Every kind of message: its words, and where it leads; one module for each theme."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from notifications.kinds import cards, outsiders, own, records, stays, visits
from notifications.kinds.base import AT, HOME, RELATION, RELATIVE, Kind

__all__ = ["AT", "HOME", "KINDS", "RELATION", "RELATIVE", "UNKNOWN", "Kind", "kind_of"]

KINDS: Mapping[str, Kind] = {
    **cards.KINDS,
    **visits.KINDS,
    **records.KINDS,
    **stays.KINDS,
    **own.KINDS,
    **outsiders.KINDS,
}

# A message of a kind that this version no longer knows is still shown.
UNKNOWN = Kind(title=_("通知"), body=_("这条消息的内容已经过时。"))


def kind_of(name: str) -> Kind:
    """The kind with this name."""
    return KINDS.get(name, UNKNOWN)
