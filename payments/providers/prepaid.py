"""Money that a person paid in before."""

from django.utils.translation import gettext

PREPAID = "prepaid"


class Balance:
    """A balance in our own books: nobody outside is asked, and it is taken and given back at once."""

    code = PREPAID
    account = PREPAID
    by_hand = False

    def label(self) -> str:
        """What people read."""
        return gettext("预交金余额")
