"""Pages of staff about their own account: allauth's views, and what they leave to us."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from foundation.accounts import access
from foundation.accounts.adapter import staff_self
from foundation.accounts.errors import StaffOnly
from foundation.accounts.models import Account
from foundation.audit import services as audit
from foundation.audit.actions import Action

# The secret of a new authenticator and the recovery codes must not stay in a cache.
private_page = method_decorator([never_cache, access.staff_only], name="dispatch")


@never_cache
@access.staff_only
def home(request: HttpRequest) -> HttpResponse:
    """Go on to the page that was asked for before the second factor, or to the work."""
    target = request.session.pop(access.AFTER_SECOND_FACTOR, "")
    return HttpResponseRedirect(target or settings.STAFF_HOME_URL)


def _own(request: HttpRequest) -> Account:
    """The account of a page that ``staff_only`` guards."""
    account = request.user
    if not isinstance(account, Account):
        raise StaffOnly
    return account


def _added(request: HttpRequest, kind: str) -> None:
    account = _own(request)
    # Adding a factor proves it: the session counts as opened with both, and its owner may see
    # the recovery codes at once.
    record_authentication(request, account, "mfa", type=kind, reauthenticated=True)
    audit.record(
        Action.STAFF_SECOND_FACTOR_ADDED, actor=staff_self(account), subject=account, details={"kind": kind}
    )


def _removed(request: HttpRequest, kind: str) -> None:
    account = _own(request)
    audit.record(
        Action.STAFF_SECOND_FACTOR_REMOVED, actor=staff_self(account), subject=account, details={"kind": kind}
    )


@private_page
class ActivateTotp(ActivateTOTPView):  # type: ignore[misc]
    """Add an authenticator application."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Record the new factor, and count it as given."""
        response: HttpResponse = super().form_valid(form)
        _added(self.request, Authenticator.Type.TOTP.value)
        return response


@private_page
class DeactivateTotp(DeactivateTOTPView):  # type: ignore[misc]
    """Remove the authenticator application, if another factor stays."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Record the removal."""
        response: HttpResponse = super().form_valid(form)
        _removed(self.request, Authenticator.Type.TOTP.value)
        return response


@private_page
class AddPasskey(AddWebAuthnView):  # type: ignore[misc]
    """Add a passkey."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Record the new factor, and count it as given."""
        response: HttpResponse = super().form_valid(form)
        _added(self.request, Authenticator.Type.WEBAUTHN.value)
        return response


@private_page
class RemovePasskey(RemoveWebAuthnView):  # type: ignore[misc]
    """Remove a passkey, if another factor stays."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Refuse to remove the last factor; else record the removal."""
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, adapter.error_messages["cannot_delete_authenticator"])
            return HttpResponseRedirect(str(self.success_url))
        response: HttpResponse = super().form_valid(form)
        _removed(self.request, Authenticator.Type.WEBAUTHN.value)
        return response
