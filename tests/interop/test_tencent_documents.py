"""What the document for engineers says is what the dialect does."""

import base64
import hashlib
import re
from pathlib import Path

from foundation.core.errors import all_errors
from interop.dialects.tencent.errors import NUMBERS
from interop.dialects.tencent.operations import CARD_SERVER, CLOSED, OPEN_PLATFORM, TOKEN

PAGE = (Path(__file__).resolve().parents[2] / "docs/institutions/tencent.md").read_text()
OLDER = {"ocrInfo", "bindUnionId", "recvPushMsg", "registerUniformOrder"}


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    part = PAGE.split(f"## {heading}\n", 1)[1]
    lines = re.search(r"((?:^\|.*\n)+)", part, re.M)
    assert lines is not None
    rows = lines.group(1).splitlines()[2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def test_every_number_is_explained() -> None:
    documented = {(row[1], int(row[0])) for row in table("Result codes") if row[1]}
    assert documented == set(NUMBERS.items())


def test_the_list_of_operations_is_the_table_of_operations() -> None:
    open_names = {TOKEN.name, *OPEN_PLATFORM, *CARD_SERVER}
    rows = {row[1]: row[2] for row in table("Operations")}
    assert len(rows) == 33
    assert {name for name, state in rows.items() if state == "open"} == open_names
    assert {name for name, state in rows.items() if state == "not opened"} == set(CLOSED) - OLDER


def test_the_keys_of_the_answers_are_documented() -> None:
    for operation in (TOKEN, *OPEN_PLATFORM.values(), *CARD_SERVER.values()):
        part = PAGE.split(f"### {operation.name}\n", 1)[1].split("\n### ", 1)[0]
        for key in operation.rsp:
            assert f"`{key}`" in part, (operation.name, key)


def test_the_worked_signature_is_right() -> None:
    part = PAGE.split("## Signature\n", 1)[1]
    text, signature = re.findall(r"```text\n(.*?)\n```", part, re.S)[:2]
    assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() == signature


def test_every_number_belongs_to_an_error_that_exists() -> None:
    assert set(NUMBERS) <= {error.code for error in all_errors()}
