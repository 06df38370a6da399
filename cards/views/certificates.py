"""The certificates in the card: shown, added for confirmation, taken out."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards.certificates import certificates_of, is_unlinked, shown
from cards.errors import CertificateDecided, CertificateNotFound
from cards.rules.certificates import KINDS, LONGEST_ISSUER
from cards.rules.reasons import HOLDER
from cards.selectors import require_own_card
from cards.services.certificates import certificate_of, claim_certificate, unlink_certificate
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from identity.rules import Deed


class CertificateForm(forms.Form):
    """What stands on a certificate."""

    number = forms.CharField(
        label=gettext_lazy("证件上的号码"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "data-strip": "1",
                "data-figures": "1",
            }
        ),
        error_messages={
            "required": gettext_lazy("请填写证件号码"),
            "max_length": gettext_lazy("证件号码太长，请对照证件核对"),
        },
    )
    issuer = forms.CharField(
        label=gettext_lazy("发证机构"),
        help_text=gettext_lazy("证件上盖章的单位"),
        max_length=LONGEST_ISSUER,
        error_messages={
            "required": gettext_lazy("请填写发证机构"),
            "max_length": gettext_lazy("发证机构名称太长，请核对"),
        },
    )


@resident_required
@require_GET
@never_cache
def certificates(request: HttpRequest) -> HttpResponse:
    """The certificates in the card, masked."""
    card = _card_person(request, Deed.SHOW_CERTIFICATES)
    return render(request, "cards/certificates.html", {"certificates": certificates_of(card)})


@resident_required
@require_GET
def kinds(request: HttpRequest) -> HttpResponse:
    """Which kind is to be added."""
    _card_person(request, Deed.LINK_CERTIFICATE)
    return render(request, "cards/certificate_kinds.html", {"kinds": KINDS.items()})


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """What stands on the certificate; the centre looks at it before it counts."""
    person_pk = _card_person(request, Deed.LINK_CERTIFICATE)
    if kind not in KINDS:
        return redirect("card-certificate-kinds")
    form = CertificateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            claim_certificate(
                person_pk=person_pk, kind=kind, actor=accounts.actor_of(request), **form.cleaned_data
            )
        except DomainError as exc:
            form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("已提交，卡管中心核对后生效"))
            return redirect("card-certificates")
    context = {"form": form, "name": KINDS[kind]}
    return render(request, "cards/certificate_add.html", context, status=422 if form.errors else 200)


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def unlink(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what taking a certificate out means; the button does it."""
    person_pk = _card_person(request, Deed.LINK_CERTIFICATE)
    if request.method == "POST":
        _unlink(person_pk, public_id, accounts.actor_of(request))
        messages.success(request, _("证件已解除关联"))
        return redirect("card-certificates")
    certificate = certificate_of(person_pk=person_pk, public_id=public_id)
    return render(request, "cards/certificate_unlink.html", {"certificate": shown(certificate)})


def _unlink(person_pk: int, public_id: str, actor: Actor) -> None:
    """Take it out, or find it taken out by the other of two clicks."""
    try:
        certificate = certificate_of(person_pk=person_pk, public_id=public_id)
        unlink_certificate(certificate=certificate, reason=HOLDER, actor=actor)
    except (CertificateDecided, CertificateNotFound):
        if not is_unlinked(person_pk, public_id):
            raise


def _card_person(request: HttpRequest, deed: Deed) -> int:
    return require_own_card(accounts.account_of(request).pk, deed).card.person_id
