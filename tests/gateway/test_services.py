"""Commands over clients and keys."""

import pytest
from pytest_django.fixtures import Settings

import gmcrypto
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import NotFound
from foundation.core.ids import new_public_id
from foundation.gateway import selectors, services
from foundation.gateway.addresses import is_host
from foundation.gateway.errors import (
    BadPublicKey,
    ClientNameTaken,
    ClientStateConflict,
    KeyAlreadyRetired,
    UnknownScopes,
)
from foundation.gateway.models import ApiClient, ClientKey
from foundation.gateway.scopes import SCOPES
from tests.gateway.conftest import CENTRE


def test_every_scope_says_what_it_allows() -> None:
    assert all(str(scope.label) and str(scope.allows) for scope in SCOPES.values())


def test_a_scope_outside_the_table_is_not_granted(db: None, institution: str) -> None:
    with pytest.raises(UnknownScopes, match="card:destroy"):
        services.create_client(institution=institution, name="x", scopes=["card:destroy"], actor=CENTRE)


def test_an_institution_names_each_client_once(client_id: str, institution: str) -> None:
    with pytest.raises(ClientNameTaken):
        services.create_client(institution=institution, name="门诊 HIS", scopes=[], actor=CENTRE)


def test_the_secret_is_stored_encrypted(client_id: str) -> None:
    made = services.add_key(client=client_id, algorithm="HMAC-SM3", actor=CENTRE)
    row = ClientKey.objects.get(kid=made.kid)
    assert made.secret.encode() not in row.__dict__["secret"].blob
    assert row.secret == made.secret
    assert made.secret not in repr(made)


def test_a_secret_is_read_again_only_in_a_demo(client_id: str, settings: Settings) -> None:
    made = services.add_key(client=client_id, algorithm="TENCENT", actor=CENTRE)
    settings.DEMO = True
    assert selectors.demo_secret(made.kid) == made.secret
    settings.DEMO = False
    with pytest.raises(PermissionError):
        selectors.demo_secret(made.kid)


def test_keys_of_the_tencent_dialect_have_its_shape(client_id: str) -> None:
    made = services.add_key(client=client_id, algorithm="TENCENT", actor=CENTRE)
    assert len(made.kid) == len(made.secret) == 32
    assert set(made.kid + made.secret) <= set("0123456789abcdef")


@pytest.mark.parametrize("form", ["pem", "hex", "hex with 04"])
def test_a_public_key_is_taken_in_each_usual_form(client_id: str, form: str) -> None:
    _, public = gmcrypto.generate_keypair()
    text = {"pem": public.to_pem(), "hex": public.raw.hex(), "hex with 04": "04" + public.raw.hex()}[form]
    made = services.add_key(client=client_id, algorithm="SM2-SM3", public_key=text, actor=CENTRE)
    assert made.secret == ""
    assert ClientKey.objects.get(kid=made.kid).public_key == public.raw.hex()


@pytest.mark.parametrize("text", ["", "zz", "00" * 64, "-----BEGIN PUBLIC KEY-----"])
def test_what_is_no_point_of_the_curve_is_refused(client_id: str, text: str) -> None:
    with pytest.raises(BadPublicKey):
        services.add_key(client=client_id, algorithm="SM2-SM3", public_key=text, actor=CENTRE)


def test_a_key_is_retired_once(client_id: str) -> None:
    made = services.add_key(client=client_id, algorithm="HMAC-SM3", actor=CENTRE)
    services.retire_key(key=made.public_id, actor=CENTRE, reason="轮换")
    with pytest.raises(KeyAlreadyRetired):
        services.retire_key(key=made.public_id, actor=CENTRE, reason="轮换")


def test_a_client_is_suspended_once(client_id: str) -> None:
    services.suspend_client(client=client_id, actor=CENTRE, reason="演练")
    with pytest.raises(ClientStateConflict):
        services.suspend_client(client=client_id, actor=CENTRE, reason="演练")


def test_every_command_is_on_record(client_id: str, institution: str) -> None:
    made = services.add_key(client=client_id, algorithm="HMAC-SM3", actor=CENTRE, reason="接入")
    services.set_scopes(client=client_id, scopes=["card:read"], actor=CENTRE, reason="收回")
    services.retire_key(key=made.public_id, actor=CENTRE, reason="轮换")
    services.suspend_client(client=client_id, actor=CENTRE, reason="演练")
    services.resume_client(client=client_id, actor=CENTRE, reason="恢复")
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == [
        "client.created",
        "client.key_added",
        "client.scopes_changed",
        "client.key_retired",
        "client.suspended",
        "client.resumed",
    ]
    assert {entry.institution for entry in entries} == {institution}
    assert entries[2].reason == "收回"


def test_an_institution_sees_and_changes_only_its_own(client_id: str, institution: str) -> None:
    made = services.add_key(client=client_id, algorithm="HMAC-SM3", actor=CENTRE)
    own = Actor(kind=ActorKind.STAFF, id=new_public_id(), institution=institution)
    stranger = Actor(kind=ActorKind.STAFF, id=new_public_id(), institution=new_public_id())
    assert selectors.visible_clients(own).count() == selectors.visible_keys(own).count() == 1
    assert not selectors.visible_clients(stranger).exists()
    assert not selectors.visible_keys(stranger).exists()
    assert not selectors.visible_clients(Actor.resident(new_public_id())).exists()
    with pytest.raises(NotFound):
        services.retire_key(key=made.public_id, actor=stranger, reason="x")
    with pytest.raises(NotFound):
        services.suspend_client(client=client_id, actor=stranger, reason="x")
    assert ApiClient.objects.get().state == "active"


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.2", "127.1", "10.0.0.0x1", "his"])
def test_a_host_is_a_name_and_no_number(host: str) -> None:
    assert not is_host(host)


def test_a_name_is_a_host() -> None:
    assert is_host("his.example.com")
    assert is_host("his.xn--fiqs8s")
