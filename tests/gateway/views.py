"""Views as the rooms above write them, for the tests of the door."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from foundation.core.errors import NotFound, TooManyRequests
from foundation.gateway import services
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.drf import RequireScope, SignedClient
from foundation.gateway.idempotency import idempotent
from foundation.gateway.plain import signed_json

calls: list[str] = []


class NameForm(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=20)
    places = serializers.ListField(child=serializers.IntegerField(), required=False)


class Clients(APIView):
    """Creates something, once per key."""

    authentication_classes = [SignedClient]
    permission_classes = [RequireScope("card:register")]

    @idempotent
    def post(self, request: Request) -> Response:
        form = NameForm(data=request.data)
        form.is_valid(raise_exception=True)
        name = form.validated_data["name"]
        calls.append(name)
        if name == "later":
            raise TooManyRequests(retry_after=7)
        if name == "missing":
            raise NotFound
        if name == "broken":
            services.create_client(**_new(request, "half"))
            raise ZeroDivisionError("a secret detail")
        return Response({"id": services.create_client(**_new(request, name))}, status=201)


def _new(request: Request, name: str) -> dict[str, Any]:
    caller = request.auth
    assert isinstance(caller, Caller)
    return {
        "institution": caller.institution,
        "name": name,
        "scopes": [],
        "actor": actor_of_caller(caller),
    }


class WhoAmI(APIView):
    """Only needs somebody to be there."""

    authentication_classes = [SignedClient]

    def get(self, request: Request) -> Response:
        assert isinstance(request.auth, Caller)
        return Response({"client": request.auth.public_id, "kid": request.auth.key_id})


class Closed(APIView):
    """Has no authentication at all, so the default permission shuts it."""

    def get(self, request: Request) -> Response:
        return Response({})


@signed_json("code:verify")
def verify(request: HttpRequest, caller: Caller, payload: dict[str, Any]) -> HttpResponse:
    if payload.get("break"):
        raise ZeroDivisionError("a secret detail")
    return JsonResponse({"client": caller.public_id, "payload": payload})


urlpatterns = [
    path("api/v1/clients", Clients.as_view()),
    path("api/v1/me", WhoAmI.as_view()),
    path("api/v1/closed", Closed.as_view()),
    path("api/v1/verify", verify),
]

handler404 = "portal.errors.page_not_found"
handler500 = "portal.errors.server_error"
