"""The message centre by person and hospital, for each only of those for whom they act."""

import pytest
from django.test import Client

from foundation.accounts.models import Account
from foundation.core.actor import Actor
from foundation.events.services import Message as Event
from identity import selectors as identity
from identity import services as holdings
from identity.types import OpenedHolding
from mpi.types import PersonRef
from notifications import handlers, selectors
from notifications.handlers import holdings as following
from notifications.models import Dispatch
from notifications.rules.topics import DispatchState
from tests.accounts import people
from tests.identity import test_family as family
from tests.institutions.people import hospital
from tests.notifications.sending import daytime, template, told

pytestmark = [pytest.mark.django_db, pytest.mark.row("NT-03")]
API = "/api/resident/v1/messages"


class Parent:
    """A guardian with a child, both of whom were told of."""

    def __init__(self) -> None:
        self.account: Account = family.guardian()
        own = identity.self_person(self.account.pk)
        assert own is not None
        self.person = PersonRef(own.person_pk, own.person_id)
        self.child, _number = family.person(family.born(5), name="测小宝")
        self.opened: OpenedHolding = family.hold(self.account, self.child)
        self.hospital = hospital(1)
        told(self.account, dedupe_key="own", person_pk=self.person.person_pk, institution=self.hospital)
        told(self.account, dedupe_key="child-1", person_pk=self.child.person_pk, institution=self.hospital)
        told(self.account, dedupe_key="child-2", person_pk=self.child.person_pk)
        told(self.account, "card.active", dedupe_key="account", params={})

    def lets_go(self) -> None:
        holdings.end_guardianship(
            account_pk=self.account.pk,
            holding_id=self.opened.holding_id,
            reason="not_needed",
            actor=Actor.resident(self.account.public_id),
        )
        following.on_holding_changed(self.event())

    def event(self) -> Event:
        payload = {"account_id": self.account.public_id, "person_id": self.child.person_id}
        return Event("m1", "holding.ended.v1", payload)


@pytest.fixture
def parent() -> Parent:
    return Parent()


def listed(client: Client, **query: str) -> list[str]:
    return [each["id"] for each in client.get(API, query).json()["messages"]]


def test_the_inbox_narrows_by_person_and_by_hospital_and_counts_what_it_lists(
    client: Client, parent: Parent
) -> None:
    people.signed_in(client, parent.account)
    whole = client.get(API).json()
    assert len(whole["messages"]) == whole["unread"] == 4
    persons = {each["id"]: each for each in whole["persons"]}
    assert persons[parent.child.person_id] | {"label": "**宝", "unread": 2} == persons[parent.child.person_id]
    assert persons[parent.person.person_id]["unread"] == 1
    (place,) = whole["institutions"]
    assert (place["id"], place["label"], place["unread"]) == (parent.hospital, "第1医院", 2)
    for person_id, choice in persons.items():
        assert len(listed(client, person_id=person_id)) == choice["unread"]
    assert len(listed(client, institution=parent.hospital)) == place["unread"]
    assert len(listed(client, institution=parent.hospital, person_id=parent.child.person_id)) == 1


def test_the_pages_say_whom_and_which_hospital_it_is_about(client: Client, parent: Parent) -> None:
    people.signed_in(client, parent.account)
    page = client.get("/messages/", {"person": parent.child.person_id}).content.decode()
    assert "**宝 · 第1医院 · " in page
    assert page.count("预约成功") == 2
    assert "健康卡已恢复使用" not in page
    assert "看全部消息" in page
    empty = client.get("/messages/", {"person": parent.person.person_id, "hospital": hospital(2)})
    assert "预约成功" in empty.content.decode()


def test_two_devices_count_the_same(client: Client, parent: Parent) -> None:
    phone, other = people.signed_in(Client(), parent.account), people.signed_in(client, parent.account)
    first = listed(phone, person_id=parent.child.person_id)[0]
    phone.post(f"{API}/{first}/read")
    shown = other.get(API).json()
    assert shown["unread"] == 3
    assert sum(each["unread"] for each in shown["persons"]) == 2
    assert "<span data-unread-text>3</span>" in other.get("/me/").content.decode()


def test_a_guardian_sees_only_whom_they_act_for(client: Client, parent: Parent) -> None:
    people.signed_in(client, parent.account)
    (about_child, *_rest) = listed(client, person_id=parent.child.person_id)
    parent.lets_go()
    shown = client.get(API).json()
    assert len(shown["messages"]) == shown["unread"] == 2
    assert selectors.unread_count(parent.account.pk) == 2
    assert [each["id"] for each in shown["persons"]] == [parent.person.person_id]
    assert listed(client, person_id=parent.child.person_id) == []
    assert client.get(f"/messages/{about_child}/").status_code == 404
    assert client.post(f"{API}/{about_child}/read").status_code == 404


def test_what_was_hidden_comes_back_with_the_guardianship(client: Client, parent: Parent) -> None:
    parent.lets_go()
    family.hold(parent.account, parent.child)
    following.on_holding_changed(parent.event())
    assert selectors.unread_count(parent.account.pk) == 4


def test_a_push_about_somebody_let_go_is_not_sent() -> None:
    template("appointment.booked")
    with daytime():
        parent = Parent()
        parent.lets_go()
    states = dict(Dispatch.objects.values_list("message__dedupe_key", "state"))
    assert states["child-1"] == DispatchState.CANCELLED
    assert states["own"] == DispatchState.CREATED


def test_a_stranger_reads_nothing_by_naming_somebody_elses_child(client: Client, parent: Parent) -> None:
    people.signed_in(client, people.stranger())
    assert listed(client, person_id=parent.child.person_id) == []
    assert listed(client, person_id="x") == []


def test_messages_about_a_card_say_whose_it_is(client: Client, parent: Parent) -> None:
    payload = {"person_id": parent.child.person_id, "card_id": "c1", "after": "frozen"}
    handlers.on_card_state_changed(Event("m2", "card.state_changed.v1", payload))
    people.signed_in(client, parent.account)
    newest = client.get(API).json()["messages"][0]
    assert (newest["title"], newest["who"]) == ("家人的卡：健康卡已停用", "**宝")
