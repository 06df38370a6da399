"""The people of the tests, made by services; other rooms' tests use them too."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from foundation.accounts import services
from foundation.accounts.models import Account, SmsDispatch
from foundation.accounts.sessions import BACKEND
from foundation.core.actor import Actor

CITIZEN_PHONE = "13900000001"
STRANGER_PHONE = "13900000002"
PASSWORD = "a-long-password-for-tests"
TOTP_SECRET = generate_totp_secret()


def citizen() -> Account:
    """The citizen, with a phone."""
    return services.open_resident(phone=CITIZEN_PHONE)


def stranger() -> Account:
    """Somebody else."""
    return services.open_resident(phone=STRANGER_PHONE)


def signed_in(client: Client, account: Account) -> Client:
    """The client with a session of a resident."""
    client.force_login(account, backend=BACKEND)
    return client


def staff(username: str = "clerk") -> Account:
    """A member of staff without any membership or second factor."""
    return services.create_staff(username=username, password=PASSWORD, actor=Actor.system("tests"))


def with_totp(account: Account) -> Account:
    """The same with an authenticator application and recovery codes."""
    TOTP.activate(account, TOTP_SECRET)
    RecoveryCodes.activate(account)
    return account


def signed_in_staff(client: Client, account: Account) -> Client:
    """The client with a session of staff that both factors opened."""
    client.force_login(account, backend=BACKEND)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "mfa", "at": time.time(), "type": Authenticator.Type.TOTP.value}
    ]
    session["account_authentication_methods_user"] = str(account.pk)
    session.save()
    return client


def last_code() -> str:
    """The code that was written down for sending last."""
    return SmsDispatch.objects.latest("pk").code or ""
