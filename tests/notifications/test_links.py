"""Every message leads to a page that exists."""

import re

import pytest
from django.urls import Resolver404, resolve

from foundation.core.ids import new_public_id
from notifications.kinds import KINDS, outsiders


# Outsiders have no account, and so no page: they get an SMS alone.
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - outsiders.KINDS.keys()))
def test_a_message_leads_to_a_page_that_exists(kind: str) -> None:
    address = re.sub(r"\{\w+\}", new_public_id(), KINDS[kind].link)
    try:
        resolve(address)
    except Resolver404:
        pytest.fail(f"{kind} leads to {address}")
