"""Allauth's forms in the words of our pages, without placeholders that vanish while one types."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base import forms as second_factor
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.forms import Form
from django.utils.translation import gettext_lazy as _

_CODE = _("验证码是多少？")
_REQUIRED = _("请填写这一项")


def _word(form: Form, **labels: Any) -> None:
    for name, label in labels.items():
        field = form.fields[name]
        field.label = label
        field.error_messages["required"] = str(_REQUIRED)
        field.widget.attrs.pop("placeholder", None)
        field.help_text = ""
    if "code" in labels:
        # Recovery codes are typed here too, and they are figures as well.
        form.fields["code"].widget.attrs.update(
            {"inputmode": "numeric", "data-strip": "1", "data-figures": "1"}
        )


class StaffSignIn(LoginForm):  # type: ignore[misc]
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, login=_("用户名"), password=_("密码"))


class ConfirmPassword(ReauthenticateForm):  # type: ignore[misc]
    """The password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, password=_("密码"))


class ChangePassword(ChangePasswordForm):  # type: ignore[misc]
    """The old password and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, oldpassword=_("当前密码"), password1=_("新密码"), password2=_("再填一次新密码"))


class SecondStep(second_factor.AuthenticateForm):  # type: ignore[misc]
    """The code of the second step."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, code=_CODE)


class ConfirmSecondStep(second_factor.ReauthenticateForm):  # type: ignore[misc]
    """The code of the second step once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, code=_CODE)


class ActivateTotpForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new authenticator application."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, code=_("验证器显示的 6 位数字"))


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """The name of a new passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, name=_("名字"))


class RenamePasskey(EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, name=_("通行密钥的新名字是什么？"))
