"""``/staff/``: of allauth's pages only those that staff need.

Nobody signs up, no mail is sent, and no password is reset by mail: the centre sets a new one.
"""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.webauthn import views as passkeys
from django.urls import include, path
from django.views.decorators.cache import never_cache

from foundation.accounts import staff_views
from foundation.accounts.access import staff_only

_second_factor = [
    path("", staff_only(second_factor.index), name="mfa_index"),
    path("check/", second_factor.authenticate, name="mfa_authenticate"),
    path("confirm/", staff_only(second_factor.reauthenticate), name="mfa_reauthenticate"),
    path("totp/add/", staff_views.ActivateTotp.as_view(), name="mfa_activate_totp"),
    path("totp/remove/", staff_views.DeactivateTotp.as_view(), name="mfa_deactivate_totp"),
    path(
        "recovery-codes/",
        never_cache(staff_only(recovery_codes.view_recovery_codes)),
        name="mfa_view_recovery_codes",
    ),
    path(
        "recovery-codes/new/",
        staff_only(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "recovery-codes/file/",
        staff_only(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("passkeys/", staff_only(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("passkeys/add/", staff_views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "passkeys/confirm/",
        staff_only(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("passkeys/<int:pk>/remove/", staff_views.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("passkeys/<int:pk>/rename/", staff_only(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
]

urlpatterns = [
    path("", staff_views.home, name="staff-home"),
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("closed/", account.account_inactive, name="account_inactive"),
    path("confirm/", staff_only(account.reauthenticate), name="account_reauthenticate"),
    path("password/", staff_only(account.password_change), name="account_change_password"),
    path("second-factor/", include(_second_factor)),
]
