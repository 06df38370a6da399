"""At the window: the second clerk looks, where the person is held by another account."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards.window_forms import SecondForm
from foundation.core.errors import DomainError
from identity import services as identity
from identity.errors import TakeOverOver
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Who waits for a second clerk of this institution."""
    shown = identity.take_overs_shown(actor=institutions.staff_actor(request))
    return render(request, "cards/window/seconds.html", {"waiting": shown})


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_http_methods(["GET", "POST"])
def second(request: HttpRequest, public_id: str) -> HttpResponse:
    """One of them: read the document too, and confirm or refuse."""
    actor = institutions.staff_actor(request)
    shown = next(
        (each for each in identity.take_overs_shown(actor=actor) if each.take_over_id == public_id), None
    )
    if shown is None:
        raise TakeOverOver
    if request.POST.get("do") == "refuse":
        identity.refuse_take_over(take_over_id=public_id, actor=actor)
        messages.success(request, _("没有更换，健康卡仍由原来的账号持有"))
        return redirect("window-seconds")
    form = SecondForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            identity.confirm_take_over(
                take_over_id=public_id, number=form.cleaned_data["number"], actor=actor
            )
        except DomainError as exc:
            form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("已更换，居民现在可以在手机上使用健康卡；原来的账号会收到通知"))
            return redirect("window-seconds")
    form.focus()
    context = {"form": form, "shown": shown}
    return render(request, "cards/window/second.html", context, status=422 if form.errors else 200)
