"""A program of the national SDK, over HTTP, with what the demo's credentials give and nothing else."""

from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from institutions import demo
from tests.interop.sdk_programs import PATHS, EncryptingProgram, SdkProgram, numbered, read, sm3

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("HI-11"), pytest.mark.row("CC-08")]


@pytest.fixture
def given() -> dict[str, str]:
    demo.load({})
    credentials: dict[str, str] = demo.credentials()["national"]
    return credentials


@pytest.mark.parametrize("kind", [lambda program: program, EncryptingProgram])
def test_the_life_of_a_card(
    live_server: LiveServer, given: dict[str, str], registration: dict[str, Any], kind: Any
) -> None:
    # What the SDK checks of itself before it sends anything.
    assert given["appSecret"] == sm3(given["appId"] + given["systemKey"])
    program = kind(SdkProgram(given["appId"], given["appSecret"], given["termId"]))

    def call(method: str, content: dict[str, Any]) -> dict[str, Any]:
        body = program.body(method, content)
        answer = httpx.post(
            live_server.url + PATHS[method], content=body, headers={"Content-Type": program.content_type}
        )
        assert answer.status_code == 200
        return read(answer.content, answer.headers["Content-Type"])

    registered = call("register", numbered("register", **registration))
    card = {"ehealth_card_id": registered["biz_content"]["ehealth_card_id"]}
    assert registered["return_code"] == "0"
    changes = numbered("alterinfo", **card, gender="1", cellphone="13900000001")
    assert call("alterinfo", changes)["return_code"] == "0"
    made = call("generate", numbered("generate", **card))
    verified = call("verify", {"ehealth_code": made["biz_content"]["ehealth_code"]})
    assert (verified["return_code"], verified["biz_content"]["cellphone"]) == ("0", "13900000001")
    again = call("verify", {"ehealth_code": made["biz_content"]["ehealth_code"]})
    assert (again["return_code"], again["biz_content"]) == ("4006", {})
    whole = {**card, "id_type": "01", "id_no": registration["id_no"]}
    assert call("query", whole)["biz_content"]["name"] == registration["name"]
    assert call("close", numbered("close", **card))["return_code"] == "0"
    assert call("query", card)["biz_content"]["card_state"] == "3"
