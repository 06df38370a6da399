"""Routes of the resident API about records."""

from django.urls import path

from records.api import access_resident, emergency_resident, resident

urlpatterns = [
    path("reports", resident.Reports.as_view(), name="resident-reports"),
    path("reports/<pid:report_id>", resident.OneReport.as_view(), name="resident-report"),
    path("reports/<pid:report_id>/document", resident.Document.as_view(), name="resident-report-document"),
    path("reports/<pid:report_id>/trends/<int:position>", resident.Trend.as_view(), name="resident-trend"),
    path("visits", resident.Visits.as_view(), name="resident-visits"),
    path("access", access_resident.Overview.as_view(), name="resident-access"),
    path("access/readings", access_resident.Accesses.as_view(), name="resident-access-readings"),
    path("access/codes/<pid:token>", access_resident.Code.as_view(), name="resident-access-code"),
    path(
        "access/requests/<pid:request_id>",
        access_resident.OneRequest.as_view(),
        name="resident-access-request",
    ),
    path("access/grants/<pid:grant_id>", access_resident.OneGrant.as_view(), name="resident-access-grant"),
    path("emergency-info", emergency_resident.EmergencyInfo.as_view(), name="resident-emergency-info"),
    path("records/unlock/code", resident.UnlockCode.as_view(), name="resident-records-code"),
    path("records/unlock", resident.Unlock.as_view(), name="resident-records-unlock"),
]
