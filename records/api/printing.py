"""The native institution API about printing at machines; signed calls only."""

import base64

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.schemas_institution import Problem
from cards.api.signed import PROBLEMS, SignedView, caller_of, valid
from foundation.gateway.drf import RequireScope
from foundation.gateway.scopes import REPORT_PRINT
from records.api import schemas
from records.api.resident import head_told
from records.services.printing import print_report, printable_reports

_PRIVATE = {"Cache-Control": "no-store"}


class Prints(SignedView):
    """What can be printed."""

    permission_classes = [RequireScope(REPORT_PRINT)]

    @extend_schema(
        operation_id="listPrintableReports",
        request=schemas.CodeShown,
        responses={200: schemas.PrintableReports, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def post(self, request: Request) -> Response:
        """Your own reports of the past 90 days of the patient whose dynamic code you verified just now."""
        data = valid(schemas.CodeShown, request)
        found = printable_reports(text=data["code"], caller=caller_of(request))
        return Response({"reports": [head_told(one) for one in found]}, headers=_PRIVATE)


class OnePrint(SignedView):
    """One report to print."""

    permission_classes = [RequireScope(REPORT_PRINT)]

    @extend_schema(
        operation_id="printReport",
        request=schemas.CodeShown,
        responses={200: schemas.Printed, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def post(self, request: Request, report_id: str) -> Response:
        """The PDF of one of them."""
        data = valid(schemas.CodeShown, request)
        content = print_report(text=data["code"], report_id=report_id, caller=caller_of(request))
        return Response({"pdf": base64.b64encode(content).decode()}, headers=_PRIVATE)
