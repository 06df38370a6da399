"""The native API about lists of people for whom cards are made in advance; signed calls only."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api import schemas_batch as schemas
from cards.api.schemas_institution import Problem
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.batch import selectors
from cards.batch.reading import RawRow
from cards.batch.states import RowState
from cards.errors import BatchNotFound
from cards.models import Batch, BatchRow
from cards.selectors import current_numbers
from cards.services.batch import hand_in
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import CARD_BATCH
from gmcrypto.fields import prefetch_keys
from institutions import selectors as institutions

PAGE = 100


class Batches(SignedView):
    """Handing lists in."""

    permission_classes = [RequireScope(CARD_BATCH)]
    max_body_bytes = 400_000

    @extend_schema(
        operation_id="createBatch",
        parameters=[KEY_HEADER],
        request=schemas.BatchRequest,
        responses={201: schemas.BatchProgress, 409: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Hand in a list of at most 500 people; it is worked on in the background.

        Lines without a usable name or certificate are kept as the unnamed, for the counter.
        """
        data = valid(schemas.BatchRequest, request)
        actor = actor_of_caller(caller_of(request))
        batch = hand_in(
            rows=[
                RawRow(line, {name: value.strip() for name, value in row.items() if value.strip()})
                for line, row in enumerate(data["rows"], start=1)
            ],
            content=request._request.body,
            kind=data["kind"],
            institution_pk=institutions.visible(actor).values_list("pk", flat=True).get(),
            actor=actor,
        )
        return Response(_progress(batch), status=201)


class OneBatch(SignedView):
    """How far a list is."""

    permission_classes = [RequireScope(CARD_BATCH)]

    @extend_schema(
        operation_id="readBatch",
        responses={200: schemas.BatchProgress, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def get(self, request: Request, batch_id: str) -> Response:
        """The list with its counts; ask every few seconds at most."""
        return Response(_progress(_own(actor_of_caller(caller_of(request)), batch_id)))


class BatchRows(SignedView):
    """What became of the lines."""

    permission_classes = [RequireScope(CARD_BATCH)]

    @extend_schema(
        operation_id="readBatchRows",
        parameters=[
            OpenApiParameter("after", int, description="Lines after this one; 0 at first."),
            OpenApiParameter("state", str, enum=RowState.values, description="Only lines in this state."),
        ],
        responses={200: schemas.BatchResults, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def get(self, request: Request, batch_id: str) -> Response:
        """One page of lines, in their order, with the number of the card where there is one."""
        actor = actor_of_caller(caller_of(request))
        batch = _own(actor, batch_id)
        rows = BatchRow.objects.filter(batch=batch, line__gt=_after(request)).order_by("line")
        if state := request.query_params.get("state"):
            if state not in RowState.values:
                raise InvalidInput(field="state")
            rows = rows.filter(state=state)
        found = list(rows[: PAGE + 1])
        page = found[:PAGE]
        audit.record(Action.BATCH_EXPORTED, actor=actor, subject=batch, details={"count": len(page)})
        answer = {"rows": _results(page), "next_after": page[-1].line if len(found) > PAGE else None}
        return Response(answer, headers={"Cache-Control": "no-store"})


def _own(actor: Actor, batch_id: str) -> Batch:
    batch = selectors.visible_batches(actor).filter(public_id=batch_id).first()
    if batch is None:
        raise BatchNotFound
    return batch


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise InvalidInput(field="after")
    return int(text)


def _progress(batch: Batch) -> dict[str, Any]:
    progress = selectors.progress_of([batch])[batch.pk]
    return {
        "batch_id": batch.public_id,
        "kind": batch.kind,
        "state": batch.state,
        "note": batch.note,
        "total": batch.total,
        "counts": {state: progress.counts[state] for state in RowState.values},
        "created_at": batch.created_at,
        "finished_at": batch.finished_at,
    }


def _results(rows: list[BatchRow]) -> list[dict[str, Any]]:
    prefetch_keys(rows)
    numbers = current_numbers([row.card_id for row in rows if row.card_id is not None])
    return [
        {
            "line": row.line,
            "patient_id": row.given.get("patient_id", ""),
            "state": row.state,
            "reason": row.reason,
            "reason_text": selectors.why(row),
            "health_card_id": numbers.get(row.card_id or 0),
            "decided_at": row.decided_at,
        }
        for row in rows
    ]
