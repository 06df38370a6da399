"""Whatever arrives as HL7 v2, the reader says so and does not break."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from interop.hl7.acknowledging import ERROR, Fault, acknowledge
from interop.hl7.documents import UnreadableDocument
from interop.hl7.mapping import Unmappable, events_of
from interop.hl7.parsing import NotHl7, escaped, parse
from tests.interop.test_hl7 import report

PIECES = st.lists(
    st.sampled_from(
        [*"|^~\\&\r\n", "MSH", "OBR", "OBX", "PID", "ORU^R01", "20261121", "F", "测", "\\X0D\\", " "]
    ),
    max_size=60,
)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(NotHl7):
        parse(body)


@settings(max_examples=300)
@given(PIECES)
def test_what_looks_like_a_message_is_mapped_or_refused(pieces: list[str]) -> None:
    text = "MSH|^~\\&|A|B|C|D|20261121||ORU^R01|1|P|2.5\r" + "".join(pieces)
    with contextlib.suppress(NotHl7, Unmappable, UnreadableDocument):
        events_of(parse(text.encode()))


@given(st.integers(0, 700), st.integers(0, 60))
def test_a_message_with_a_hole_is_mapped_or_refused(start: int, length: int) -> None:
    text = report()
    with contextlib.suppress(NotHl7, Unmappable, UnreadableDocument):
        events_of(parse((text[:start] + text[start + length :]).encode()))


@given(st.text(max_size=80))
def test_what_we_escape_is_read_as_it_was(text: str) -> None:
    message = parse(report().encode())
    ack = parse(acknowledge(message, ERROR, [Fault("MSH", "102", text)]))
    fault = ack.first("ERR")
    assert fault is not None
    assert fault.text(8) == " ".join(text.split())
    assert "\r" not in escaped(text)
