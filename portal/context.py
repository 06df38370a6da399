"""What every page knows besides its own content."""

from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from portal import preferences


class Page(TypedDict):
    """The frame of a page: how its reader wants it, and where help is."""

    care: bool
    theme: str
    language: str
    hotline: str
    hotline_hours: str
    centre: str


def page(request: HttpRequest) -> dict[str, Page]:
    """Context processor: ``page`` in every template."""
    return {
        "page": Page(
            care=request.COOKIES.get(preferences.CARE_COOKIE) == "1",
            theme=preferences.theme(request),
            language=get_language() or settings.LANGUAGE_CODE,
            hotline=settings.HOTLINE,
            hotline_hours=settings.HOTLINE_HOURS,
            centre=settings.CENTRE_NAME,
        )
    }
