"""Staff for the demo, whose second factor is told to whoever tries it."""

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings

from foundation.accounts import services
from foundation.accounts.models import Account, AccountKind
from foundation.core.actor import Actor
from foundation.core.errors import PermissionRefused


def ensure_staff(*, username: str, password: str, totp_secret: str) -> Account:
    """The account with this user name, made with both factors if there is none.

    Args:
        totp_secret: Base32, as an authenticator application takes it.

    Raises:
        PermissionRefused: Unless this is a demo: nobody else may know a second factor.
    """
    if not settings.DEMO:
        raise PermissionRefused
    account = Account.objects.filter(kind=AccountKind.STAFF, username=username).first()
    if account is None:
        account = services.create_staff(username=username, password=password, actor=Actor.system("demo"))
    if not Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(account, totp_secret)
    return account
