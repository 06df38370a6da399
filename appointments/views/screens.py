"""The screen in a waiting area, open to whoever knows its address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from appointments.selectors.calling import screen_of


@never_cache
@require_GET
def screen(request: HttpRequest, key: str) -> HttpResponse:
    """Who is called to where, and who comes next: numbers and surnames."""
    return render(request, "appointments/screen.html", {"screen": screen_of(key), "key": key})
