"""Routes of the native institution API."""

from django.urls import path

from cards.api import (
    batch,
    certificates,
    confirmations,
    handover,
    institution,
    institution_life,
    kiosk,
    provisional,
    scanning,
    usage,
)

urlpatterns = [
    path("time", institution.Time.as_view(), name="api-time"),
    path("cards", institution.Cards.as_view(), name="api-cards"),
    path("cards/claim", handover.ClaimedCard.as_view(), name="api-card-claim"),
    path("cards/<str:health_card_id>", institution.OneCard.as_view(), name="api-card"),
    path("cards/<str:health_card_id>/codes", institution.CardCodes.as_view(), name="api-card-codes"),
    path("cards/<str:health_card_id>/person", institution_life.Particulars.as_view(), name="api-card-person"),
    path("cards/<str:health_card_id>/loss", institution_life.Loss.as_view(), name="api-card-loss"),
    path(
        "cards/<str:health_card_id>/loss/withdraw",
        institution_life.LossWithdrawal.as_view(),
        name="api-card-loss-withdraw",
    ),
    path("cards/<str:health_card_id>/reissue", institution_life.Reissue.as_view(), name="api-card-reissue"),
    path(
        "cards/<str:health_card_id>/cancel", institution_life.Cancellation.as_view(), name="api-card-cancel"
    ),
    path(
        "cards/<str:health_card_id>/certificates",
        certificates.CardCertificates.as_view(),
        name="api-card-certificates",
    ),
    path(
        "cards/<str:health_card_id>/certificates/<pid:certificate_id>/unlink",
        certificates.OneCertificate.as_view(),
        name="api-card-certificate-unlink",
    ),
    path("batches", batch.Batches.as_view(), name="api-batches"),
    path("batches/<str:batch_id>", batch.OneBatch.as_view(), name="api-batch"),
    path("batches/<str:batch_id>/rows", batch.BatchRows.as_view(), name="api-batch-rows"),
    path("newborns", provisional.Newborns.as_view(), name="api-newborns"),
    path("temporary-cards", provisional.TemporaryCards.as_view(), name="api-temporary-cards"),
    path("codes/verify", institution.Verification.as_view(), name="api-verify"),
    path("kiosk/sessions", kiosk.Sessions.as_view(), name="api-kiosk-sessions"),
    path("kiosk/sessions/<pid:session_id>", kiosk.OneSession.as_view(), name="api-kiosk-session"),
    path("kiosk/sessions/<pid:session_id>/document", kiosk.Document.as_view(), name="api-kiosk-document"),
    path("kiosk/sessions/<pid:session_id>/check", kiosk.Check.as_view(), name="api-kiosk-check"),
    path("kiosk/sessions/<pid:session_id>/card", kiosk.Issue.as_view(), name="api-kiosk-card"),
    path("kiosk/sessions/<pid:session_id>/print", kiosk.Printing.as_view(), name="api-kiosk-print"),
    path("kiosk/sessions/<pid:session_id>/done", kiosk.Done.as_view(), name="api-kiosk-done"),
    path("scans", scanning.Scans.as_view(), name="api-scans"),
    path("scans/<pid:scan_id>", scanning.OneScan.as_view(), name="api-scan"),
    path("confirmations", confirmations.Confirmations.as_view(), name="api-confirmations"),
    path("confirmations/verify", confirmations.Verification.as_view(), name="api-confirmation-verify"),
    path(
        "confirmations/<pid:confirmation_id>",
        confirmations.OneConfirmation.as_view(),
        name="api-confirmation",
    ),
    path("slips/<str:code>", handover.OneSlip.as_view(), name="api-slip"),
    path("usage", institution.Usage.as_view(), name="api-usage"),
    path("usage/batch", usage.UsageUpload.as_view(), name="api-usage-batch"),
]
