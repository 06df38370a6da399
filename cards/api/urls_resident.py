"""Routes of the resident API about cards."""

from django.urls import path

from cards.api import (
    confirmations_resident,
    family,
    resident,
    resident_activation,
    resident_certificates,
    resident_control,
    resident_life,
    resident_pack,
)

urlpatterns = [
    path("applications", resident.Applications.as_view(), name="resident-applications"),
    path("applications/latest", resident.LatestApplication.as_view(), name="resident-application-latest"),
    path("applications/<pid:public_id>", resident.OneApplication.as_view(), name="resident-application"),
    path("activations", resident_activation.Activations.as_view(), name="resident-activations"),
    path(
        "activations/<pid:activation_id>/code",
        resident_activation.Code.as_view(),
        name="resident-activation-code",
    ),
    path("pack", resident_pack.Pack.as_view(), name="resident-pack"),
    path("scans/<pid:token>", resident_pack.OneScan.as_view(), name="resident-scan"),
    path("card", resident.OwnCard.as_view(), name="resident-card"),
    path("card/codes", resident.OwnCodes.as_view(), name="resident-codes"),
    path("card/freeze", resident.Freeze.as_view(), name="resident-freeze"),
    path("card/unfreeze", resident.Unfreeze.as_view(), name="resident-unfreeze"),
    path("card/loss", resident_life.Loss.as_view(), name="resident-loss"),
    path("card/loss/withdraw", resident_life.LossWithdrawal.as_view(), name="resident-loss-withdraw"),
    path("card/reissue", resident_life.Reissue.as_view(), name="resident-reissue"),
    path("card/cancel", resident_life.Cancellation.as_view(), name="resident-cancel"),
    path(
        "card/certificates",
        resident_certificates.OwnCertificates.as_view(),
        name="resident-certificates",
    ),
    path(
        "card/certificates/<pid:certificate_id>",
        resident_certificates.OwnCertificate.as_view(),
        name="resident-certificate",
    ),
    path("card/history", resident_life.History.as_view(), name="resident-history"),
    path("card/particulars", resident_life.Particulars.as_view(), name="resident-particulars"),
    path("card/static-code", resident.StaticCodeSwitch.as_view(), name="resident-static-code"),
    path("card/visibility", resident_control.Visibility.as_view(), name="resident-visibility"),
    path("confirmations", confirmations_resident.Own.as_view(), name="resident-confirmations"),
    path(
        "confirmations/<pid:confirmation_id>",
        confirmations_resident.OneOwn.as_view(),
        name="resident-confirmation",
    ),
    path("family", family.Overview.as_view(), name="resident-family"),
    path("family/children", family.Children.as_view(), name="resident-children"),
    path(
        "family/children/latest", family.LatestChildApplication.as_view(), name="resident-child-application"
    ),
    path("family/invitations", family.Invitations.as_view(), name="resident-invitations"),
    path("family/invitations/<pid:invitation_id>", family.Invitation.as_view(), name="resident-invitation"),
    path(
        "family/invitations/<pid:invitation_id>/code",
        family.InvitationCode.as_view(),
        name="resident-invitation-code",
    ),
    path(
        "family/invitations/<pid:invitation_id>/consent",
        family.InvitationConsent.as_view(),
        name="resident-invitation-consent",
    ),
    path("family/guardians/<pid:holding_id>/end", family.EndGuardian.as_view(), name="resident-guardian-end"),
    path("family/<pid:person_id>/card", family.RelativesCard.as_view(), name="resident-relative-card"),
    path("family/<pid:person_id>/codes", family.RelativesCodes.as_view(), name="resident-relative-codes"),
    path(
        "family/<pid:person_id>/static-code",
        family.RelativesStaticCode.as_view(),
        name="resident-relative-static-code",
    ),
    path(
        "family/<pid:person_id>/history",
        resident_life.RelativesHistory.as_view(),
        name="resident-relative-history",
    ),
    path("family/<pid:person_id>/end", family.EndHolding.as_view(), name="resident-relative-end"),
]
