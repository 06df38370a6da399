"""Public pages of this room."""

from django.urls import path

from onboarding.views import apply, invitation, mine, proof

urlpatterns = [
    path("join/", proof.start, name="join"),
    path("join/phone/", proof.phone, name="join-phone"),
    path("join/status/", proof.look_up, name="join-status"),
    path("join/code/", proof.code, name="join-code"),
    path("join/code/again/", proof.code_again, name="join-code-again"),
    path("join/leave/", proof.leave, name="join-leave"),
    path("join/next/", apply.next_question, name="join-next"),
    path("join/mine/", mine.mine, name="join-mine"),
    path("join/form/", apply.form_to_stamp, name="join-form"),
    path("join/sandbox/", mine.sandbox_key, name="join-sandbox"),
    path("join/account/", mine.first_account, name="join-account"),
    path("join/document/<slug:kind>/", apply.document, name="join-document"),
    path("join/<slug:word>/edit/", apply.question, name="join-question"),
    path("invitation/", invitation.account, name="invitation-account"),
    path("invitation/done/", invitation.done, name="invitation-done"),
    path("invitation/<slug:token>/", invitation.open_link, name="invitation"),
]
