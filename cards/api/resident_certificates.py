"""The resident API about the certificates in the card."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.apps import ResidentView
from cards.api.certificates import Certificate, answer_of
from cards.certificates import certificates_of, shown
from cards.rules.certificates import KIND_WORDS, LONGEST_ISSUER
from cards.rules.reasons import HOLDER
from cards.selectors import require_own_card
from cards.services.certificates import certificate_of, claim_certificate, unlink_certificate
from foundation.accounts import selectors as accounts
from identity.rules import Deed

_NO_STORE = {"Cache-Control": "no-store"}


class CertificateClaim(serializers.Serializer[Any]):
    """What holders say of a certificate of theirs."""

    kind = serializers.ChoiceField(choices=KIND_WORDS)
    number = serializers.CharField(max_length=40)
    issuer = serializers.CharField(max_length=LONGEST_ISSUER)


class OwnCertificates(ResidentView):
    """The certificates in the card."""

    @extend_schema(
        operation_id="readCertificates", responses={200: Certificate(many=True)}, tags=["certificate"]
    )
    def get(self, request: Request) -> Response:
        """All of them, masked."""
        found = certificates_of(_person(request, Deed.SHOW_CERTIFICATES))
        return Response([answer_of(certificate) for certificate in found], headers=_NO_STORE)

    @extend_schema(
        operation_id="addCertificate",
        request=CertificateClaim,
        responses={201: Certificate},
        tags=["certificate"],
    )
    def post(self, request: Request) -> Response:
        """Add one; it counts once the centre or an institution has confirmed it."""
        data = CertificateClaim(data=request.data)
        data.is_valid(raise_exception=True)
        certificate = claim_certificate(
            person_pk=_person(request, Deed.LINK_CERTIFICATE),
            actor=accounts.actor_of(request._request),
            **data.validated_data,
        )
        return Response(answer_of(shown(certificate)), status=201, headers=_NO_STORE)


class OwnCertificate(ResidentView):
    """One certificate in the card."""

    @extend_schema(operation_id="removeCertificate", responses={204: None}, tags=["certificate"])
    def delete(self, request: Request, certificate_id: str) -> Response:
        """Take it out of the card."""
        certificate = certificate_of(
            person_pk=_person(request, Deed.LINK_CERTIFICATE), public_id=certificate_id
        )
        unlink_certificate(certificate=certificate, reason=HOLDER, actor=accounts.actor_of(request._request))
        return Response(status=204)


def _person(request: Request, deed: Deed) -> int:
    return require_own_card(accounts.account_of(request._request).pk, deed).card.person_id
