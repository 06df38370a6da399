"""Pages of residents: sign-in, sign-out, the own account."""

from django.urls import path

from foundation.accounts import me_views, views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/code/", views.sign_in_code, name="sign-in-code"),
    path("sign-in/code/again/", views.resend_code, name="sign-in-code-again"),
    path("sign-in/proof/", views.second_proof, name="second-proof"),
    path("sign-in/weixin/", views.weixin_start, name="sign-in-weixin"),
    path("sign-in/weixin/callback/", views.weixin_callback, name="sign-in-weixin-callback"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("me/", me_views.me, name="me"),
    path("me/phone/", me_views.phone, name="me-phone"),
    path("me/phone/code/", me_views.phone_code, name="me-phone-code"),
    path("me/sessions/<str:session>/end/", me_views.end_session, name="me-end-session"),
]
