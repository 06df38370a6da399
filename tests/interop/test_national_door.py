"""Who is let in by the national SDK's dialect, at which terminal, and how often."""

import time
from datetime import timedelta

import pytest
import time_machine
from pytest_django import Settings

from cards.models import UsageRecord
from foundation.core import clock
from foundation.gateway import services as gateway
from foundation.gateway.errors import ClientSuspended
from foundation.gateway.models import ClientKey
from foundation.gateway.scopes import SCOPES
from institutions import selectors as institutions
from institutions import services as institution_services
from institutions.services import terminals
from interop.dialects.national.errors import RETURN_CODES
from tests.cards.world import CENTRE, Holder, code_of
from tests.interop.answers import refused_by_sdk as refused
from tests.interop.sdk_programs import PATHS, SdkProgram, encoded, sm3
from tests.interop.world import TERMINAL, Place

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-08")]
NOBODY = "0" * 64 + ":1"

# Who calls


def test_another_applications_secret_opens_nothing(sdk: SdkProgram, who: Holder) -> None:
    other = Place()
    stranger = other.sdk_program(other.client)
    mixed = SdkProgram(sdk.app_id, stranger.app_secret, TERMINAL)
    refused(mixed.call("verify", {"ehealth_code": code_of(who)}), "national_bad_digest")


def test_each_application_has_a_system_key_of_its_own(place: Place) -> None:
    first, second = (
        gateway.add_key(client=place.client, algorithm="NATIONAL", actor=CENTRE) for _ in range(2)
    )
    assert first.secret != second.secret
    leaked = SdkProgram(second.kid, sm3(second.kid + first.secret), TERMINAL)
    refused(leaked.call("verify", {"ehealth_code": NOBODY}), "national_bad_digest")


def test_keys_of_other_dialects_are_no_keys_of_this_one(place: Place) -> None:
    for algorithm in ("TENCENT", "HMAC-SM3"):
        key = gateway.add_key(client=place.client, algorithm=algorithm, actor=CENTRE)
        program = SdkProgram(key.kid, sm3(key.kid + key.secret), TERMINAL)
        refused(program.call("verify", {"ehealth_code": NOBODY}), "national_bad_digest")


def test_a_retired_key_stops_at_once(place: Place, sdk: SdkProgram) -> None:
    refused(sdk.call("verify", {"ehealth_code": NOBODY}), "card_unknown")
    key = ClientKey.objects.get(kid=sdk.app_id)
    gateway.retire_key(key=key.public_id, actor=CENTRE, reason="测试")
    answer = sdk.call("verify", {"ehealth_code": NOBODY})
    assert answer["return_code"] == RETURN_CODES["national_bad_digest"]


def test_an_old_key_goes_on_as_long_as_was_chosen(place: Place, sdk: SdkProgram) -> None:
    old = ClientKey.objects.get(kid=sdk.app_id).public_id
    made = gateway.rotate_key(key=old, overlap=timedelta(hours=1), actor=CENTRE, reason="测试")
    new = SdkProgram(made.kid, sm3(made.kid + made.secret), TERMINAL)
    for program in (sdk, new):
        refused(program.call("verify", {"ehealth_code": NOBODY}), "card_unknown")
    with time_machine.travel(clock.now() + timedelta(hours=1, seconds=1)):
        refused(sdk.call("verify", {"ehealth_code": NOBODY}), "national_bad_digest")
        refused(new.call("verify", {"ehealth_code": NOBODY}), "card_unknown")


def test_a_client_for_trying_out_is_served_by_a_demo_alone(place: Place, settings: Settings) -> None:
    client = gateway.create_client(
        institution=place.public_id, name="联调", scopes=SCOPES, environment="sandbox", actor=CENTRE
    )
    program = place.sdk_program(client)
    settings.DEMO = True
    refused(program.call("verify", {"ehealth_code": NOBODY}), "card_unknown")
    settings.DEMO = False
    refused(program.call("verify", {"ehealth_code": NOBODY}), "sandbox_client_refused")


def test_a_suspended_client_is_told_only_after_its_digest_was_right(place: Place, sdk: SdkProgram) -> None:
    gateway.suspend_client(client=place.client, actor=CENTRE, reason="测试")
    refused(sdk.call("verify", {"ehealth_code": NOBODY}), ClientSuspended.code)
    refused(sdk.call("verify", {"ehealth_code": NOBODY}, digest="0" * 64), "national_bad_digest")


def test_the_clients_of_a_suspended_institution_are_refused(place: Place, sdk: SdkProgram) -> None:
    institution_services.suspend(institution=place.public_id, actor=CENTRE, reason="测试")
    refused(sdk.call("verify", {"ehealth_code": NOBODY}), ClientSuspended.code)


@pytest.mark.parametrize("method", PATHS)
def test_a_method_that_was_not_granted_is_refused(method: str) -> None:
    place = Place(scopes=("usage:report",))
    refused(place.sdk_program(place.client).call(method, {}), "scope_missing")


def test_too_many_wrong_digests_are_answered_with_a_pause(sdk: SdkProgram) -> None:
    codes = {sdk.call("verify", {"ehealth_code": NOBODY}, digest="0" * 64)["return_code"] for _ in range(40)}
    assert codes == {RETURN_CODES["national_bad_digest"], RETURN_CODES["too_many_requests"]}
    # A stranger who guesses does not lock the hospital out.
    refused(sdk.call("verify", {"ehealth_code": NOBODY}), "card_unknown")


def test_without_valkey_nobody_is_let_in(sdk: SdkProgram, without_valkey: None) -> None:
    refused(sdk.call("verify", {"ehealth_code": NOBODY}), "gateway_unavailable")


# At which terminal


def test_the_terminal_must_be_one_of_the_callers_institution(sdk: SdkProgram) -> None:
    other = Place()
    institution_services.add_terminal(
        institution=other.public_id, terminal_id="ELSEWHERE", name="别处", kind="01", actor=CENTRE
    )
    for method in PATHS:
        refused(sdk.call(method, {}, term_id="ELSEWHERE"), "terminal_unknown")


def test_a_terminal_that_was_switched_off_is_refused_at_the_next_call(place: Place, sdk: SdkProgram) -> None:
    refused(sdk.call("verify", {"ehealth_code": NOBODY}), "card_unknown")
    institution_services.disable_terminal(terminal=terminal_of(place), actor=CENTRE, reason="测试")
    refused(sdk.call("verify", {"ehealth_code": NOBODY}), "terminal_disabled")


def test_a_terminal_of_another_client_is_refused(place: Place, sdk: SdkProgram) -> None:
    other, _, _ = place.new_program("自助机")
    terminals.bind_terminal(terminal=terminal_of(place), client=other, actor=CENTRE, reason="测试")
    refused(sdk.call("verify", {"ehealth_code": NOBODY}), "terminal_bound_elsewhere")
    refused(
        place.sdk_program(other).call("verify", {"ehealth_code": NOBODY}),
        "card_unknown",
    )


def test_a_terminal_that_must_sign_in_cannot_be_named(place: Place, sdk: SdkProgram) -> None:
    terminal = terminal_of(place)
    terminals.bind_terminal(terminal=terminal, client=place.client, actor=CENTRE, reason="测试")
    refused(sdk.call("verify", {"ehealth_code": NOBODY}), "card_unknown")
    terminals.issue_activation_code(terminal=terminal, actor=CENTRE, reason="测试")
    for method in PATHS:
        refused(sdk.call(method, {"ehealth_code": NOBODY}), "terminal_not_signed_in")


def terminal_of(place: Place) -> str:
    found = institutions.terminal_of(place.public_id, TERMINAL)
    assert found is not None
    return found.public_id


# Once


def test_a_request_without_a_number_is_taken_once(sdk: SdkProgram, who: Holder) -> None:
    for method, content in (
        ("verify", {"ehealth_code": code_of(who)}),
        ("query", {"ehealth_card_id": who.number.value}),
    ):
        body = sdk.body(method, content)
        assert sdk.post(PATHS[method], body)["return_code"] == "0"
        answer = sdk.post(PATHS[method], body)
        refused(answer, "nonce_replayed")
        assert "timestamp" in answer["return_msg"]
        assert "Nonce" not in answer["return_msg"]
    assert UsageRecord.objects.count() == 1


def test_a_digest_in_other_letters_is_the_same_digest(sdk: SdkProgram, who: Holder) -> None:
    form = sdk.form("query", {"ehealth_card_id": who.number.value})
    assert sdk.post(PATHS["query"], encoded(form))["return_code"] == "0"
    form["digest"] = form["digest"].lower()
    refused(sdk.post(PATHS["query"], encoded(form)), "nonce_replayed")


def test_a_request_is_known_as_long_as_its_time_is_good(sdk: SdkProgram, who: Holder) -> None:
    ahead = str((int(time.time()) + 290) * 1000)
    body = sdk.body("query", {"ehealth_card_id": who.number.value}, timestamp=ahead)
    assert sdk.post(PATHS["query"], body)["return_code"] == "0"
    with time_machine.travel(clock.now() + timedelta(seconds=580)):
        refused(sdk.post(PATHS["query"], body), "nonce_replayed")
    with time_machine.travel(clock.now() + timedelta(seconds=600)):
        refused(sdk.post(PATHS["query"], body), "national_clock_skew")
