"""Upload of many uses by an institution or a channel."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api import schemas_institution as schemas
from cards.api import schemas_usage
from cards.api.signed import PROBLEMS, SignedView, caller_of
from cards.models.usage import UseKind
from cards.verification import Details, Reported, caller_time_of
from cards.verification.report_many import UseToReport, report_many
from foundation.core.errors import DomainError, InvalidInput
from foundation.gateway.drf import RequireScope
from foundation.gateway.scopes import USAGE_REPORT

Outcome = Reported | DomainError


class UsageUpload(SignedView):
    """Uses that have happened, many at once."""

    permission_classes = [RequireScope(USAGE_REPORT)]
    max_body_bytes = 524_288

    @extend_schema(
        operation_id="uploadUsage",
        request=schemas_usage.UsageUpload,
        responses={200: schemas_usage.UsageUploadResult, 413: schemas.Problem, **PROBLEMS},
        tags=["institution"],
        examples=[
            OpenApiExample(
                "Two uses of a day",
                request_only=True,
                value={
                    "uses": [
                        {"id": "20261121-000001", "health_card_id": "98FF…1928", "scene": "010103"},
                        {"id": "20261121-000002", "health_card_id": "98FF…1928", "scene": "0101082"},
                    ]
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Record up to 500 uses, each with a result of its own.

        Sent again, as a whole or cut differently, nothing is recorded twice: each use is known by
        its id.
        """
        given = _uses(request)
        read = [_read(each) for each in given]
        good = [use for use in read if isinstance(use, UseToReport)]
        recorded = iter(report_many(uses=good, caller=caller_of(request)))
        outcomes = [next(recorded) if isinstance(use, UseToReport) else use for use in read]
        results = [
            _result(str(each.get("id", ""))[:64], found) for each, found in zip(given, outcomes, strict=True)
        ]
        counted = Counter(result["result"] for result in results)
        return Response(
            {name: counted[name] for name in ("recorded", "repeated", "refused")} | {"results": results}
        )


def _uses(request: Request) -> list[dict[str, Any]]:
    body: Any = request.data
    uses = body.get("uses")
    if (
        not isinstance(uses, list)
        or not 0 < len(uses) <= schemas_usage.MOST_USES
        or not all(isinstance(each, dict) for each in uses)
    ):
        raise InvalidInput(field="uses")
    return uses


def _read(given: Mapping[str, Any]) -> UseToReport | DomainError:
    schema = schemas_usage.UploadedUse(data=given)
    if not schema.is_valid():
        return InvalidInput(field=next(iter(schema.errors)))
    data: dict[str, Any] = schema.validated_data
    try:
        details = Details(
            scene=data["scene"],
            request_id=data["id"],
            operation="upload",
            terminal_id=data["terminal_id"],
            department=data["department"],
            channel=data["channel"],
            card_type=data["card_type"],
            cost_type=data["cost_type"],
            use_city=data["use_city"],
            branch=data["branch"],
            caller_time=caller_time_of(data["occurred_at"]) if data["occurred_at"] else None,
        )
    except DomainError as exc:
        return exc
    return UseToReport(details, code=data.get("code", ""), card_id=data.get("health_card_id", ""))


def _result(use_id: str, found: Outcome) -> dict[str, Any]:
    if isinstance(found, Reported):
        return {
            "id": use_id,
            "result": "repeated" if found.is_replayed else "recorded",
            "usage_id": found.usage_id,
            "kind": UseKind(found.kind).value,
            "recorded_at": found.at,
        }
    refused = {"code": found.code, "detail": found.text(), "next_step": found.advice()}
    where = {"field": found.field} if found.field else {}
    return {"id": use_id, "result": "refused"} | refused | where
