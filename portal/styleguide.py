"""Every component in every state, for people to look at and for the browser tests to photograph.

It exists only in development and in the demo; its people are invented.
"""

from typing import Any

import zxingcpp
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from foundation.core import clock

WINDOW_MS = 30_000
FAULTS = ("400", "403", "403_csrf", "404", "500", "offline")
PAGES = (
    "card",
    "card-static",
    "card-expired",
    "card-blocked",
    "question",
    "question-wrong",
    "choices-wrong",
    "waiting",
    "done",
    "problem",
    *FAULTS,
)

# A week as the strip of days shows it: name, word, kind.
DAYS = (
    (_("周一"), _("停诊"), "danger"),
    (_("周二"), _("有号"), "done"),
    (_("周三"), _("约满"), "neutral"),
    (_("周四"), _("无"), "neutral"),
    (_("周五"), _("有号"), "done"),
    (_("周六"), _("有号"), "done"),
    (_("周日"), _("待放号"), "waiting"),
)


class SampleForm(forms.Form):
    """One field of each form that the pages know."""

    name = forms.CharField(label=_("姓名"), help_text=_("与身份证件上的一致"))
    number = forms.CharField(
        label=_("身份证号码"),
        help_text=_("18 位，最后一位可能是 X"),
        widget=forms.TextInput(attrs={"inputmode": "text", "data-strip": "1", "data-figures": "1"}),
    )
    phone = forms.CharField(
        label=_("手机号"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "data-strip": "1"}),
    )
    born = forms.DateField(
        label=_("出生日期"), widget=forms.DateInput(attrs={"type": "date"}), required=False
    )
    kind = forms.ChoiceField(
        label=_("证件类型"), choices=[("01", _("居民身份证")), ("02", _("居民户口簿")), ("03", _("护照"))]
    )
    relation = forms.ChoiceField(
        label=_("这张卡给谁用？"),
        choices=[("self", _("我自己")), ("child", _("我的孩子")), ("parent", _("我的父母"))],
        widget=forms.RadioSelect,
    )
    remark = forms.CharField(label=_("补充说明"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    consent = forms.BooleanField(label=_("我已阅读并同意《个人信息处理规则》"))


class NumberForm(forms.Form):
    """A page with one question."""

    number = forms.CharField(
        label=_("您的身份证号码是多少？"),
        help_text=_("用来核对身份，只在核对时发给公安人口库。"),
        widget=forms.TextInput(attrs={"data-strip": "1", "data-figures": "1", "autocomplete": "off"}),
    )

    def clean_number(self) -> str:
        """Refuse everything: the guide shows how a refusal looks."""
        raise forms.ValidationError(_("身份证号最后一位对不上，请对照证件再核对一遍"))


class RelationForm(forms.Form):
    """A question answered by choosing."""

    relation = forms.ChoiceField(
        label=_("这张卡给谁用？"),
        choices=[("self", _("我自己")), ("child", _("我的孩子")), ("parent", _("我的父母"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项：这张卡给谁用")},
    )


def show(request: HttpRequest, page: str = "") -> HttpResponse:
    """The guide itself, or one sample page of it."""
    _refuse_outside_development()
    if not page:
        return render(request, "portal/styleguide.html", _guide())
    if page not in PAGES:
        raise Http404
    if page in FAULTS:
        return render(request, f"{page}.html")
    return render(request, *_sample(page))


def codes(request: HttpRequest) -> JsonResponse:
    """What the card's own endpoint would answer, with codes that open nothing."""
    _refuse_outside_development()
    return JsonResponse(_payload(with_codes=request.GET.get("kind") != "static"))


def _refuse_outside_development() -> None:
    if not (settings.DEBUG or settings.DEMO):
        raise Http404


def _guide() -> dict[str, Any]:
    drawings = settings.BASE_DIR / "templates" / "components" / "icons"
    return {
        "form": SampleForm(auto_id="guide_%s"),
        "pages": PAGES,
        "days": _days(),
        "icons": sorted(drawing.stem for drawing in drawings.iterdir()),
    }


def _days() -> list[dict[str, Any]]:
    return [
        {
            "weekday": name,
            "number": str(20 + at),
            "label": label,
            "kind": kind,
            "href": f"?day={at}",
            "is_current": at == 1,
        }
        for at, (name, label, kind) in enumerate(DAYS)
    ]


def _sample(page: str) -> tuple[str, dict[str, Any]]:
    if page.startswith("card"):
        return "portal/styleguide_card.html", _card(page)
    samples: dict[str, tuple[str, dict[str, Any]]] = {
        "question": ("portal/styleguide_question.html", {"form": NumberForm()}),
        "question-wrong": (
            "portal/styleguide_question.html",
            {"form": NumberForm({"number": "11010020171225006Y"})},
        ),
        "choices-wrong": ("portal/styleguide_question.html", {"form": RelationForm({})}),
        "waiting": (
            "wait.html",
            {
                "title": _("正在核对身份"),
                "text": _("通常几秒钟就好，请不要关闭页面"),
                "wait_url": "/styleguide/codes",
            },
        ),
        "done": ("portal/styleguide_done.html", {}),
        "problem": (
            "problem.html",
            {
                "title": _("这张健康卡已冻结"),
                "text": _("冻结期间不能出示。要恢复使用，请到“我的”里申请解冻。"),
            },
        ),
    }
    return samples[page]


def _card(page: str) -> dict[str, Any]:
    is_static = page == "card-static"
    return {
        "payload": None if page in {"card-expired", "card-blocked"} else _payload(with_codes=not is_static),
        "is_blocked": page == "card-blocked",
        "url": "" if page == "card-expired" else "/styleguide/codes" + ("?kind=static" if is_static else ""),
        "modes": [
            {"label": _("动态码"), "href": "/styleguide/card/", "current": not is_static},
            {"label": _("静态码"), "href": "/styleguide/card-static/", "current": is_static},
        ],
    }


def _payload(*, with_codes: bool) -> dict[str, Any]:
    now = int(clock.now().timestamp() * 1000)
    windows = [now + number * WINDOW_MS for number in range(3)] if with_codes else []
    return {
        "server_time": now,
        "refresh_seconds": WINDOW_MS // 1000,
        "codes": [
            _code(f"STYLEGUIDE:0:{begin}:0000000000000000000000", begin, begin + WINDOW_MS)
            for begin in windows
        ],
        "static": _code("0" * 64 + ":1", now, now + 86_400_000),
    }


def _code(text: str, begin: int, end: int) -> dict[str, Any]:
    drawing = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_svg()
    return {"text": text, "svg": drawing, "valid_from": begin, "valid_until": end}
