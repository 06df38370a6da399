"""Filling in a form that is asked one question a page, as a browser does."""

from collections.abc import Mapping
from typing import Any

from django.test import Client

from foundation.core.ids import PUBLIC_ID_LENGTH


def fill(client: Client, first: str, answers: Mapping[str, str]) -> Any:
    """Answer page after page from the first on; gives the first answer that is no further question.

    Each page gets every answer: it takes those that it asks for.
    """
    here, answer = "", client.post(first, answers)
    while (
        answer.status_code == 302 and _is_question(first, answer["Location"]) and here != answer["Location"]
    ):
        here = answer["Location"]
        answer = client.post(here, answers)
    return answer


def _is_question(first: str, address: str) -> bool:
    *before, word, _ = address.split("/")
    # What follows the last question has the id of something in its address.
    return before == first.split("/")[:-2] and len(word) < PUBLIC_ID_LENGTH
