"""The native institution API about active scan; signed calls only."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards import scans
from cards.api import schemas_handover as schemas
from cards.api.schemas_institution import Problem
from cards.api.signed import (
    KEY_HEADER,
    PROBLEMS,
    TERMINAL_HEADER,
    SignedView,
    caller_of,
    terminal_token,
    valid,
)
from cards.codes import image
from cards.services import scanning
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import SCAN_START


class Scans(SignedView):
    """Codes that terminals show."""

    permission_classes = [RequireScope(SCAN_START)]

    @extend_schema(
        operation_id="startScan",
        parameters=[KEY_HEADER, TERMINAL_HEADER],
        request=schemas.ScanStart,
        responses={201: schemas.StartedScan, 409: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Get a code for a terminal to show; the resident who scans it agrees or refuses.

        It lives three minutes and is answered once. Poll ``readScan`` every one or two seconds.
        """
        data = valid(schemas.ScanStart, request)
        started = scanning.start_scan(
            caller=caller_of(request),
            scene=data["scene"],
            terminal_id=data["terminal_id"],
            external_id=data["reference"],
            terminal_token=terminal_token(request),
        )
        return Response(
            {
                "scan_id": started.scan_id,
                "text": started.text,
                "image": image.svg(started.text),
                "expires_at": started.expires_at,
            },
            status=201,
        )


class OneScan(SignedView):
    """One of them."""

    permission_classes = [RequireScope(SCAN_START)]

    @extend_schema(
        operation_id="readScan",
        responses={200: schemas.Scan, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def get(self, request: Request, scan_id: str) -> Response:
        """Where the scan stands, and the card's number once the resident has agreed."""
        found = scans.scan_of(scan_id, client=caller_of(request).public_id)
        return Response(
            {
                "scan_id": found.scan_id,
                "state": found.state,
                "health_card_id": found.card_id or None,
                "expires_at": found.expires_at,
            },
            headers={"Cache-Control": "no-store"},
        )
