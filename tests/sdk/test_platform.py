"""The SDK against the real interface, over HTTP."""

import time

import pytest
from pytest_django.live_server_helper import LiveServer

import gmcrypto
import sdk
from cards.models import Card, UsageRecord
from cards.services import life
from foundation.gateway import services as gateway
from foundation.gateway.models import IdempotencyRecord
from tests.cards.world import CENTRE, Hospital, citizen_number, code_of, holder, hospital, static_of
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def client_of(server: LiveServer, place: Hospital) -> sdk.Client:
    signer = place.signer
    return sdk.Client(server.url, signer.client, signer.kid, signer.secret, backoff=0.01)


@pytest.fixture
def place(transactional_db: None) -> Hospital:
    return hospital()


@pytest.fixture
def ehc(live_server: LiveServer, place: Hospital) -> sdk.Client:
    return client_of(live_server, place)


def test_the_clock(ehc: sdk.Client) -> None:
    found = ehc.time()
    assert abs(found.server_time - time.time()) < 60
    assert found.beijing_time.utcoffset() is not None


def test_from_registration_to_the_report_of_a_use(ehc: sdk.Client, sandbox: Sandbox) -> None:
    number = citizen_number()
    registered = ehc.register_card(
        name="测试甲", id_type="01", id_number=number, phone="13900000000", patient_id="P1"
    )
    assert registered.created
    again = ehc.register_card(name="测试甲", id_type="01", id_number=number)
    assert (again.created, again.health_card_id) == (False, registered.health_card_id)
    assert Card.objects.count() == 1

    read = ehc.read_card(registered.health_card_id)
    assert read.person is not None
    assert read.person.id_number == number

    minted = ehc.mint_code(registered.health_card_id)
    assert minted.valid_until is not None
    assert minted.image.startswith("<svg")

    seen = ehc.verify(minted.code, scene="0101012", terminal_id="W01", department="0300")
    assert seen.person.name == "测试甲"
    assert not seen.document_required

    used = ehc.report_usage(code=minted.code, scene="010103", terminal_id="W01")
    assert used.kind == "direct"
    assert ehc.report_usage(health_card_id=read.health_card_id, scene="0101082").kind == "indirect"
    assert UsageRecord.objects.count() == 3


def test_a_name_that_the_population_database_denies(ehc: sdk.Client, sandbox: Sandbox) -> None:
    with pytest.raises(sdk.Conflict) as caught:
        ehc.register_card(name="测不符", id_type="01", id_number=citizen_number())
    assert caught.value.code == "real_name_mismatch"
    assert not Card.objects.exists()


def test_a_wrong_check_digit_says_which_field(ehc: sdk.Client) -> None:
    with pytest.raises(sdk.InvalidRequest) as caught:
        ehc.register_card(name="测试甲", id_type="01", id_number="110100199001019010")
    assert caught.value.code == "invalid_certificate_number"
    assert caught.value.field == "id_number"
    assert caught.value.next_step
    assert caught.value.trace_id


def test_the_same_key_registers_once(ehc: sdk.Client, sandbox: Sandbox) -> None:
    number = citizen_number()
    key = "registration-of-today-1"
    first = ehc.register_card(name="测试甲", id_type="01", id_number=number, idempotency_key=key)
    second = ehc.register_card(name="测试甲", id_type="01", id_number=number, idempotency_key=key)
    assert first == second
    assert second.created
    with pytest.raises(sdk.InvalidRequest) as caught:
        ehc.register_card(name="测试乙", id_type="01", id_number=number, idempotency_key=key)
    assert caught.value.code == "idempotency_key_reused"
    assert IdempotencyRecord.objects.count() == 1


def test_a_code_is_good_once_and_a_repeat_is_no_second_use(ehc: sdk.Client) -> None:
    text = code_of(holder())
    first = ehc.verify(text, scene="0101012", terminal_id="W01", idempotency_key="scan-000000000001")
    again = ehc.verify(text, scene="0101012", terminal_id="W01", idempotency_key="scan-000000000001")
    assert (first.replayed, again.replayed) == (False, True)
    assert first.usage_id == again.usage_id
    with pytest.raises(sdk.CodeUsed):
        ehc.verify(text, scene="0101012", terminal_id="W01")


def test_codes_that_are_not_accepted(ehc: sdk.Client) -> None:
    who = holder()
    with pytest.raises(sdk.CodeNotAccepted):
        ehc.verify("hello", scene="0101012", terminal_id="W01")
    with pytest.raises(sdk.CodeNotAccepted) as caught:
        ehc.verify(static_of(who), scene="010105", terminal_id="W01")
    assert caught.value.code == "static_code_not_allowed"
    with pytest.raises(sdk.ClientRefused) as unknown:
        ehc.verify(code_of(who), scene="0101012", terminal_id="W99")
    assert unknown.value.code == "terminal_unknown"


def test_a_frozen_card(ehc: sdk.Client) -> None:
    who = holder()
    text = code_of(who)
    life.freeze_card(card_pk=who.card.pk, actor=CENTRE, reason="测试")
    with pytest.raises(sdk.CardNotInUse):
        ehc.verify(text, scene="0101012", terminal_id="W01")
    card = ehc.read_card(who.number.value)
    assert (card.state, card.person, card.static_code) == ("frozen", None, None)


def test_a_stranger_gets_no_code_for_a_card(ehc: sdk.Client) -> None:
    with pytest.raises(sdk.ClientRefused) as caught:
        ehc.mint_code(holder().number.value)
    assert caught.value.code == "person_not_bound"


def test_without_the_full_scope_people_are_masked(live_server: LiveServer, transactional_db: None) -> None:
    who = holder()
    with client_of(live_server, hospital(scopes=("card:read",))) as ehc:
        card = ehc.read_card(who.number.value)
        assert card.masked
        assert card.person is not None
        assert (card.person.name, card.person.birthday, card.main_index) == ("**甲", None, None)
        with pytest.raises(sdk.ClientRefused) as caught:
            ehc.verify(code_of(who), scene="0101012", terminal_id="W01")
        assert caught.value.code == "scope_missing"


def test_an_unknown_card(ehc: sdk.Client) -> None:
    with pytest.raises(sdk.NotFound):
        ehc.read_card("0" * 64)


def test_a_wrong_secret(live_server: LiveServer, place: Hospital) -> None:
    with sdk.Client(live_server.url, place.signer.client, place.signer.kid, "wrong") as ehc:
        with pytest.raises(sdk.SignatureRefused) as caught:
            ehc.time()
    assert caught.value.code == "bad_signature"


def test_a_wrong_clock_corrects_itself(ehc: sdk.Client) -> None:
    ehc._clock_offset = -4_000
    ehc.time()
    assert abs(ehc._clock_offset) < 5


def test_an_sm2_key_signs_as_well(live_server: LiveServer, place: Hospital) -> None:
    private, public = gmcrypto.generate_keypair()
    key = gateway.add_key(
        client=place.signer.client, algorithm="SM2-SM3", public_key=public.to_pem(), actor=CENTRE
    )
    signer = sdk.Sm2Signer(private.to_raw().hex())
    with sdk.Client(live_server.url, place.signer.client, key.kid, signer=signer) as ehc:
        assert ehc.verify(code_of(holder()), scene="0101012", terminal_id="W01").usage_id
