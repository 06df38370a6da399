"""Institutions at insurers in the admin: set up, keyed, switched; keys are written and never shown."""

import pytest
from django.test import Client
from pytest_django import Settings

from foundation.audit.models import AuditEntry
from institutions.rules import Role
from payments.models import ChannelState, InsurerSetup
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.payments.insurer import CODE
from tests.payments.insuring import setup

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-12"), pytest.mark.row("FC-02")]

CENTRE, HOSPITAL = "/admin/payments/insurersetup/", "/institution/payments/insurersetup/"
DETAILS = {"number": "H1", "base_url": "https://insurer.example"}


@pytest.fixture(autouse=True)
def insurer(settings: Settings) -> None:
    settings.PAYMENT_INSURERS = ["tests.payments.insurer.Insurer"]


@pytest.fixture
def place() -> str:
    return people.hospital(1)


def test_the_centre_sets_an_institution_up_and_its_key_is_never_shown(client: Client, place: str) -> None:
    people.at_work(client, people.staff(Role.CENTRE_ADMIN))
    submit(client, f"{CENTRE}add/", institution=place, insurer=CODE, **DETAILS)
    row = InsurerSetup.objects.get()
    assert row.state == ChannelState.OFF
    one = f"{CENTRE}{row.public_id}/"
    assert "还不完整" in submit(client, f"{one}do/on/").content.decode()
    submit(client, f"{one}do/change/", key_secret="hush-hush", key_weixin_city="110100", **DETAILS)
    submit(client, f"{one}do/on/")
    row.refresh_from_db()
    assert (row.state, row.values, row.secrets) == (
        ChannelState.ON,
        {"weixin_city": "110100"},
        {"secret": "hush-hush"},
    )
    for page in ("change/", "do/change/", "history/"):
        shown = client.get(f"{one}{page}")
        assert shown.status_code == 200
        assert "hush-hush" not in shown.content.decode()
    assert f"/pay/insurance/{CODE}/{row.public_id}" in client.get(f"{one}change/").content.decode()
    entry = AuditEntry.objects.get(action="insurer_setup.changed")
    assert entry.details["fields"] == ["values", "secret:secret"]
    # A key that is left empty stays.
    submit(client, f"{one}do/change/", key_secret="", **DETAILS)
    row.refresh_from_db()
    assert row.secrets == {"secret": "hush-hush"}


def test_a_hospital_sees_its_own_and_changes_none(client: Client, place: str) -> None:
    own, other = setup(place), setup(people.hospital(2))
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))
    assert client.get(f"{HOSPITAL}{own.public_id}/change/").status_code == 200
    assert client.get(f"{HOSPITAL}{other.public_id}/change/").status_code == 404
    assert client.get(f"{HOSPITAL}{own.public_id}/do/off/").status_code in {403, 404}
    assert client.get("/institution/payments/insuranceorder/").status_code == 200
