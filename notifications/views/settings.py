"""The pages on which a resident says what to be told, how and when."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import TooManyRequests
from notifications import selectors, services
from notifications.forms import QuietForm, TopicForm
from notifications.selectors.settings import TopicSetting


@never_cache
@require_GET
@resident_required
def overview(request: HttpRequest) -> HttpResponse:
    """Every topic with its ways, the quiet hours, and what WeChat still lets us send."""
    account = accounts.account_of(request)
    context = {
        "topics": [(topic, _words(topic)) for topic in selectors.topic_settings(account.pk)],
        "quiet": selectors.quiet_hours(account.pk),
        "per_day": selectors.pushes_per_day(),
        "ways": selectors.ways(account.pk),
        "refused": any(wanted.is_refused for wanted in selectors.wanted(account.pk)),
    }
    return render(request, "notifications/settings.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def topic(request: HttpRequest, topic: str) -> HttpResponse:
    """By which ways does the resident want to hear of one topic?"""
    account = accounts.account_of(request)
    shown = next((each for each in selectors.topic_settings(account.pk) if each.topic == topic), None)
    if shown is None or shown.is_fixed:
        raise Http404
    form = TopicForm(
        request.POST or None, has_sms=shown.has_sms, initial={"weixin": shown.weixin, "sms": shown.sms}
    )
    if request.method == "POST" and form.is_valid():
        services.set_topic(account_pk=account.pk, topic=topic, ways=form.cleaned_data)
        messages.success(request, _("已保存"))
        return redirect("message-settings")
    return render(request, "notifications/topic.html", {"form": form, "topic": shown})


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def quiet(request: HttpRequest) -> HttpResponse:
    """When does the resident want no messages?"""
    account = accounts.account_of(request)
    now = selectors.quiet_hours(account.pk)
    form = QuietForm(
        request.POST or None, initial={"is_on": now.is_on, "starts": now.starts, "ends": now.ends}
    )
    if request.method == "POST" and form.is_valid():
        services.set_quiet_hours(account_pk=account.pk, **form.cleaned_data)
        messages.success(request, _("已保存"))
        return redirect("message-settings")
    return render(request, "notifications/quiet.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def test(request: HttpRequest) -> HttpResponse:
    """Send a message to oneself, and see what becomes of it on each way."""
    account = accounts.account_of(request)
    problem = ""
    if request.method == "POST":
        try:
            services.send_test(account_id=account.public_id)
            return redirect("message-test")
        except TooManyRequests as exc:
            problem = f"{exc.text()}。{exc.advice()}"
    context = {
        "tried": selectors.last_test(account.pk),
        "ways": selectors.ways(account.pk),
        "problem": problem,
    }
    return render(request, "notifications/test.html", context)


def _words(setting: TopicSetting) -> str:
    ways = [(_("微信"), setting.weixin), (_("短信"), setting.sms)]
    return "、".join([_("站内消息"), *(word for word, is_on in ways if is_on)])
