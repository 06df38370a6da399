"""Certificates in cards, and what the centre decides of those that holders claimed."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cards.certificates import visible_certificates
from cards.models import LinkedCertificate
from cards.services.certificates import decide_certificate
from cards.states import CertificateState
from foundation.audit.actions import Action
from foundation.core.text import mask_number
from institutions.admin_acts import Act, Done, ToldActForm
from institutions.admin_base import ScopedAdmin
from institutions.rules import Duty
from institutions.sites import centre_site, institution_site


class ConfirmForm(ToldActForm):
    """Confirms what a holder claimed."""

    def perform(self) -> Done:
        """Confirm it."""
        decide_certificate(
            certificate_pk=self.subject.pk,
            confirm=True,
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("证件已关联到健康卡，持卡人会收到提醒"))


class RefuseForm(ToldActForm):
    """Refuses what a holder claimed."""

    def perform(self) -> Done:
        """Refuse it."""
        decide_certificate(
            certificate_pk=self.subject.pk,
            confirm=False,
            reason=self.cleaned_data["reason"],
            actor=self.actor,
        )
        return Done(_("没有关联，持卡人会收到提醒，并看到原因"))


def _waits(row: LinkedCertificate) -> bool:
    return row.state == CertificateState.CLAIMED


class LinkedCertificateAdmin(ScopedAdmin):
    """Certificates, masked; an institution sees those that it linked."""

    visible = staticmethod(visible_certificates)
    read_action = Action.CERTIFICATE_READ
    acts = (
        Act("confirm", _("确认关联"), ConfirmForm, Duty.REVIEW_APPLICATIONS, _waits),
        Act("refuse", _("不予关联"), RefuseForm, Duty.REVIEW_APPLICATIONS, _waits),
    )
    list_display = ("public_id", "kind", "issuer", "state", "linked_at", "created_at")
    list_filter = ("state", "kind", "created_at")
    search_fields = ("=public_id", "=person__public_id")
    fields = (
        "public_id",
        "person",
        "kind",
        "number_shown",
        "issuer",
        "valid_until",
        "state",
        "institution",
        "linked_at",
        "ended_at",
    )
    readonly_fields = fields

    @admin.display(description=_("证件号码"))
    def number_shown(self, row: LinkedCertificate) -> str:
        """In full while it is to be compared with the certificate, masked afterwards."""
        return row.number if _waits(row) else mask_number(row.number)


for site in (centre_site, institution_site):
    site.register(LinkedCertificate, LinkedCertificateAdmin)
