"""How a reader wants the pages: care mode, appearance, language; kept in cookies.

Cookies and not the account, because the first page is read before anybody signs in.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

CARE_COOKIE = "care"
THEME_COOKIE = "theme"
THEMES = ("light", "dark")
COOKIE_AGE = 400 * 24 * 3600  # the longest that browsers keep


def theme(request: HttpRequest) -> str:
    """The chosen appearance; empty where the phone decides."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Store what was posted and lead back to the page that it came from."""
    response = HttpResponseRedirect(_way_back(request))
    care = request.POST.get("care")
    if care in {"0", "1"}:
        _keep(response, CARE_COOKIE, "1" if care == "1" else "")
    chosen = request.POST.get("theme")
    if chosen in {"auto", *THEMES}:
        _keep(response, THEME_COOKIE, "" if chosen == "auto" else str(chosen))
    language = request.POST.get("language")
    if language in dict(settings.LANGUAGES):
        _keep(response, settings.LANGUAGE_COOKIE_NAME, str(language))
    return response


def _keep(response: HttpResponse, name: str, value: str) -> None:
    if not value:
        response.delete_cookie(name, samesite="Lax")
        return
    response.set_cookie(
        name,
        value,
        max_age=COOKIE_AGE,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _way_back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else "/"
