"""Whatever is sent, the answer is in the national dialect's form and never a fault of ours."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop.dialects.national.errors import INTERNAL
from tests.interop.sdk_programs import PATHS, EncryptingProgram, SdkProgram, encoded, numbered
from tests.interop.test_tencent_fuzz import json_values

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-11")]
FIELDS = [
    *("ehealth_card_id", "ehealth_code", "id_type", "id_no", "name", "gender", "birthday", "cellphone"),
    *("telephone", "address", "unit", "apply_type"),
]
NUMBERED = [
    f"{stem}_{what}" for stem in ("register", "alter", "revoke", "generate") for what in ("no", "time")
]
LENIENT = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_refusal(answer: dict[str, Any]) -> None:
    assert answer["return_code"] not in {"0", INTERNAL}, answer


@LENIENT
@given(
    method=st.sampled_from(list(PATHS)),
    content=st.dictionaries(st.sampled_from([*FIELDS, *NUMBERED]), json_values, max_size=8),
    is_encrypted=st.booleans(),
)
def test_no_content_breaks_anything(
    sdk: SdkProgram, method: str, content: dict[str, Any], is_encrypted: bool
) -> None:
    program = EncryptingProgram(sdk) if is_encrypted else sdk
    try:
        body = program.body(method, content)
    except UnicodeEncodeError:
        return
    is_refusal(program.post(PATHS[method], body))


@LENIENT
@given(method=st.sampled_from(["register", "alterinfo", "close", "generate"]), data=st.data())
def test_no_value_of_one_field_breaks_anything(sdk: SdkProgram, method: str, data: st.DataObject) -> None:
    content = numbered(
        method,
        ehealth_card_id="A" * 64,
        apply_type="3",
        id_type="01",
        id_no="110199199001019001",
        name="测试甲",
        gender="1",
    )
    content[data.draw(st.sampled_from([*FIELDS, *content]))] = data.draw(json_values)
    try:
        body = sdk.body(method, content)
    except UnicodeEncodeError:
        return
    is_refusal(sdk.post(PATHS[method], body))


@LENIENT
@given(body=st.binary(max_size=300))
def test_no_raw_body_breaks_anything(sdk: SdkProgram, body: bytes) -> None:
    for path in (*PATHS.values(), "/hospital/v3/x"):
        is_refusal(sdk.post(path, body))


@LENIENT
@given(
    changes=st.dictionaries(
        st.sampled_from(
            [
                *("method", "app_id", "term_id", "version", "timestamp"),
                *("digest_type", "enc_type", "digest", "biz_content"),
            ]
        ),
        st.text(max_size=40) | st.from_regex(r"[0-9A-F]{32}", fullmatch=True),
        min_size=1,
    )
)
def test_no_envelope_breaks_anything(sdk: SdkProgram, changes: dict[str, str]) -> None:
    form = sdk.form("verify", {"ehealth_code": "0" * 64 + ":1"})
    try:
        body = encoded({**form, **changes})
    except UnicodeEncodeError:
        return
    is_refusal(sdk.post(PATHS["verify"], body))
