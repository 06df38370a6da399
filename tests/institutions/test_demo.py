"""The demo's credentials work, and only in a demo."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth import authenticate
from pytest_django.fixtures import Settings

import gmcrypto
from foundation.accounts.models import Account
from foundation.gateway import credentials as gateway_credentials
from foundation.gateway.models import ClientKey
from foundation.gateway.scopes import SCOPES
from institutions import demo, selectors
from institutions.models import Institution, StaffMembership, Terminal
from tests.gateway.signing import Signer
from tests.gateway.test_authenticate import call
from tests.institutions import people

pytestmark = pytest.mark.django_db


def test_loading_twice_changes_nothing() -> None:
    first: dict[str, object] = {}
    demo.load(first)
    counts = [model.objects.count() for model in (Institution, Terminal, StaffMembership)]
    credentials = demo.credentials()
    second: dict[str, object] = {}
    demo.load(second)
    assert first == second
    assert counts == [model.objects.count() for model in (Institution, Terminal, StaffMembership)]
    assert credentials == demo.credentials()


def test_two_institutions_are_open_and_one_has_applied() -> None:
    demo.load({})
    states = sorted(Institution.objects.values_list("state", flat=True))
    assert states == ["applied", "approved", "approved"]


def test_the_native_keys_sign() -> None:
    demo.load({})
    native = demo.credentials()["native"]
    assert call(Signer(native["clientId"], native["keyId"], native["secret"])).scopes == set(SCOPES)
    private = gmcrypto.PrivateKey(bytes.fromhex(native["sm2"]["privateKey"]))
    assert call(Signer(native["clientId"], native["sm2"]["keyId"], private_key=private))


def test_the_tencent_credentials_belong_to_the_hospital() -> None:
    demo.load({})
    given = demo.credentials()
    found = gateway_credentials.find(given["tencent"]["appId"])
    place = selectors.institution_by_hospital_id(given["tencent"]["hospitalId"])
    assert found is not None
    assert place is not None
    assert found.secret.decode() == given["tencent"]["appSecret"]
    assert found.caller.institution == place.public_id
    assert selectors.terminal_of(place.public_id, given["terminal"]["terminalId"]) is not None


def test_the_credentials_of_the_national_dialect_are_made_up_of_each_other() -> None:
    demo.load({})
    given = demo.credentials()["national"]
    assert set(given) == {"appId", "appSecret", "systemKey", "termId"}
    found = gateway_credentials.find(given["appId"])
    assert found is not None
    assert found.secret.decode() == given["systemKey"]
    digest = gmcrypto.sm3((given["appId"] + given["systemKey"]).encode())
    assert given["appSecret"] == digest.hex().upper()
    assert selectors.terminal_of(found.caller.institution, given["termId"]) is not None


def test_an_older_demo_gets_the_key_of_the_national_dialect() -> None:
    demo.load({})
    ClientKey.objects.filter(algorithm="NATIONAL").delete()
    demo.load({})
    assert demo.credentials()["national"]["systemKey"]


def test_the_staff_can_sign_in_with_both_factors() -> None:
    demo.load({})
    for person in demo.credentials()["staff"]:
        account = authenticate(username=person["username"], password=person["password"])
        assert isinstance(account, Account)
        factor = TOTP(Authenticator.objects.get(user=account, type=Authenticator.Type.TOTP))
        counter = next(iter(yield_hotp_counters_from_time()))
        assert factor.validate_code(format_hotp_value(hotp_value(person["totpSecret"], counter)))
        assert person["role"] in people.actor(account).scopes


def test_nothing_is_printed_before_it_is_loaded() -> None:
    with pytest.raises(LookupError):
        demo.credentials()


def test_secrets_are_not_read_back_outside_a_demo(settings: Settings) -> None:
    demo.load({})
    settings.DEMO = False
    with pytest.raises(PermissionError):
        demo.credentials()
