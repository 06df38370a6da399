"""Money that people hand over."""

from django.utils.translation import gettext

CASH = "cash"
TILL = "till"


class WindowCash:
    """Cash at a window of the hospital, taken on the pages of this product."""

    code = CASH
    account = CASH
    by_hand = True

    def label(self) -> str:
        """What people read."""
        return gettext("窗口现金")


class HospitalTill:
    """Money that the hospital's own system took, which tells us so."""

    code = TILL
    account = TILL
    by_hand = True

    def label(self) -> str:
        """What people read."""
        return gettext("医院收费处")
