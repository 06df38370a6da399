"""Pages on which a holder or a guardian does something to a card, each saying first what will happen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards.errors import CardMoveRefused, CardNotFound
from cards.history import history_of
from cards.rules.life import DEEDS, CardMove
from cards.rules.reasons import LOSS_REASONS
from cards.selectors import is_moved
from cards.services.holder import WITH_CERTIFICATE, move_card
from cards.states import NumberState
from cards.whose import Whose, whose_card
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError, StalePage
from foundation.core.pagination import page_number
from identity.rules import Deed


@dataclass(frozen=True, slots=True)
class Words:
    """What the page of a move says.

    Attributes:
        effects: What will happen, one sentence each.
        does: The button.
        done: Said afterwards.
    """

    title: str | Promise
    effects: Sequence[str | Promise]
    does: str | Promise
    done: str | Promise
    icon: str
    is_grave: bool = False


WORDS: Mapping[CardMove, Words] = {
    CardMove.FREEZE: Words(
        _("冻结健康卡"),
        (
            _("二维码马上失效，医院扫码会被拒绝。"),
            _("卡号不变，随时可以恢复使用。"),
        ),
        _("冻结"),
        _("健康卡已冻结，二维码现在不能使用"),
        "lock",
        is_grave=True,
    ),
    CardMove.UNFREEZE: Words(
        _("恢复使用"),
        (_("二维码马上可以重新出示，卡号不变。"),),
        _("恢复使用"),
        _("健康卡已恢复使用"),
        "check",
    ),
    CardMove.REPORT_LOSS: Words(
        _("挂失健康卡"),
        (
            _("二维码和打印的静态码马上失效，医院扫码会被拒绝。"),
            _("手机丢了的，请同时在“我的”里让那台手机下线。"),
            _("找回以后可以取消挂失，卡号不变。"),
            _("找不回来可以补领：换一个新的卡号，以前的码全部作废。"),
        ),
        _("挂失"),
        _("健康卡已挂失，二维码现在不能使用"),
        "warning",
        is_grave=True,
    ),
    CardMove.WITHDRAW_LOSS: Words(
        _("取消挂失"),
        (
            _("二维码和以前打印的静态码马上可以重新使用。"),
            _("不能确定码有没有被别人看到的，请改用“补领”。"),
        ),
        _("取消挂失"),
        _("挂失已取消，健康卡可以使用了"),
        "check",
    ),
    CardMove.REISSUE: Words(
        _("补领健康卡"),
        (
            _("健康卡换一个新的卡号，马上可以使用。"),
            _("以前的二维码、打印的静态码全部作废，不能恢复。"),
            _("就诊记录和登记信息不受影响。"),
        ),
        _("补领"),
        _("补领完成，请使用新的二维码"),
        "refresh",
    ),
    CardMove.CANCEL: Words(
        _("注销健康卡"),
        (
            _("二维码马上失效，以后不能恢复这张卡。"),
            _("医院已有的就诊记录仍会依法保存。"),
            _("需要时可以重新申领，会得到新的卡号。"),
        ),
        _("注销"),
        _("健康卡已注销"),
        "close",
        is_grave=True,
    ),
}


class MoveForm(forms.Form):
    """What a move asks for; most ask for nothing."""

    replaces = forms.CharField(widget=forms.HiddenInput, required=False, max_length=26)

    def __init__(self, *args: object, move: CardMove, is_self: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if move is CardMove.REPORT_LOSS:
            self.fields["reason"] = forms.ChoiceField(
                label=_("为什么挂失？"),
                widget=forms.RadioSelect,
                choices=list(LOSS_REASONS.items()),
                error_messages={"required": _("请选择一项"), "invalid_choice": _("请从列表中选择")},
            )
        if move in WITH_CERTIFICATE:
            self.fields["certificate"] = forms.CharField(
                label=_("请填写您的证件号码") if is_self else _("请填写您本人的证件号码"),
                help_text=_("防止捡到手机的人替您操作")
                if is_self
                else _("是您自己的，不是家人的。防止捡到手机的人替您操作"),
                max_length=40,
                widget=forms.TextInput(
                    attrs={
                        "autocomplete": "off",
                        "autocapitalize": "characters",
                        "data-strip": "1",
                        "data-figures": "1",
                    }
                ),
                error_messages={
                    "required": _("请填写证件号码"),
                    "max_length": _("证件号码太长，请对照证件核对"),
                },
            )


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def move(request: HttpRequest, word: str, person_id: str = "") -> HttpResponse:
    """Say what a move will do, and to whose card; the button does it."""
    chosen = next((one for one in CardMove if one.value == word.replace("-", "_")), None)
    if chosen is None:
        return redirect(whose_card(request, person_id, Deed.SHOW_CARD).settings_url)
    whose = whose_card(request, person_id, DEEDS[chosen])
    if request.method == "GET" and chosen not in whose.card.moves:
        return redirect(whose.settings_url)
    if request.method == "POST":
        form = MoveForm(request.POST, move=chosen, is_self=whose.is_self)
        if form.is_valid() and _perform(request, chosen, form, whose):
            messages.success(request, str(WORDS[chosen].done))
            ended = chosen in (CardMove.CANCEL, CardMove.REISSUE)
            return redirect(whose.card_url if ended else whose.settings_url)
    else:
        current = whose.card.card.numbers.get(state=NumberState.CURRENT)
        form = MoveForm(initial={"replaces": current.public_id}, move=chosen, is_self=whose.is_self)
    context = {"form": form, "words": WORDS[chosen], "whose": whose}
    return render(request, "cards/move.html", context, status=422 if form.errors else 200)


def _perform(request: HttpRequest, chosen: CardMove, form: MoveForm, whose: Whose) -> bool:
    """Do it, or find it done by the other of two clicks; False, with the error on the form, if refused."""
    try:
        move_card(
            account_pk=accounts.account_of(request).pk,
            person_id=whose.person_id,
            move=chosen,
            reason=form.cleaned_data.get("reason", ""),
            certificate=form.cleaned_data.get("certificate", ""),
            replaces=form.cleaned_data["replaces"],
            actor=accounts.actor_of(request),
        )
    except DomainError as exc:
        is_over = isinstance(exc, (CardMoveRefused, CardNotFound, StalePage))
        if is_over and is_moved(whose.person_pk, chosen, number_id=form.cleaned_data["replaces"]):
            return True
        form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
        return False
    return True


@resident_required
@require_GET
@never_cache
def history(request: HttpRequest, person_id: str = "") -> HttpResponse:
    """Who did what to the card, when and why; also of a card that was cancelled."""
    whose = whose_card(request, person_id, Deed.READ_CARD_HISTORY)
    found = history_of(
        whose.person_pk,
        account_id=accounts.account_of(request).public_id,
        is_own=whose.is_self,
        since=whose.since,
        page=page_number(request.GET.get("page", "")),
    )
    context = {"history": found, "older": f"?page={found.after}", "whose": whose}
    return render(request, "cards/history.html", context)
