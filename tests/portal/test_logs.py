"""No line of the log names a person, whoever writes it."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.test import Client

from portal import logs

CARD = "0123456789ABCDEF" * 4
CODE = f"{CARD}:0:{'0A' * 16}:1ABCD0123456789XYZ:11010100001"
ID_NUMBER = "11010020171225006X"
PHONE = "13900000001"


@pytest.fixture(params=[True, False], ids=["readable", "json"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the process writes, in either form."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs.formatter(readable=request.param))
    root = logging.getLogger()
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [CARD, CARD.lower(), CODE, CODE.lower()])
def test_django_names_no_card_when_it_logs_a_refused_address(
    client: Client, written: io.StringIO, number: str
) -> None:
    assert client.get(f"/nowhere/{number}").status_code == 404
    assert "/nowhere/[masked]" in written.getvalue()
    assert number[64:] == "" or number[64:] not in written.getvalue()


@pytest.mark.parametrize("number", [CARD, CODE, ID_NUMBER, ID_NUMBER.lower(), PHONE, f"+86{PHONE}"])
def test_personal_numbers_are_masked_wherever_they_stand(written: io.StringIO, number: str) -> None:
    log = structlog.get_logger("tests.logs")
    log.info("of_ours", given=number, inner={"list": [f"号码{number}。"], number: 1})
    log.info(f"in_the_event {number}")
    logging.getLogger("another.library").warning("in its arguments: %s", number)
    logging.getLogger("another.library").warning("encoded: ?q=%%20%s&p=%%2B%s", number, number)
    try:
        raise ValueError(number, f"line\n{number}")
    except ValueError as exc:
        log.exception("in_the_traceback", error=exc)
    text = written.getvalue()
    assert text.count("[masked]") >= 9
    assert number not in text
    assert number.lstrip("+86") not in text


def test_a_number_of_another_type_is_masked_too(written: io.StringIO) -> None:
    structlog.get_logger("tests.logs").info("number", given=int(PHONE), body_bytes=PHONE.encode())
    assert PHONE not in written.getvalue()


def test_what_is_no_personal_number_stays(written: io.StringIO) -> None:
    trace_id, public_id, moment = "a13900000001bcdef" + "0" * 15, "0" * 26, 1_763_683_200_123
    structlog.get_logger("tests.logs").info("kept", trace=trace_id, id=public_id, at=moment, n=110101)
    for kept in (trace_id, public_id, str(moment), "110101"):
        assert kept in written.getvalue()


def test_no_other_handler_writes_past_the_masking() -> None:
    logs.configure()
    for name in ("django", "django.request", "django.server", "uvicorn", "uvicorn.error", "_granian"):
        assert logging.getLogger(name).handlers == [], name
        assert logging.getLogger(name).propagate, name
