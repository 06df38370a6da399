"""Who signed this call?"""

import time
from typing import Any

import pytest
import time_machine
from django.test import TestCase
from pytest_django import Settings

from foundation.core import clock, ratelimit
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import NotFound, TooManyRequests
from foundation.core.ids import new_public_id
from foundation.gateway import credentials, services, throttle
from foundation.gateway.authenticate import NONCE_SECONDS, authenticate
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.errors import (
    BadSignature,
    BadSignatureHeader,
    ClientSuspended,
    ClockSkew,
    MissingSignature,
    NonceReplayed,
    SandboxClientRefused,
    ScopeMissing,
)
from foundation.gateway.models import ApiClient
from tests.gateway.conftest import CENTRE
from tests.gateway.signing import Signer

PATH = "/api/v1/codes/verify"
BODY = '{"text":"码"}'.encode()


def call(signer: Signer, body: bytes = BODY, **changes: Any) -> Caller:
    return authenticate("POST", PATH, "", signer.headers("POST", PATH, body, **changes), body)


def test_a_call_signed_by_hmac_is_let_in(hmac_signer: Signer, institution: str) -> None:
    caller = call(hmac_signer)
    assert caller.public_id == hmac_signer.client
    assert caller.institution == institution
    assert caller.key_id == hmac_signer.kid
    assert actor_of_caller(caller).institution == institution


def test_a_call_signed_by_sm2_is_let_in(sm2_signer: Signer) -> None:
    assert call(sm2_signer).key_id == sm2_signer.kid


@pytest.mark.parametrize(
    "changed",
    [{"method": "PUT"}, {"path": PATH + "/"}, {"query": "a=2"}, {"query": ""}, {"body": BODY + b" "}],
)
def test_a_signature_holds_for_no_other_request(hmac_signer: Signer, changed: dict[str, Any]) -> None:
    headers = hmac_signer.headers("POST", PATH, BODY, query="a=1")
    sent = {"method": "POST", "path": PATH, "query": "a=1", "headers": headers, "body": BODY}
    with pytest.raises(BadSignature):
        authenticate(**(sent | changed))


def test_a_signature_covers_the_idempotency_key(hmac_signer: Signer) -> None:
    headers = hmac_signer.headers("POST", PATH, BODY, idempotency_key="0123456789abcdef")
    headers["HTTP_IDEMPOTENCY_KEY"] = "fedcba9876543210"
    with pytest.raises(BadSignature):
        authenticate("POST", PATH, "", headers, BODY)


@pytest.mark.parametrize("changed", ["CLIENT", "KEY", "TIMESTAMP", "NONCE", "ALGORITHM"])
def test_a_changed_header_breaks_the_signature(hmac_signer: Signer, sm2_signer: Signer, changed: str) -> None:
    headers = hmac_signer.headers("POST", PATH, BODY)
    headers[f"HTTP_EHC_{changed}"] = {
        "CLIENT": new_public_id(),
        "KEY": sm2_signer.kid,
        "TIMESTAMP": str(int(headers["HTTP_EHC_TIMESTAMP"]) + 1),
        "NONCE": "another-nonce-0001",
        "ALGORITHM": "SM2-SM3",
    }[changed]
    with pytest.raises(BadSignature):
        authenticate("POST", PATH, "", headers, BODY)


@pytest.mark.parametrize("name", ["CLIENT", "KEY", "TIMESTAMP", "NONCE", "ALGORITHM", "SIGNATURE"])
def test_a_misshapen_header_is_named(hmac_signer: Signer, name: str) -> None:
    headers = hmac_signer.headers("POST", PATH, BODY)
    headers[f"HTTP_EHC_{name}"] = "短"
    with pytest.raises(BadSignatureHeader) as caught:
        authenticate("POST", PATH, "", headers, BODY)
    assert caught.value.field == f"EHC-{name.title()}"


def test_a_call_without_signature_is_told_so(db: None) -> None:
    with pytest.raises(MissingSignature):
        authenticate("POST", PATH, "", {}, BODY)


@pytest.mark.parametrize("offset", [-301, 301])
def test_a_skewed_clock_is_told_the_servers_time(hmac_signer: Signer, offset: int) -> None:
    with time_machine.travel(1_700_000_000, tick=False), pytest.raises(ClockSkew) as caught:
        call(hmac_signer, timestamp=1_700_000_000 + offset)
    assert caught.value.members == {"server_time": 1_700_000_000}


@pytest.mark.parametrize("offset", [-300, 300])
def test_the_edge_of_the_window_is_inside(hmac_signer: Signer, offset: int) -> None:
    moment = int(time.time()) + 1
    with time_machine.travel(moment, tick=False):
        assert call(hmac_signer, timestamp=moment + offset)


def test_a_nonce_is_used_once(hmac_signer: Signer) -> None:
    call(hmac_signer, nonce="the-same-nonce-01")
    with pytest.raises(NonceReplayed):
        call(hmac_signer, nonce="the-same-nonce-01", body=b"{}")


def test_a_wrong_signature_uses_up_no_nonce(hmac_signer: Signer) -> None:
    stranger = Signer(client=hmac_signer.client, kid=hmac_signer.kid, secret="guessed")
    with pytest.raises(BadSignature):
        call(stranger, nonce="the-same-nonce-01")
    assert call(hmac_signer, nonce="the-same-nonce-01")


def test_nonces_are_kept_for_two_windows() -> None:
    assert NONCE_SECONDS == 600


def test_an_unknown_client_gets_the_answer_of_a_wrong_signature(db: None) -> None:
    with pytest.raises(BadSignature):
        call(Signer(client=new_public_id(), kid="0123456789abcdef", secret="x"))


def test_a_key_of_another_client_does_not_sign(hmac_signer: Signer, institution: str) -> None:
    other = services.create_client(institution=institution, name="检验系统", scopes=[], actor=CENTRE)
    with pytest.raises(BadSignature):
        call(Signer(client=other, kid=hmac_signer.kid, secret=hmac_signer.secret))


def test_a_suspended_client_is_refused_at_once(hmac_signer: Signer) -> None:
    call(hmac_signer)
    services.suspend_client(client=hmac_signer.client, actor=CENTRE, reason="演练")
    with pytest.raises(ClientSuspended):
        call(hmac_signer)
    services.resume_client(client=hmac_signer.client, actor=CENTRE, reason="演练结束")
    assert call(hmac_signer)


def test_a_suspension_reaches_a_process_that_remembers_the_client(hmac_signer: Signer) -> None:
    call(hmac_signer)
    remembered = credentials.find(hmac_signer.kid)
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.suspend_client(client=hmac_signer.client, actor=CENTRE, reason="演练")
    assert remembered is not None
    credentials._cache[hmac_signer.kid] = remembered  # what another process still holds
    with pytest.raises(ClientSuspended):
        call(hmac_signer)


def test_only_the_holder_of_the_key_learns_of_a_suspension(hmac_signer: Signer) -> None:
    services.suspend_client(client=hmac_signer.client, actor=CENTRE, reason="演练")
    with pytest.raises(BadSignature):
        call(Signer(client=hmac_signer.client, kid=hmac_signer.kid, secret="guessed"))


def test_clients_of_a_held_institution_are_refused(hmac_signer: Signer, institution: str) -> None:
    services.hold_clients(institution=institution, is_held=True, actor=CENTRE, reason="停业")
    with pytest.raises(ClientSuspended):
        call(hmac_signer)


def test_lifting_the_hold_leaves_a_suspended_client_suspended(hmac_signer: Signer, institution: str) -> None:
    services.suspend_client(client=hmac_signer.client, actor=CENTRE, reason="演练")
    services.hold_clients(institution=institution, is_held=True, actor=CENTRE, reason="停业")
    services.hold_clients(institution=institution, is_held=False, actor=CENTRE, reason="复业")
    with pytest.raises(ClientSuspended):
        call(hmac_signer)


def test_a_retired_key_is_refused_and_the_new_one_works(hmac_signer: Signer) -> None:
    key = services.add_key(client=hmac_signer.client, algorithm="HMAC-SM3", actor=CENTRE)
    old = ApiClient.objects.get(public_id=hmac_signer.client).keys.get(kid=hmac_signer.kid)
    call(hmac_signer)
    services.retire_key(key=old.public_id, actor=CENTRE, reason="轮换")
    with pytest.raises(BadSignature):
        call(hmac_signer)
    assert call(Signer(client=hmac_signer.client, kid=key.kid, secret=key.secret))


def test_a_key_outside_its_window_does_not_sign(client_id: str) -> None:
    with time_machine.travel("2026-01-01", tick=False):
        start = clock.now()
    with time_machine.travel("2026-02-01", tick=False):
        end = clock.now()
    key = services.add_key(
        client=client_id, algorithm="HMAC-SM3", not_before=start, not_after=end, actor=CENTRE
    )
    signer = Signer(client=client_id, kid=key.kid, secret=key.secret)
    with time_machine.travel("2026-01-15", tick=False):
        assert call(signer)
    with time_machine.travel("2026-02-02", tick=False), pytest.raises(BadSignature):
        call(signer)


def test_new_scopes_reach_a_process_that_remembers_the_client(hmac_signer: Signer) -> None:
    assert "code:verify" in call(hmac_signer).scopes
    remembered = credentials.find(hmac_signer.kid)
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.set_scopes(client=hmac_signer.client, scopes=["card:read"], actor=CENTRE, reason="收回")
    assert remembered is not None
    credentials._cache[hmac_signer.kid] = remembered
    with pytest.raises(ScopeMissing):
        call(hmac_signer).require("code:verify")


def test_a_client_over_its_rate_is_told_when_to_come_back(hmac_signer: Signer) -> None:
    ApiClient.objects.filter(public_id=hmac_signer.client).update(rate_per_minute=2)
    credentials._cache.clear()
    call(hmac_signer)
    call(hmac_signer)
    with pytest.raises(TooManyRequests) as caught:
        call(hmac_signer, nonce="sent-again-later-1")
    assert 0 < caught.value.retry_after <= 60
    ratelimit.forget(f"client:{hmac_signer.client}")
    assert call(hmac_signer, nonce="sent-again-later-1")


def test_many_wrong_signatures_are_slowed_but_never_the_right_one(hmac_signer: Signer) -> None:
    stranger = Signer(client=hmac_signer.client, kid=hmac_signer.kid, secret="guessed")
    for _ in range(throttle.FAILURES_PER_CLIENT):
        with pytest.raises(BadSignature):
            call(stranger)
    with pytest.raises(TooManyRequests):
        call(stranger)
    assert call(hmac_signer)


@pytest.mark.parametrize(("is_demo", "environment"), [(True, "sandbox"), (False, "production")])
def test_a_client_is_served_where_it_belongs(
    institution: str, settings: Settings, is_demo: bool, environment: str, db: None
) -> None:
    settings.DEMO = is_demo
    assert call(signer_of(institution, environment))


def test_a_client_of_the_sandbox_is_kept_away_from_real_people(
    institution: str, settings: Settings, db: None
) -> None:
    settings.DEMO = False
    with pytest.raises(SandboxClientRefused):
        call(signer_of(institution, "sandbox"))


def signer_of(institution: str, environment: str) -> Signer:
    client = services.create_client(
        institution=institution, name="HIS", scopes=[], environment=environment, actor=CENTRE
    )
    key = services.add_key(client=client, algorithm="HMAC-SM3", actor=CENTRE)
    return Signer(client=client, kid=key.kid, secret=key.secret)


def test_an_address_beyond_its_limit_fills_no_memory_with_invented_clients() -> None:
    address = "192.0.2.9"
    for number in range(throttle.FAILURES_PER_ADDRESS):
        throttle.count_failure(f"invented-{number}", address)
    with pytest.raises(TooManyRequests):
        throttle.count_failure("one-more", address)
    assert ratelimit.count(f"signature:{address}:one-more") == 0


def test_an_actor_of_an_institution_keeps_to_its_own_clients(client_id: str) -> None:
    stranger = Actor(kind=ActorKind.STAFF, id=new_public_id(), institution=new_public_id())
    with pytest.raises(NotFound):
        services.add_key(client=client_id, algorithm="HMAC-SM3", actor=stranger)
