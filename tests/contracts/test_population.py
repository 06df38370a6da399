"""The client of the population database against the database, over the wire."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils.module_loading import import_string
from pytest_django import Settings

from foundation.core import clock
from identity.providers.base import (
    Outcome,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnavailable,
    RealNameAnswer,
    RealNameProvider,
)
from tests.sandbox_server import Sandbox

NUMBER = "11010019900101997X"


def check(
    name: str = "林知秋", number: str = NUMBER, id_type: str = "01", request_id: str = "check-1"
) -> RealNameAnswer:
    provider: RealNameProvider = import_string("identity.providers.population.PopulationDatabase")()
    return provider.check(request_id=request_id, id_type=id_type, id_number=number, name=name)


@pytest.mark.parametrize("name", ["林知秋", "阿依古丽·买买提", "𠮷野龘", "ALEXANDRA CONSTANTINOPOULOS"])
def test_a_valid_number_matches(sandbox: Sandbox, name: str) -> None:
    answer = check(name)
    assert answer.outcome is Outcome.MATCH
    assert answer.reference.startswith("RK")
    assert abs((clock.now() - answer.checked_at).total_seconds()) < 5


def test_a_passport_is_checked_too(sandbox: Sandbox) -> None:
    assert check(id_type="03", number="E12345678").outcome is Outcome.MATCH


@pytest.mark.parametrize(
    ("name", "number", "outcome"),
    [
        ("测不符", NUMBER, Outcome.MISMATCH),
        ("林知秋", "110100199001019910", Outcome.MISMATCH),
        ("测无此人", NUMBER, Outcome.NOT_FOUND),
        ("林知秋", "110100199001019929", Outcome.NOT_FOUND),
    ],
)
def test_other_outcomes_are_told_apart(sandbox: Sandbox, name: str, number: str, outcome: Outcome) -> None:
    assert check(name, number).outcome is outcome


def test_a_repeat_gets_the_same_reference(sandbox: Sandbox) -> None:
    assert check() == check()


def test_a_request_id_is_not_for_two_people(sandbox: Sandbox) -> None:
    check()
    with pytest.raises(ProviderProtocolError) as refused:
        check("另一人")
    assert refused.value.code == "request_id_reused"


def test_a_slow_answer_is_still_an_answer(sandbox: Sandbox) -> None:
    assert check("测缓慢").outcome is Outcome.MATCH


def test_after_five_seconds_nobody_waits_any_more(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as hanging:
        waiting = hanging.submit(check, "测超时")
        # Others are served meanwhile.
        assert check(request_id="check-2").outcome is Outcome.MATCH
        assert not waiting.done()
        with pytest.raises(ProviderTimeout):
            waiting.result()


def test_a_broken_database_is_a_matter_of_time(sandbox: Sandbox) -> None:
    with pytest.raises(ProviderUnavailable):
        check("测故障")


def test_a_database_out_of_service_is_a_matter_of_time(sandbox: Sandbox) -> None:
    sandbox.fault("population", "outage")
    with pytest.raises(ProviderUnavailable):
        check()


def test_garbage_is_no_answer(sandbox: Sandbox) -> None:
    with pytest.raises(ProviderProtocolError):
        check("测乱码")


def test_a_refused_number_is_no_answer(sandbox: Sandbox) -> None:
    with pytest.raises(ProviderProtocolError) as refused:
        check(number="110100199001019971")
    assert refused.value.code == "id_number_invalid"


@pytest.mark.parametrize(
    ("setting", "code"), [("POPULATION_KEY", "signature_invalid"), ("POPULATION_APP_ID", "app_unknown")]
)
def test_a_wrong_key_is_no_answer(sandbox: Sandbox, settings: Settings, setting: str, code: str) -> None:
    setattr(settings, setting, "wrong")
    with pytest.raises(ProviderProtocolError) as refused:
        check()
    assert refused.value.code == code


def test_a_database_that_is_not_there_is_a_matter_of_time(settings: Settings) -> None:
    settings.POPULATION_BASE = "http://127.0.0.1:9"
    with pytest.raises(ProviderUnavailable):
        check()


def test_nothing_personal_is_logged(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("INFO"):
        check()
    written = caplog.text + "".join(capsys.readouterr())
    assert "/population/v1/check" in written
    assert "林知秋" not in written
    assert NUMBER not in written
