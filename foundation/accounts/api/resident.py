"""The resident API about sessions and the own account."""

from typing import Any

from allauth.account.adapter import get_adapter
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from foundation.accounts import phone_codes, selectors, services, sessions, weixin
from foundation.accounts.api import schemas
from foundation.accounts.api_auth import ResidentSession, session_of
from foundation.gateway.drf import StrictJSONParser


class ResidentView(APIView):
    """Base of the resident API: a resident's session, strict JSON."""

    authentication_classes = [ResidentSession]
    parser_classes = [StrictJSONParser]


class PublicView(APIView):
    """Base of the calls that begin a session."""

    authentication_classes = []
    permission_classes = [AllowAny]
    parser_classes = [StrictJSONParser]


class PhoneCodes(PublicView):
    """Codes for phones."""

    @extend_schema(
        operation_id="requestPhoneCode",
        request=schemas.PhoneCodeRequest,
        responses={202: None},
        tags=["session"],
    )
    def post(self, request: Request) -> Response:
        """Send a code to a phone. The answer is the same for every number."""
        data = _valid(schemas.PhoneCodeRequest, request)
        services.request_phone_code(phone=data["phone"], ip=_ip(request))
        return Response(status=202)


class PhoneSessions(PublicView):
    """Sessions by phone."""

    @extend_schema(
        operation_id="signInWithPhone",
        request=schemas.PhoneSignIn,
        responses={201: schemas.Session},
        tags=["session"],
    )
    def post(self, request: Request) -> Response:
        """Begin a session by a code; the first one opens the account."""
        data = _valid(schemas.PhoneSignIn, request)
        with sessions.app_session(request._request):
            signed_in = services.sign_in_with_phone(
                request._request,
                phone=data["phone"],
                code=data["code"],
                ip=_ip(request),
                device=data["device"],
            )
            return _begun(request, signed_in)


class WeixinSessions(PublicView):
    """Sessions of the mini-program."""

    @extend_schema(
        operation_id="signInWithWeixin",
        request=schemas.WeixinSignIn,
        responses={201: schemas.Session},
        tags=["session"],
    )
    def post(self, request: Request) -> Response:
        """Begin a session by the mini-program's login code; the first one opens the account."""
        data = _valid(schemas.WeixinSignIn, request)
        with sessions.app_session(request._request):
            signed_in = weixin.sign_in_mini_program(
                request._request,
                code=data["code"],
                phone_code=data["phone_code"],
                ip=_ip(request),
                device=data["device"],
            )
            return _begun(request, signed_in)


class SecondProof(ResidentView):
    """The second proof."""

    before_second_proof = True

    @extend_schema(
        operation_id="giveSecondProof",
        request=schemas.SecondProof,
        responses={200: schemas.Device},
        tags=["session"],
    )
    def post(self, request: Request) -> Response:
        """Answer the question that is asked after a long silence on a new device."""
        data = _valid(schemas.SecondProof, request)
        with sessions.resumed(request._request, session_of(request), selectors.account_of(request._request)):
            device = services.give_second_proof(
                request._request, answer=data["answer"], device=data["device"]
            )
        return Response({"device": device})


class CurrentSession(ResidentView):
    """The session that asks."""

    before_second_proof = True

    @extend_schema(operation_id="signOut", request=None, responses={204: None}, tags=["session"])
    def delete(self, request: Request) -> Response:
        """End the session; its sockets close."""
        with sessions.resumed(request._request, session_of(request), selectors.account_of(request._request)):
            services.sign_out(request._request)
        return Response(status=204)


class OpenSessions(ResidentView):
    """Where the account is signed in."""

    @extend_schema(operation_id="listSessions", responses={200: schemas.OpenSessions}, tags=["me"])
    def get(self, request: Request) -> Response:
        """Every place, this one first."""
        found = selectors.open_sessions(
            selectors.account_of(request._request), current=sessions.digest(session_of(request))
        )
        rows = [
            {
                "id": session.id,
                "device": selectors.device_label(session.device),
                "last_seen_at": session.last_seen_at,
                "is_current": session.is_current,
            }
            for session in found
        ]
        return Response({"sessions": rows})


class OneSession(ResidentView):
    """One of these places."""

    @extend_schema(operation_id="endSession", responses={204: None}, tags=["me"])
    def delete(self, request: Request, session: str) -> Response:
        """Sign another device out; its sockets close."""
        services.end_session(
            account=selectors.account_of(request._request),
            session=session,
            actor=selectors.actor_of(request._request),
        )
        return Response(status=204)


class PhoneCode(ResidentView):
    """Codes for a phone that the account is to be signed in to by."""

    @extend_schema(
        operation_id="requestOwnPhoneCode",
        request=schemas.PhoneCodeRequest,
        responses={202: None},
        tags=["me"],
    )
    def post(self, request: Request) -> Response:
        """Send a code to the phone. The answer is the same for every number."""
        data = _valid(schemas.PhoneCodeRequest, request)
        services.request_phone_code(phone=data["phone"], ip=_ip(request), purpose=phone_codes.BIND)
        return Response(status=202)


class Phone(ResidentView):
    """The phone of an account that has none."""

    @extend_schema(
        operation_id="bindPhone", request=schemas.PhoneProof, responses={200: schemas.Me}, tags=["me"]
    )
    def put(self, request: Request) -> Response:
        """Take the phone that the code was sent to."""
        data = _valid(schemas.PhoneProof, request)
        services.bind_phone(
            account=selectors.account_of(request._request),
            phone=data["phone"],
            code=data["code"],
            ip=_ip(request),
        )
        return Response(_me(request))


class Me(ResidentView):
    """The account that is signed in."""

    @extend_schema(operation_id="readMe", responses={200: schemas.Me}, tags=["me"])
    def get(self, request: Request) -> Response:
        """Who is signed in: no data of a person, only of the account."""
        return Response(_me(request))

    @extend_schema(
        operation_id="changePreferences",
        request=schemas.Preferences,
        responses={200: schemas.Me},
        tags=["me"],
    )
    def patch(self, request: Request) -> Response:
        """Change language or care mode."""
        data = _valid(schemas.Preferences, request)
        services.set_preferences(account=selectors.account_of(request._request), **data)
        return Response(_me(request))


def _me(request: Request) -> dict[str, Any]:
    account = selectors.account_of(request._request)
    methods = selectors.sign_in_methods(account)
    return {
        "account_id": account.public_id,
        "phone": next((method.shown for method in methods if method.shown), ""),
        "language": account.language,
        "care_mode": account.care_mode,
        "methods": [
            {"kind": method.kind, "shown": method.shown, "last_used_at": method.last_used_at}
            for method in methods
        ],
    }


def _begun(request: Request, signed_in: services.SignIn) -> Response:
    return Response(
        {
            "session_token": sessions.token(request._request),
            "device": signed_in.device,
            "needs_second_proof": signed_in.needs_proof,
            "account_id": signed_in.account.public_id,
        },
        status=201,
    )


def _valid(schema: type[Serializer[None]], request: Request) -> dict[str, Any]:
    serializer = schema(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _ip(request: Request) -> str:
    return str(get_adapter().get_client_ip(request._request))
