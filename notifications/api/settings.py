"""The resident API about what to be told, how and when."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.accounts import selectors as accounts
from foundation.accounts.api.resident import ResidentView
from notifications import selectors, services
from notifications.api import schemas


class MessageSettings(ResidentView):
    """The account's wishes."""

    @extend_schema(
        operation_id="readMessageSettings", responses={200: schemas.MessageSettings}, tags=["messages"]
    )
    def get(self, request: Request) -> Response:
        """Every topic with its ways, the quiet hours, and by what the account can be reached."""
        return Response(_settings(request))


class MessageTopic(ResidentView):
    """One topic."""

    @extend_schema(
        operation_id="setMessageTopic",
        request=schemas.MessageTopicRequest,
        responses={200: schemas.MessageSettings},
        tags=["messages"],
    )
    def put(self, request: Request) -> Response:
        """Say by which ways to be told of a topic, beside the inbox."""
        data = schemas.MessageTopicRequest(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        said = data.validated_data
        services.set_topic(
            account_pk=account.pk,
            topic=said["topic"],
            ways={name: said[name] for name in ("weixin", "sms") if name in said},
        )
        return Response(_settings(request))


class QuietHours(ResidentView):
    """The quiet hours."""

    @extend_schema(
        operation_id="setQuietHours",
        request=schemas.QuietHours,
        responses={200: schemas.MessageSettings},
        tags=["messages"],
    )
    def put(self, request: Request) -> Response:
        """Say when no messages are wanted but urgent ones."""
        data = schemas.QuietHours(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        services.set_quiet_hours(account_pk=account.pk, **data.validated_data)
        return Response(_settings(request))


class TestMessage(ResidentView):
    """A message to oneself."""

    @extend_schema(operation_id="readTestMessage", responses={200: schemas.TestMessage}, tags=["messages"])
    def get(self, request: Request) -> Response:
        """What became of the newest test message on each way."""
        return Response(_test(request))

    @extend_schema(
        operation_id="sendTestMessage", request=None, responses={201: schemas.TestMessage}, tags=["messages"]
    )
    def post(self, request: Request) -> Response:
        """Send one over every way that is open."""
        account = accounts.account_of(request._request)
        services.send_test(account_id=account.public_id)
        return Response(_test(request), status=201)


class MessageTemplates(ResidentView):
    """The mini-program's templates."""

    @extend_schema(
        operation_id="listMessageTemplates",
        responses={200: schemas.MessageTemplates},
        tags=["messages"],
    )
    def get(self, request: Request) -> Response:
        """For which templates to ask with ``wx.requestSubscribeMessage``.

        What the resident answers comes to us from WeChat itself. Ask where it is of use: after a
        booking for ``visit``, ``stop`` and ``queue``, after a payment for ``medicine`` and ``report``.
        """
        account = accounts.account_of(request._request)
        return Response({"templates": [asdict(wanted) for wanted in selectors.wanted(account.pk)]})


def _settings(request: Request) -> dict[str, Any]:
    account = accounts.account_of(request._request)
    quiet = selectors.quiet_hours(account.pk)
    return {
        "topics": [asdict(topic) for topic in selectors.topic_settings(account.pk)],
        "quiet_hours": {
            "is_on": quiet.is_on,
            "starts": f"{quiet.starts:%H:%M}",
            "ends": f"{quiet.ends:%H:%M}",
        },
        "reachable": asdict(selectors.ways(account.pk)),
    }


def _test(request: Request) -> dict[str, Any]:
    tried = selectors.last_test(accounts.account_of(request._request).pk)
    if tried is None:
        return {"message": "", "ways": []}
    message, rows = tried
    return {"message": message.public_id, "ways": [asdict(row) for row in rows]}
