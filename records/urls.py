"""Routes of this room's pages."""

from django.urls import path

from records.views import access, doctor, emergency, reports, unlocking

urlpatterns = [
    path("records/", reports.reports, name="records"),
    path("records/visits/", reports.visits, name="records-visits"),
    path("records/unlock/", unlocking.unlock, name="records-unlock"),
    path("records/unlock/code/", unlocking.unlock_code, name="records-unlock-code"),
    path("records/lock/", unlocking.lock, name="records-lock"),
    path("records/reports/<pid:report_id>/", reports.report, name="report"),
    path("records/reports/<pid:report_id>/pdf", reports.document, name="report-document"),
    path("records/reports/<pid:report_id>/trend/<int:position>/", reports.trend, name="report-trend"),
    path("records/access/", access.overview, name="access"),
    path("records/access/read/", access.accesses, name="access-read"),
    path("records/access/requests/<pid:request_id>/", access.question, name="access-request"),
    path("records/access/grants/<pid:grant_id>/", access.grant, name="access-grant"),
    path("records/emergency/", emergency.info, name="emergency-info"),
    path("open/access/<pid:token>/", access.code, name="open-access"),
    path("doctor/", doctor.desk, name="doctor-desk"),
    path("doctor/requests/<pid:request_id>/", doctor.asked, name="doctor-request"),
    path("doctor/requests/<pid:request_id>/state", doctor.state, name="doctor-request-state"),
    path("doctor/grants/<pid:grant_id>/", doctor.grant, name="doctor-grant"),
    path("doctor/grants/<pid:grant_id>/reports/<pid:report_id>/", doctor.report, name="doctor-report"),
    path("emergency/", emergency.desk, name="emergency"),
    path("emergency/<pid:opening_id>/", emergency.patient, name="emergency-patient"),
    path("emergency/<pid:opening_id>/reports/<pid:report_id>/", emergency.report, name="emergency-report"),
]
