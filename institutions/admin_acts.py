"""What staff do in the admin: an act, the form that asks for its reason, and what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from foundation.core import redis
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from foundation.core.ids import new_public_id
from institutions.rules import Duty

TICKET_SECONDS = 3_600
_TICKET_LENGTH = 26


class SentBefore(Exception):
    """This very form was sent before: the second click of a double click."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an act did.

    Attributes:
        message: The sentence that is shown.
        once: Labels and values that are shown this once and never again, such as a secret.
        row: The row to go on to, where that is not the one that the act was about.
    """

    message: str | Promise
    once: Sequence[tuple[str | Promise, str]] = field(default=())
    row: Model | None = None


class ActForm(forms.Form):
    """The form of an act; ``reason`` goes into the audit.

    ``subject`` is the row that the act is about, or None where it makes a new one.
    """

    required_css_class = "required"

    reason = forms.CharField(
        label=_("原因"),
        help_text=_("会写入审计记录"),
        min_length=2,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
    )
    # Each rendered form works once, so that a double click does not act twice.
    ticket = forms.CharField(widget=forms.HiddenInput, max_length=_TICKET_LENGTH, initial=new_public_id)

    def __init__(self, *args: Any, subject: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject
        self.actor = actor
        self.order_fields([name for name in self.fields if name != "reason"])

    def perform(self) -> Done:
        """Call the service with the cleaned data; domain errors are shown on the form."""
        raise NotImplementedError


class ToldActForm(ActForm):
    """The form of an act whose reason the person concerned reads in their own history."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("会写入审计记录，本人在变更历史里也会看到")


def _always(subject: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Act:
    """Something that staff may do to a row.

    Attributes:
        name: Its part of the address.
        duty: Who may do it.
        applies: Whether it makes sense for the row as it is.
    """

    name: str
    label: str | Promise
    form: type[ActForm]
    duty: Duty
    applies: Callable[[Any], bool] = _always


def perform(form: ActForm) -> Done | None:
    """Run a valid form once; None, with the error on the form, where the service refuses.

    Raises:
        SentBefore: The same form was sent before.
    """
    ticket = _ticket(form.cleaned_data["ticket"])
    if not redis.client().set(ticket, b"", nx=True, ex=TICKET_SECONDS):
        raise SentBefore
    try:
        return form.perform()
    except DomainError as exc:
        # Nothing was done, so the same form may be sent again, mended.
        redis.client().delete(ticket)
        form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
        return None


def was_sent(request: HttpRequest) -> bool:
    """Whether the form that a request brings was sent before, and is done or being done."""
    ticket = request.POST.get("ticket", "")[:_TICKET_LENGTH]
    return bool(ticket) and bool(redis.client().exists(_ticket(ticket)))


def _ticket(value: str) -> str:
    return redis.key("act", value)
