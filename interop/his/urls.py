"""``/api/v1/``: patient numbers."""

from django.urls import path

from interop.his.api import institution

urlpatterns = [
    path("patient-records", institution.PatientRecords.as_view(), name="api-patient-records"),
    path(
        "patient-records/<pid:record_id>", institution.OnePatientRecord.as_view(), name="api-patient-record"
    ),
]
