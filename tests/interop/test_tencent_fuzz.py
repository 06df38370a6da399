"""Whatever is sent, the answer is in the platform's form and never a fault of ours."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop.dialects.tencent.operations import CARD_SERVER, OPEN_PLATFORM
from tests.interop import programs
from tests.interop.answers import number_of
from tests.interop.programs import Program

BY_ID_PATH = programs.CARD_SERVER + "getHealthCardByHealthCardId"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    *("wechatCode", "name", "gender", "nation", "birthday", "idNumber", "idType", "phone1", "address"),
    *(
        "patid",
        "childInfo",
        "healthCardItems",
        "healthCardInfos",
        "qrCodeText",
        "healthCardId",
        "codeType",
        "terminalId",
        "medicalStep",
    ),
    *("channelCode", "time", "scene", "cardChannel", "cardCostTypes", "idCardNumber", "department", "appId"),
]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    operation=st.sampled_from([*OPEN_PLATFORM, *CARD_SERVER, "registerOrder"]),
    req=st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=8),
)
def test_no_signed_body_breaks_anything(program: Program, operation: str, req: dict[str, Any]) -> None:
    try:
        body = program.body(req)
    except UnicodeEncodeError:
        return
    root = programs.CARD_SERVER if operation in CARD_SERVER else programs.OPEN_PLATFORM
    answer = program.post(root + operation, body)
    # A list is taken as a whole, and every person on it is told apart.
    told = [item["resultCode"] for item in answer["rsp"].get("rspItems") or []] or [number_of(answer)]
    assert number_of(answer) != -10999, answer
    assert {0, -10999}.isdisjoint(told), answer


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_raw_body_breaks_anything(program: Program, body: bytes) -> None:
    for path in (programs.TOKEN_PATH, BY_ID_PATH, programs.OPEN_PLATFORM + "verifyQRCode"):
        assert number_of(program.post(path, body)) not in {0, -10999}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    common=st.dictionaries(
        st.sampled_from(["requestId", "hospitalId", "timestamp", "channelNum", "appToken"]), json_values
    )
)
def test_no_signed_envelope_breaks_anything(program: Program, common: dict[str, Any]) -> None:
    try:
        body = program.body({"qrCodeText": static_of_nobody()}, **common)
    except UnicodeEncodeError:
        return
    answer = program.post(programs.OPEN_PLATFORM + "getHealthCardByQRCode", body)
    assert number_of(answer) not in {0, -10999}, answer


def static_of_nobody() -> str:
    return "0" * 64 + ":1"
