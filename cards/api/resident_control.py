"""The resident API about what institutions may see."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.apps import APP_HEADER, ResidentView
from cards.rules.face import Category
from cards.selectors import ShownCard, require_own_card
from cards.services.visibility import set_visibility
from foundation.accounts import selectors as accounts
from identity.rules import Deed

_NO_STORE = {"Cache-Control": "no-store"}


class VisibilityChange(serializers.Serializer[Any]):
    """A category that is to be hidden, or shown again."""

    category = serializers.ChoiceField(choices=Category.choices)
    visible = serializers.BooleanField()


class VisibleCategory(VisibilityChange):
    """A category, and whether institutions see it."""

    name = serializers.CharField(help_text="In the caller's language (``Accept-Language``).")


class VisibilityAnswer(serializers.Serializer[Any]):
    """Every category that can be hidden."""

    categories = VisibleCategory(many=True)


class Visibility(ResidentView):
    """What institutions may see of the resident, category by category."""

    @extend_schema(
        operation_id="readVisibility",
        parameters=[APP_HEADER],
        responses={200: VisibilityAnswer},
        tags=["own data"],
    )
    def get(self, request: Request) -> Response:
        """Every category; name, certificate, sex and birth date cannot be hidden."""
        return _answer(_own_card(request))

    @extend_schema(
        operation_id="changeVisibility",
        parameters=[APP_HEADER],
        request=VisibilityChange,
        responses={200: VisibilityAnswer},
        tags=["own data"],
    )
    def put(self, request: Request) -> Response:
        """Hide a category from institutions, or show it again; the next scan follows."""
        data = VisibilityChange(data=request.data)
        data.is_valid(raise_exception=True)
        set_visibility(
            card_pk=_own_card(request).card.pk,
            category=data.validated_data["category"],
            is_visible=data.validated_data["visible"],
            actor=accounts.actor_of(request._request),
        )
        return _answer(_own_card(request))


def _own_card(request: Request) -> ShownCard:
    return require_own_card(accounts.account_of(request._request).pk, Deed.CHOOSE_VISIBILITY)


def _answer(shown: ShownCard) -> Response:
    rows = [
        {
            "category": category.value,
            "name": str(category.label),
            "visible": category.value not in shown.card.hidden,
        }
        for category in Category
    ]
    return Response({"categories": rows}, headers=_NO_STORE)
