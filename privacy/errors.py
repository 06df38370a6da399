"""What can go wrong with one's own data."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class ClosingNotConfirmed(DomainError):
    """The account is closed only by somebody who says that they mean it."""

    code = "closing_not_confirmed"
    status = 400
    message = _("还没有确认")
    next_step = _("请勾选“我已了解”后再注销")
