"""Adding another adult: naming them, and their consent by code or from their own account."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards.family_forms import CodeForm, RelativeForm, relative_pages
from cards.one_by_one import OneByOne
from cards.services import family
from cards.views.one_by_one import ask
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from identity import selectors as identity
from identity import services as guardians
from identity.errors import InvitationCodeWrong, InvitationOver
from identity.types import InvitationState


@resident_required
@require_GET
@never_cache
def adult(request: HttpRequest) -> HttpResponse:
    """What is needed to add another adult, and what happens.

    Raises:
        OwnPersonNeeded, LevelTooLow: If the account may not hold others.
    """
    account = accounts.account_of(request)
    guardians.require_guardian(account.pk)
    if not identity.has_consented(account.pk):
        return redirect(f"{reverse('consent')}?next={reverse('family-adult')}")
    return render(request, "cards/family/adult.html")


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def adult_question(request: HttpRequest, word: str) -> HttpResponse:
    """Whom to add, one question a page. The answer is the same for everybody who could exist.

    Raises:
        OwnPersonNeeded, LevelTooLow: If the account may not hold others.
    """
    account = accounts.account_of(request)
    guardians.require_guardian(account.pk)
    if not identity.has_consented(account.pk):
        return redirect(f"{reverse('consent')}?next={reverse('family-adult')}")

    def invite(form: RelativeForm) -> HttpResponse:
        made = guardians.invite(account_pk=account.pk, actor=accounts.actor_of(request), **form.cleaned_data)
        return redirect("family-invitation", made.public_id)

    asked = OneByOne(request, name="family-adult", form_class=RelativeForm, pages=relative_pages)
    return ask(request, asked, word, hand_in=invite)


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def invitation(request: HttpRequest, invitation_id: str) -> HttpResponse:
    """What the inviting account can do: type the code, or pass on the link.

    Raises:
        InvitationOver: If the invitation is somebody else's.
    """
    account = accounts.account_of(request)
    sent = identity.sent_invitation(account.pk, invitation_id)
    form = CodeForm(_posted(request))
    if sent.state == InvitationState.OPEN and form.is_valid():
        try:
            opened = family.confirm_by_code(
                account_pk=account.pk,
                invitation_id=invitation_id,
                code=form.cleaned_data["code"],
                actor=accounts.actor_of(request),
            )
        except InvitationOver as exc:
            # The other of two clicks may have given the code.
            if identity.sent_invitation(account.pk, invitation_id).state == InvitationState.ACCEPTED:
                return redirect("family-invitation", invitation_id)
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
        except InvitationCodeWrong as exc:
            form.add_error("code", f"{exc.text()}。{exc.advice()}")
        except DomainError as exc:
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("家人已添加"))
            return redirect("family-card", opened.person_id)
    context = {
        "sent": sent,
        "form": form,
        "link": request.build_absolute_uri(reverse("family-accept", args=[invitation_id])),
    }
    return render(request, "cards/family/invitation.html", context, status=422 if form.errors else 200)


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def accept(request: HttpRequest, invitation_id: str) -> HttpResponse:
    """The invited person, signed in as themselves, agrees or does not.

    Raises:
        InvitationOver: For everybody whom the invitation does not name.
    """
    account = accounts.account_of(request)
    problem = ""
    if request.method == "POST":
        agrees = request.POST.get("do") == "agree"
        try:
            _reply(account.pk, invitation_id, agrees=agrees, actor=accounts.actor_of(request))
        except DomainError as exc:
            problem = f"{exc.text()}。{exc.advice()}"
        else:
            done = _("已同意，对方现在可以代您出示健康卡") if agrees else _("已回复：不同意")
            messages.success(request, done)
            return redirect("family")
    context = {"received": identity.received_invitation(account.pk, invitation_id), "problem": problem}
    return render(request, "cards/family/accept.html", context, status=409 if problem else 200)


def _reply(account_pk: int, invitation_id: str, *, agrees: bool, actor: Actor) -> None:
    """Agree or not, or find it answered so by the other of two clicks."""
    reply = family.accept_invitation if agrees else guardians.decline_invitation
    try:
        reply(account_pk=account_pk, invitation_id=invitation_id, actor=actor)
    except InvitationOver:
        wished = InvitationState.ACCEPTED if agrees else InvitationState.DECLINED
        if not identity.has_answered(account_pk, invitation_id, wished):
            raise


def _posted(request: HttpRequest) -> QueryDict | None:
    # An empty form that was sent is answered as one that was sent.
    return request.POST if request.method == "POST" else None
