"""Routes of the institution API about records."""

from django.urls import path

from records.api import access_institution, institution, printing

urlpatterns = [
    path("reports", institution.Reports.as_view(), name="institution-reports"),
    path("reports/withdrawals", institution.Withdrawals.as_view(), name="institution-report-withdrawals"),
    path("report-prints", printing.Prints.as_view(), name="institution-report-prints"),
    path("report-prints/<pid:report_id>", printing.OnePrint.as_view(), name="institution-report-print"),
    path("access-requests", access_institution.Requests.as_view(), name="institution-access-requests"),
    path(
        "access-requests/<pid:request_id>",
        access_institution.OneRequest.as_view(),
        name="institution-access-request",
    ),
    path("access/<pid:grant_id>/records", access_institution.Records.as_view(), name="institution-records"),
    path(
        "access/<pid:grant_id>/reports/<pid:report_id>",
        access_institution.OneRecord.as_view(),
        name="institution-record",
    ),
    path("encounters", institution.Encounters.as_view(), name="institution-encounters"),
]
