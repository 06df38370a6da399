"""The page of one question of a form that is asked one by one."""

from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from cards.one_by_one import OneByOne
from foundation.core.errors import DomainError

F = TypeVar("F", bound=forms.Form)
HandIn = Callable[[F], HttpResponse]


def ask(request: HttpRequest, asked: OneByOne[F], word: str, *, hand_in: HandIn[F]) -> HttpResponse:
    """Ask one question, and hand the form in after the last.

    Args:
        hand_in: Gets the whole form, and gives the page that follows; a ``DomainError`` that it
            raises is said on the page that asked for the field.
    """
    if word not in asked.words or asked.words.index(word) > _furthest(asked):
        return redirect(asked.start)
    form = asked.page(word)
    if request.method != "POST" or not form.is_valid():
        return _question(request, asked, word, form)
    asked.keep(word)
    following = asked.words[asked.words.index(word) + 1 :]
    if following:
        return redirect(asked.route, following[0])
    whole = asked.whole()
    if not whole.is_valid():
        return redirect(asked.route, asked.page_of(next(iter(whole.errors))))
    try:
        answer = hand_in(whole)
    except DomainError as exc:
        at = asked.page_of(exc.field)
        return _question(request, asked, at, asked.wrong(at, exc.field, f"{exc.text()}。{exc.advice()}"))
    asked.forget()
    return answer


def _furthest(asked: OneByOne[F]) -> int:
    open_page = asked.open_page
    return len(asked.words) if open_page is None else asked.words.index(open_page)


def _question(request: HttpRequest, asked: OneByOne[F], word: str, form: F) -> HttpResponse:
    place = asked.words.index(word)
    before = reverse(asked.route, args=[asked.words[place - 1]]) if place else reverse(asked.start)
    context = {
        "form": form,
        "question": next(iter(form)),
        "title": next(iter(form)).label,
        "place": place + 1,
        "count": len(asked.words),
        "here": reverse(asked.route, args=[word]),
        "previous_url": before,
    }
    return render(request, "cards/one_by_one.html", context, status=422 if form.errors else 200)
