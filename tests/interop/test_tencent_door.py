"""Token, application and scope: who is let in, and what the others are told."""

import json
import time
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from foundation.gateway import credentials
from foundation.gateway import services as gateway
from institutions import services as institutions
from interop.dialects.tencent.errors import NUMBERS
from interop.dialects.tencent.operations import CARD_SERVER, CLOSED, OPEN_PLATFORM
from tests.cards.world import CENTRE, holder
from tests.interop import programs
from tests.interop.answers import number_of
from tests.interop.programs import Program
from tests.interop.world import Place

BY_ID = "getHealthCardByHealthCardId"
BY_ID_PATH = programs.CARD_SERVER + BY_ID


@pytest.fixture
def by_id(db: None) -> dict[str, Any]:
    return {"healthCardId": holder().number.value}


# Tokens


def test_a_token_is_good_for_two_hours(program: Program, by_id: dict[str, Any]) -> None:
    assert program.ask_token()["rsp"]["expiresIn"] == 7200
    program.sign_in()
    with time_machine.travel(time.time() + 60, tick=True):
        program.ok(BY_ID, by_id)


def test_an_unknown_token_opens_nothing(program: Program, by_id: dict[str, Any]) -> None:
    for token in ("unknown", "x" * 129, "令牌"):
        program.token = token
        answer = program.call(BY_ID, by_id)
        assert number_of(answer) == NUMBERS["tencent_bad_token"]
        assert answer["rsp"] == {"card": ""}


def test_the_token_before_the_last_lives_five_minutes(program: Program, by_id: dict[str, Any]) -> None:
    from foundation.core import redis
    from interop.dialects.tencent import tokens

    old = program.token
    new = program.sign_in()
    assert new != old
    program.token = old
    program.ok(BY_ID, by_id)
    left = redis.client().ttl(tokens._place(old))
    assert 290 <= left <= 300
    assert redis.client().ttl(tokens._place(new)) > 7000
    redis.client().delete(tokens._place(old))
    assert number_of(program.call(BY_ID, by_id)) == NUMBERS["tencent_bad_token"]


def test_a_token_is_not_readable_where_it_is_kept(program: Program) -> None:
    from foundation.core import redis

    names = [key.decode() for key in redis.client().scan_iter(redis.key("tencent", "*"))]
    assert names
    assert not any(program.token in name for name in names)


def test_a_token_of_one_application_does_not_serve_another(place: Place, by_id: dict[str, Any]) -> None:
    place.program.sign_in()
    _, _, other = place.new_program("LIS")
    other.token = place.program.token
    assert number_of(other.call(BY_ID, by_id)) == NUMBERS["tencent_bad_signature"]


def test_an_unknown_application_and_a_wrong_secret_get_one_answer(place: Place) -> None:
    program = place.program
    wrong_secret = Program(program.hospital_id, program.app_id, "0" * 32)
    unknown = Program(program.hospital_id, "f" * 32, program.app_secret)
    strange = Program(program.hospital_id, "应用", program.app_secret)
    answers = [one.ask_token(requestId="R1") for one in (wrong_secret, unknown, strange)]
    assert answers[0] == answers[1] == answers[2]
    assert number_of(answers[0]) == NUMBERS["tencent_bad_signature"]
    assert answers[0]["rsp"] == {"appToken": "", "expiresIn": ""}


def test_a_native_key_is_no_application(place: Place) -> None:
    key = gateway.add_key(client=place.client, algorithm="HMAC-SM3", actor=CENTRE)
    native = Program(place.hospital_id, key.kid, key.secret)
    assert number_of(native.ask_token()) == NUMBERS["tencent_bad_signature"]


def test_wrong_signatures_are_slowed_down_and_right_ones_are_not(place: Place) -> None:
    wrong = Program(place.hospital_id, place.program.app_id, "0" * 32)
    numbers = [number_of(wrong.ask_token()) for _ in range(31)]
    assert numbers[-1] == NUMBERS["too_many_requests"]
    assert set(numbers[:-1]) == {NUMBERS["tencent_bad_signature"]}
    place.program.sign_in()


# Who may


def test_a_client_without_the_scope_is_told_which(by_id: dict[str, Any]) -> None:
    place = Place(scopes=("code:verify",))
    place.program.sign_in()
    answer = place.program.call(BY_ID, by_id)
    assert number_of(answer) == NUMBERS["scope_missing"]
    assert "card:read" in answer["commonOut"]["errMsg"]


@pytest.mark.parametrize("operation", [*OPEN_PLATFORM, *CARD_SERVER])
def test_no_operation_is_open_without_a_scope(db: None, operation: str) -> None:
    place = Place(scopes=())
    place.program.sign_in()
    assert number_of(place.program.call(operation, {})) == NUMBERS["scope_missing"]


def test_a_suspended_institution_is_out_at_once_with_its_tokens(
    place: Place,
    by_id: dict[str, Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    place.program.sign_in()
    place.program.ok(BY_ID, by_id)
    with django_capture_on_commit_callbacks(execute=True):
        institutions.suspend(institution=place.public_id, actor=CENTRE, reason="测试")
    assert number_of(place.program.call(BY_ID, by_id)) == NUMBERS["client_suspended"]
    assert number_of(place.program.ask_token()) == NUMBERS["client_suspended"]
    with django_capture_on_commit_callbacks(execute=True):
        institutions.resume(institution=place.public_id, actor=CENTRE, reason="测试")
    place.program.ok(BY_ID, by_id)


def test_a_suspension_in_another_process_bites_at_once(
    place: Place, by_id: dict[str, Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    from foundation.gateway import credentials

    place.program.sign_in()
    place.program.ok(BY_ID, by_id)
    remembered = dict(credentials._cache)
    with django_capture_on_commit_callbacks(execute=True):
        gateway.suspend_client(client=place.client, actor=CENTRE, reason="测试")
    # As if another process had done it: this one still has what it read.
    credentials._cache.update(remembered)
    assert number_of(place.program.call(BY_ID, by_id)) == NUMBERS["client_suspended"]


def test_a_retired_key_ends_its_tokens(place: Place, by_id: dict[str, Any]) -> None:
    place.program.sign_in()
    gateway.retire_key(key=place.key.public_id, actor=CENTRE, reason="测试")
    assert number_of(place.program.call(BY_ID, by_id)) == NUMBERS["tencent_bad_signature"]


def test_a_client_over_its_rate_is_told_to_wait_and_may_send_the_same_again(
    place: Place, by_id: dict[str, Any]
) -> None:
    from foundation.core import ratelimit
    from foundation.gateway.models import ApiClient

    ApiClient.objects.filter(public_id=place.client).update(rate_per_minute=1)
    place.program.sign_in()
    body = place.program.body(by_id)
    assert number_of(place.program.post(BY_ID_PATH, body)) == NUMBERS["too_many_requests"]
    ratelimit.forget(f"client:{place.client}")
    assert number_of(place.program.post(BY_ID_PATH, body)) == 0


# What is there


@pytest.mark.parametrize("operation", sorted(CLOSED))
def test_other_operations_are_not_opened(program: Program, operation: str) -> None:
    answer = program.call(operation, {})
    assert number_of(answer) == NUMBERS["tencent_operation_not_opened"]
    assert answer["rsp"] == dict.fromkeys(CLOSED[operation], "")


@pytest.mark.parametrize(
    "path",
    [
        programs.OPEN_PLATFORM + BY_ID,
        programs.CARD_SERVER + "verifyQRCode",
        programs.OPEN_PLATFORM + "noSuchOperation",
        programs.OPEN_PLATFORM,
        programs.OPEN_PLATFORM + "verifyQRCode/",
        "/rest/auth/HealthCard/HealthOpenAuth/ISVOpenAuthObj/getAppToken",
        "/rest/auth/",
        "/rest/auth/%E4%B8%80",
    ],
)
def test_an_unknown_address_is_told_in_the_same_form(program: Program, path: str) -> None:
    answer = program.post(path, program.body({}))
    assert number_of(answer) == NUMBERS["tencent_operation_not_opened"]


def test_a_defect_of_ours_is_no_traceback(
    program: Program, by_id: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from interop.dialects.tencent.operations import read_card

    def broken(*args: object) -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr(read_card, "card_object", broken)
    body = program.body(by_id)
    answer = program.post(BY_ID_PATH, body)
    assert number_of(answer) == -10999
    assert "secret" not in json.dumps(answer)
    monkeypatch.undo()
    # Nothing of the failed try stands: the same request may be sent again.
    assert number_of(program.post(BY_ID_PATH, body)) == 0


def test_an_application_of_the_sandbox_is_kept_away_from_real_people(
    place: Place, by_id: dict[str, Any], settings: Settings
) -> None:
    client = gateway.create_client(
        institution=place.public_id,
        name="联调",
        scopes=["card:read"],
        environment="sandbox",
        actor=CENTRE,
    )
    key = gateway.add_key(client=client, algorithm="TENCENT", actor=CENTRE)
    program = Program(place.hospital_id, key.kid, key.secret)
    program.sign_in()
    assert number_of(program.call(BY_ID, by_id)) == 0
    settings.DEMO = False
    assert number_of(program.call(BY_ID, by_id)) == NUMBERS["sandbox_client_refused"]
    assert number_of(program.ask_token()) == NUMBERS["sandbox_client_refused"]


@pytest.mark.parametrize("is_remembered", [True, False])
def test_without_valkey_the_answer_is_not_now_in_the_platforms_form(
    program: Program,
    by_id: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    is_remembered: bool,
    without_valkey: None,
) -> None:
    if not is_remembered:
        credentials._cache.clear()
    answer = program.post(BY_ID_PATH, program.body(by_id))
    assert number_of(answer) == -10999
    assert answer["rsp"] == {"card": ""}
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_cost_of_a_read_is_known(
    program: Program, by_id: dict[str, Any], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    program.ok(BY_ID, by_id)
    with django_assert_max_num_queries(14):
        program.ok(BY_ID, by_id)
