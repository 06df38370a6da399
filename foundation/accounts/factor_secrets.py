"""The secrets of second factors when the data key is exchanged: they rest in allauth's own rows."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.db import transaction

from foundation.accounts import sealing
from gmcrypto.rotation import Progress

CONTEXT = "ehc.second-factor.1"
_SEALED = ("secret", "seed")


def reseal(batch: int, report: Callable[[Progress], None]) -> Progress:
    """Seal every secret under the data key of today; what is already is left alone."""
    progress = Progress()
    while True:
        with transaction.atomic():
            rows = list(
                Authenticator.objects.select_for_update().filter(pk__gt=progress.last).order_by("pk")[:batch]
            )
            if not rows:
                return progress
            changed = sum(_reseal(row) for row in rows)
        progress = Progress(
            seen=progress.seen + len(rows), changed=progress.changed + changed, last=rows[-1].pk
        )
        report(progress)


def _reseal(row: Authenticator) -> bool:
    sealed = {name: row.data[name] for name in _SEALED if name in row.data}
    moved = {name: sealing.reseal(text, CONTEXT) for name, text in sealed.items()}
    if moved == sealed:
        return False
    row.data = {**row.data, **moved}
    row.save(update_fields=["data"])
    return True
