"""A form whose questions are asked one page each; what was answered waits, sealed, in the session."""

from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

import orjson
from django import forms
from django.http import HttpRequest

from foundation.accounts import sealing

F = TypeVar("F", bound=forms.Form)
Pages = Mapping[str, tuple[str, ...]]
PagesOf = Callable[[Mapping[str, str]], Pages]


class OneByOne(Generic[F]):
    """The way through a form.

    Args:
        name: Under which the answers wait; also the name of the page before the first question, and
            with ``-question`` that of the questions' pages, which take the word.
        form_class: The whole form.
        pages: From the answers so far, the word of each page, as it stands in the address, and the
            fields that it asks for, in their order.
    """

    def __init__(self, request: HttpRequest, *, name: str, form_class: type[F], pages: PagesOf) -> None:
        self.start = name
        self.route = f"{name}-question"
        self._request = request
        self._key = f"asked:{name}"
        self._form_class = form_class
        self._pages_of = pages
        kept = request.session.get(self._key, "")
        self._answers: dict[str, str] = orjson.loads(sealing.unseal(kept, self._key)) if kept else {}

    @property
    def pages(self) -> Pages:
        """The pages that the answers so far call for."""
        return self._pages_of(self._answers)

    @property
    def words(self) -> list[str]:
        """The words of those pages, in their order."""
        return list(self.pages)

    @property
    def open_page(self) -> str | None:
        """The first page that nobody has answered yet."""
        asked = (word for word, fields in self.pages.items() if not set(fields) <= set(self._answers))
        return next(asked, None)

    def page(self, word: str) -> F:
        """One page: what was sent, or what was answered before."""
        if self._request.method == "POST":
            return self._part(word, self._form_class(self._request.POST))
        return self._part(word, self._form_class(initial=self._answers))

    def keep(self, word: str) -> None:
        """Keep what was sent for one page."""
        sent = {field: self._request.POST.get(field, "") for field in self.pages[word]}
        self._answers |= sent
        self._request.session[self._key] = sealing.seal(orjson.dumps(self._answers).decode(), self._key)

    def forget(self) -> None:
        """Forget every answer: the form was handed in."""
        self._request.session.pop(self._key, None)

    def whole(self) -> F:
        """The form of all pages, with every answer."""
        asked = [field for fields in self.pages.values() for field in fields]
        return _only(asked, self._form_class(self._answers))

    def wrong(self, word: str, field: str | None, sentence: str) -> F:
        """The page again with its kept answers, and a sentence on what is wrong with them."""
        form = self._part(word, self._form_class(self._answers))
        form.add_error(field if field in form.fields else None, sentence)
        return form

    def page_of(self, field: str | None) -> str:
        """The page that asks for a field; the last one where no page does."""
        return next((word for word, fields in self.pages.items() if field in fields), self.words[-1])

    def _part(self, word: str, form: F) -> F:
        return _only(self.pages[word], form)


def _only(fields: Collection[str], form: F) -> F:
    for field in [name for name in form.fields if name not in fields]:
        del form.fields[field]
    return form
