"""``/api/resident/v1/``: sessions and the own account."""

from django.urls import path

from foundation.accounts.api import resident

urlpatterns = [
    path("sessions/phone/code", resident.PhoneCodes.as_view(), name="api-phone-code"),
    path("sessions/phone", resident.PhoneSessions.as_view(), name="api-phone-session"),
    path("sessions/weixin", resident.WeixinSessions.as_view(), name="api-weixin-session"),
    path("sessions/second-proof", resident.SecondProof.as_view(), name="api-second-proof"),
    path("sessions/current", resident.CurrentSession.as_view(), name="api-current-session"),
    path("sessions", resident.OpenSessions.as_view(), name="api-sessions"),
    path("sessions/<str:session>", resident.OneSession.as_view(), name="api-session"),
    path("me/phone", resident.Phone.as_view(), name="api-me-phone"),
    path("me/phone/code", resident.PhoneCode.as_view(), name="api-me-phone-code"),
    path("me", resident.Me.as_view(), name="api-me"),
]
