"""The answer in the message's own form: accepted, in error, or rejected."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from foundation.core import clock
from interop.hl7.parsing import Hl7Message, escaped

ACCEPTED, ERROR, REJECTED = "AA", "AE", "AR"

# HL7 table 0357.
MISSING, WRONG, UNKNOWN_TYPE, INTERNAL = "101", "102", "200", "207"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, by which code of the table, and in words."""

    where: str
    code: str
    text: str


def acknowledge(message: Hl7Message, verdict: str, faults: Sequence[Fault] = ()) -> bytes:
    """The ACK of a message, in UTF-8."""
    header = message.header
    back = [escaped(header.text(number)) for number in (3, 4)]
    trigger = escaped(header.text(9, 2))
    stamp = f"{clock.beijing(clock.now()):%Y%m%d%H%M%S%z}"
    lines = [
        "|".join(
            [
                "MSH",
                "^~\\&",
                "EHC",
                "CENTRE",
                *back,
                stamp,
                "",
                f"ACK^{trigger}^ACK",
                secrets.token_hex(10),
                escaped(header.text(11)) or "P",
                escaped(header.text(12)) or "2.5.1",
                *[""] * 5,
                "UNICODE UTF-8",
            ]
        ),
        f"MSA|{verdict}|{escaped(header.text(10))}",
        *(f"ERR||{escaped(fault.where)}|{fault.code}|E||||{escaped(fault.text)}" for fault in faults),
    ]
    return "".join(f"{line}\r" for line in lines).encode()
