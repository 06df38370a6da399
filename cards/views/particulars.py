"""The holder's own particulars: what they may change by themselves, and where the rest is changed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards.forms import PARTICULARS_FORMS
from cards.services.particulars import DEEDS, change_own_particulars, own_particulars
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError
from foundation.core.text import mask_address, mask_name, mask_number, mask_phone
from identity.rules import may
from mpi.rules import CERTIFICATE_TYPES, NATIONS


@resident_required
@require_GET
@never_cache
def particulars(request: HttpRequest) -> HttpResponse:
    """What the centre has on record, masked, each with the way to change it."""
    data, level = own_particulars(account_pk=accounts.account_of(request).pk)
    kind = CERTIFICATE_TYPES.get(data.id_type)
    context = {
        "name": mask_name(data.name),
        "certificate": kind.name if kind else "",
        "number": mask_number(data.id_number),
        "phone": mask_phone(data.phone),
        "address": mask_address(data.address),
        "nation": NATIONS.get(data.nation, ""),
        "may_change_phone": may(level, DEEDS["phone"]),
    }
    return render(request, "cards/particulars.html", context)


@resident_required
@require_GET
def identity(request: HttpRequest) -> HttpResponse:
    """Why name and certificate are not changed here, and where they are."""
    return render(request, "cards/particulars_identity.html")


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def change(request: HttpRequest, field: str) -> HttpResponse:
    """One question: the new phone, address or ethnic group."""
    if field not in DEEDS:
        return redirect("card-particulars")
    form = PARTICULARS_FORMS[field](request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            change_own_particulars(
                account_pk=accounts.account_of(request).pk,
                changes={field: form.cleaned_data[field]},
                actor=accounts.actor_of(request),
            )
        except DomainError as exc:
            form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("已保存，医院扫码时会看到新的资料"))
            return redirect("card-particulars")
    context = {"form": form, "question": form[field]}
    return render(request, "cards/particulars_change.html", context, status=422 if form.errors else 200)
