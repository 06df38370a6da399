"""What allauth asks us."""

import io
import time
from typing import Any

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathFillImage

from foundation.accounts import factor_secrets, sealing, sessions
from foundation.accounts.access import has_second_factor
from foundation.accounts.models import Account
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor, ActorKind
from gmcrypto.index import blind_index

FIRST_FACTOR_SECONDS = 600
_REAUTHENTICATION = {
    "reauthenticate": _("填写密码"),
    "mfa_reauthenticate": _("填写验证码"),
    "mfa_reauthenticate:webauthn": _("使用通行密钥"),
}


def staff_self(account: Account) -> Actor:
    """A member of staff who acts on the own account; memberships play no part in that."""
    return Actor(kind=ActorKind.STAFF, id=account.public_id)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Staff sign in by user name and password; nobody signs up by allauth."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("用户名或密码不正确。请核对后再试"),
        "too_many_login_attempts": _("失败次数过多。请过几分钟再试"),
        "incorrect_password": _("密码不正确。请重新填写"),
        "enter_current_password": _("当前密码不正确。请重新填写"),
        "account_inactive": _("此账户已停用。请联系管理员"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Staff accounts are made by the centre, residents' by their first sign-in."""
        return False

    def get_login_stages(self) -> list[str]:
        """After the password only the second factor; there is no mail to verify."""
        return ["allauth.mfa.stages.AuthenticateStage"]

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff go to their work, residents home."""
        account = request.user
        return reverse("staff-home") if isinstance(account, Account) and account.is_staff else "/"

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to confirm who is there, in the words of our pages."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**method, "description": _REAUTHENTICATION[method["id"]]} for method in methods]

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Allauth's own sign-out is that of staff."""
        return reverse("account_login")

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Pages say what was done; only errors that have no field come as a passing word."""
        if kwargs.get("message"):
            super().add_message(request, level, message=kwargs["message"])

    def post_login(self, request: HttpRequest, user: Account, **kwargs: Any) -> HttpResponse:
        """Record the sign-in of staff; without a second factor they are led to add one."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if not user.is_staff:
            return response
        complete = has_second_factor(request)
        audit.record(
            Action.ACCOUNT_SIGNED_IN,
            actor=staff_self(user),
            subject=user,
            details={"method": "password", "state": "complete" if complete else "needs_second_factor"},
        )
        return response if complete else HttpResponseRedirect(reverse("mfa_index"))

    def logout(self, request: HttpRequest) -> None:
        """End the session, here and in the open sockets."""
        account = request.user
        session_key = request.session.session_key or ""
        super().logout(request)
        if isinstance(account, Account):
            actor = staff_self(account) if account.is_staff else Actor.resident(account.public_id)
            audit.record(Action.ACCOUNT_SIGNED_OUT, actor=actor, subject=account)
            sessions.end(account, session_key)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record a refused password under a digest of the name: it may be a password itself."""
        digest = blind_index("staff-username", str(credentials.get("username", "")))
        audit.record(
            Action.ACCOUNT_SIGN_IN_REFUSED,
            actor=Actor.system("sign-in"),
            subject=("accounts.Username", digest.hex()[:32]),
            details={"method": "password"},
        )

    def set_password(self, user: Account, password: str) -> None:
        """Change the password, which ends every other session of the account."""
        super().set_password(user, password)
        audit.record(Action.STAFF_PASSWORD_CHANGED, actor=staff_self(user), subject=user)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Adding the very first factor right after the sign-in needs no password again."""
        account = self.request.user
        if app == "allauth.mfa" and isinstance(account, Account) and not is_mfa_enabled(account):
            records = get_authentication_records(self.request, account)
            return not any(time.time() - record["at"] < FIRST_FACTOR_SECONDS for record in records)
        return bool(super().is_reauthentication_required(app=app, **kwargs))


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are stored encrypted, and one factor always stays."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("验证码不正确。请填写验证器当前显示的 6 位数字"),
        "cannot_delete_authenticator": _("至少要保留一种第二步验证。请先添加另一种"),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret under the data key of today."""
        return sealing.seal(text, factor_secrets.CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret with the key that it names."""
        return sealing.unseal(encrypted_text, factor_secrets.CONTEXT)

    def build_totp_svg(self, url: str) -> str:
        """The code for the authenticator application, white behind it in the dark too."""
        drawing = io.BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(drawing)
        return drawing.getvalue().decode()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        """A name to begin with."""
        return gettext("我的通行密钥")

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether another second factor remains."""
        return bool(
            Authenticator.objects.filter(
                user_id=authenticator.user_id, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
            )
            .exclude(pk=authenticator.pk)
            .exists()
        )

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """The name beside the code in the authenticator application."""
        return user.get_username()
