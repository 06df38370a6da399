"""The institution API about the certificates in a card."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api import schemas_institution as schemas
from cards.api.schemas_life import Reason
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.certificates import ShownCertificate, shown
from cards.rules.certificates import KIND_WORDS, LONGEST_ISSUER
from cards.services.by_institution import bound_card
from cards.services.certificates import certificate_of, link_certificate, unlink_certificate
from cards.states import CertificateState
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import CERTIFICATE_LINK

_RESPONSES = {404: schemas.Problem, 409: schemas.Problem, **PROBLEMS}


class LinkRequest(serializers.Serializer[Any]):
    """A certificate that the institution has seen."""

    kind = serializers.ChoiceField(choices=KIND_WORDS)
    number = serializers.CharField(max_length=40)
    issuer = serializers.CharField(max_length=LONGEST_ISSUER)
    valid_until = serializers.DateField(required=False, allow_null=True, default=None)


class Certificate(serializers.Serializer[Any]):
    """A certificate in a card, masked."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=KIND_WORDS)
    number = serializers.CharField(help_text="Masked.")
    issuer = serializers.CharField()
    valid_until = serializers.DateField(allow_null=True)
    state = serializers.ChoiceField(choices=CertificateState.choices)


class CardCertificates(SignedView):
    """Certificates of a patient of the institution."""

    permission_classes = [RequireScope(CERTIFICATE_LINK)]

    @extend_schema(
        operation_id="linkCertificate",
        parameters=[KEY_HEADER],
        request=LinkRequest,
        responses={201: Certificate, **_RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, health_card_id: str) -> Response:
        """Link a certificate to the card; the holder is told. The same again changes its validity only."""
        actor = actor_of_caller(caller_of(request))
        certificate = link_certificate(
            person_pk=bound_card(card_id=health_card_id, actor=actor).person_id,
            actor=actor,
            **valid(LinkRequest, request),
        )
        return Response(answer_of(shown(certificate)), status=201)


class OneCertificate(SignedView):
    """A certificate that the institution linked."""

    permission_classes = [RequireScope(CERTIFICATE_LINK)]

    @extend_schema(
        operation_id="unlinkCertificate",
        parameters=[KEY_HEADER],
        request=Reason,
        responses={200: Certificate, **_RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, health_card_id: str, certificate_id: str) -> Response:
        """Take a certificate out of the card that this institution has linked, for example one that ended."""
        actor = actor_of_caller(caller_of(request))
        certificate = certificate_of(
            person_pk=bound_card(card_id=health_card_id, actor=actor).person_id,
            public_id=certificate_id,
            institution=actor.institution,
        )
        unlink_certificate(certificate=certificate, reason=valid(Reason, request)["reason"], actor=actor)
        return Response(answer_of(shown(certificate)) | {"state": CertificateState.UNLINKED.value})


def answer_of(certificate: ShownCertificate) -> dict[str, Any]:
    """A certificate as both APIs show it, masked."""
    return {
        "id": certificate.id,
        "kind": certificate.kind,
        "number": certificate.number,
        "issuer": certificate.issuer,
        "valid_until": certificate.valid_until,
        "state": certificate.state,
    }
