"""Who holds a password, and who may go on with a session."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from foundation.accounts.models import Account, AccountKind


class StaffPasswordBackend(BaseBackend):
    """User name and password, for staff alone; sessions of both kinds come back through it."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **credentials: Any
    ) -> Account | None:
        """The member of staff, or nobody. An unknown name costs the same time as a wrong password."""
        if not username or not password:
            return None
        account = Account.objects.filter(kind=AccountKind.STAFF, username=username).first()
        if account is None:
            Account().set_password(password)
            return None
        return account if account.check_password(password) and account.is_active else None

    def get_user(self, user_id: int) -> Account | None:
        """The account of a session; a suspended one has no sessions any more."""
        return Account.objects.filter(pk=user_id, is_active=True).first()
