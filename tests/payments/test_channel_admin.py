"""Channels in the admin: set up, keyed, switched; keys are written and never shown."""

import pytest
from django.test import Client
from pytest_django import Settings

from institutions.rules import Role
from payments.models import Channel, ChannelState
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.payments.bank import CODE
from tests.payments.paying import channel

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-12")]

CENTRE, HOSPITAL = "/admin/payments/channel/", "/institution/payments/channel/"
RULES = {
    "number": "shop-1",
    "base_url": "https://bank.example",
    "least": "0.01",
    "most": "500",
    "place": "1",
}


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> None:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]


@pytest.fixture
def place() -> str:
    return people.hospital(1)


def test_the_centre_sets_a_channel_up_and_its_key_is_never_shown(client: Client, place: str) -> None:
    people.at_work(client, people.staff(Role.CENTRE_ADMIN))
    submit(client, f"{CENTRE}add/", institution=place, provider=CODE, **RULES)
    row = Channel.objects.get()
    assert (row.state, row.most_fen) == (ChannelState.OFF, 50_000)
    one = f"{CENTRE}{row.public_id}/"
    refused = submit(client, f"{one}do/on/")
    assert "还不完整" in refused.content.decode()
    submit(client, f"{one}do/change/", ways=["scans"], key_shop="A1", key_secret="hush-hush", **RULES)
    submit(client, f"{one}do/on/")
    row.refresh_from_db()
    assert (row.state, row.values, row.ways) == (ChannelState.ON, {"shop": "A1"}, ["scans"])
    assert row.secrets == {"secret": "hush-hush"}
    for page in ("change/", "do/change/", "history/"):
        shown = client.get(f"{one}{page}")
        assert shown.status_code == 200
        assert "hush-hush" not in shown.content.decode()
    # A key that is left empty stays.
    submit(client, f"{one}do/change/", ways=["scans"], key_shop="A1", key_secret="", **RULES)
    row.refresh_from_db()
    assert row.secrets == {"secret": "hush-hush"}


def test_a_hospital_sees_its_own_channels_and_changes_none(client: Client, place: str) -> None:
    own, other = channel(place), channel(people.hospital(2), number="shop-2")
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))
    listed = client.get(HOSPITAL).content.decode()
    assert "shop-1" in listed
    assert "shop-2" not in listed
    assert client.get(f"{HOSPITAL}{other.public_id}/change/").status_code == 404
    assert client.get(f"{HOSPITAL}{own.public_id}/change/").status_code == 200
    assert client.get(f"{HOSPITAL}{own.public_id}/do/off/").status_code in {403, 404}
    own.refresh_from_db()
    assert own.state == ChannelState.ON
