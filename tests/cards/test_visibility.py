"""Holders choose what institutions see (ID-16)."""

import pytest
from django.test import Client

from cards.services.visibility import set_visibility
from cards.verification import answer
from foundation.audit.models import AuditEntry
from mpi import services as mpi
from mpi.types import PersonChanges
from tests.accounts import people
from tests.cards.holding import CardHolder, card_holder
from tests.cards.world import CENTRE, Holder, Hospital, code_of, holder, scan

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-16")]


def told(somebody: Holder, here: Hospital) -> dict[str, str]:
    return dict(answer(scan(code_of(somebody), here), here.caller.scopes)["person"])


def test_what_is_hidden_is_not_told_from_the_next_scan_on(here: Hospital) -> None:
    somebody = holder()
    assert told(somebody, here)["phone"]
    set_visibility(card_pk=somebody.card.pk, category="phone", is_visible=False, actor=CENTRE)
    assert not told(somebody, here)["phone"]
    assert told(somebody, here)["address"]
    set_visibility(card_pk=somebody.card.pk, category="phone", is_visible=True, actor=CENTRE)
    assert told(somebody, here)["phone"]


def test_a_new_value_of_what_is_hidden_stays_hidden(here: Hospital) -> None:
    somebody = holder()
    set_visibility(card_pk=somebody.card.pk, category="address", is_visible=False, actor=CENTRE)
    mpi.update_person(
        person_pk=somebody.card.person_id, changes=PersonChanges(address="测试路9号"), actor=CENTRE
    )
    from cards.services.numbers import follow_person

    follow_person(card_pk=somebody.card.pk, reason="测试", actor=CENTRE)
    assert not told(somebody, here)["address"]


@pytest.fixture
def resident(client: Client) -> CardHolder:
    found = card_holder()
    people.signed_in(client, found.account)
    return found


def test_the_page_turns_one_category(client: Client, resident: CardHolder) -> None:
    assert "已隐藏" not in client.get("/card/visibility/").content.decode()
    client.post("/card/visibility/", {"hide": "phone"})
    client.post("/card/visibility/", {"hide": "phone"})
    resident.card.refresh_from_db()
    assert resident.card.hidden == ["phone"]
    assert "已隐藏" in client.get("/card/visibility/").content.decode()
    assert AuditEntry.objects.filter(action="card.visibility_changed").count() == 1
    assert "更改医院可见的资料" in client.get("/card/history/").content.decode()


@pytest.mark.parametrize("wrong", [{}, {"hide": "name"}, {"show": "id_number"}])
def test_what_cannot_be_hidden_is_refused(
    client: Client, resident: CardHolder, wrong: dict[str, str]
) -> None:
    assert client.post("/card/visibility/", wrong).status_code == 400
    resident.card.refresh_from_db()
    assert resident.card.hidden == []
