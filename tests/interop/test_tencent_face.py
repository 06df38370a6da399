"""144, 103, 169, 170 and 304, with our page and the face check behind it."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import time_machine
from django.test import Client

from foundation.audit.models import AuditEntry
from foundation.gateway import services as gateway
from identity.models import IdentityCheck, VerifyOrder
from tests.cards.world import CENTRE, Holder, citizen_number
from tests.interop.answers import refused
from tests.interop.programs import Program
from tests.interop.world import Place
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.row("ID-02")

HOST = "his.example.com"
RESULT_KEYS = {"status", "result", "healthCardId"}
ORDER_KEYS = {"verifyUrl", "verifyOrderId", "protectState"}
PROXY = ("proxyVerifyName", "proxyVerifyCardType", "proxyVerifyIdCard", "proxyVerifyExpiredTime")
OPEN, PASSED, FAILED, EXPIRED = range(4)


@pytest.fixture
def own(place: Place) -> Place:
    gateway.set_hosts(client=place.client, hosts=[HOST], actor=CENTRE)
    return place


def show_face(client: Client, order_id: str, answer: str = "pass") -> Any:
    """What the browser does: our page, the page of the face check, and back."""
    page = f"/open/verify/{order_id}/"
    assert "开始刷脸" in client.get(page).content.decode()
    begun = client.post(page)
    assert begun.status_code == 302, begun.content.decode()
    back = httpx.get(begun["Location"], params={"answer": answer}, trust_env=False)
    assert back.status_code == 302, back.text
    assert urlsplit(back.headers["Location"]).path == f"{page}done/"
    return client.get(f"{page}done/")


def uniform(who: Holder, **changes: Any) -> dict[str, Any]:
    return {
        "cardType": "01",
        "idCard": who.id_number,
        "name": "测试甲",
        "scene": "010101",
        "verifySuccessRedirectUrl": f"https://{HOST}/ok?a=1",
        "verifyFailRedirectUrl": f"https://{HOST}/no",
        **changes,
    }


def brought_back(answer: Any) -> tuple[str, dict[str, str]]:
    parts = urlsplit(answer["Location"])
    assert parts.netloc == HOST
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}


def test_a_face_is_checked_and_the_outcome_is_evidence(
    sandbox: Sandbox, program: Program, client: Client, who: Holder
) -> None:
    order_id = program.ok("registerOrder", {"name": "测试甲", "idCardNumber": who.id_number})["orderId"]
    asked = {"orderId": order_id, "verifyResult": "x"}
    assert program.ok("verifyFaceIdentity", asked) == {"status": OPEN, "result": False, "healthCardId": ""}
    assert who.id_number not in client.get(f"/open/verify/{order_id}/").content.decode()
    show_face(client, order_id)
    assert "核身通过" in client.get(f"/open/verify/{order_id}/").content.decode()
    rsp = program.ok("verifyFaceIdentity", {"orderId": order_id})
    assert rsp == {"status": PASSED, "result": True, "healthCardId": who.number.value}
    check = IdentityCheck.objects.get()
    assert (check.provider, check.outcome, check.level) == ("face.FaceService", "match", 2)
    assert check.person_id == who.card.person_id
    assert AuditEntry.objects.filter(action="identity.checked").count() == 1


def test_the_browser_comes_back_with_a_result_that_is_of_this_order(
    sandbox: Sandbox, own: Place, program: Program, client: Client, who: Holder
) -> None:
    order = program.ok("registerUniformVerifyOrder", uniform(who, wechatCode=sandbox.weixin_code()))
    assert set(order) == ORDER_KEYS
    order_id = order["verifyOrderId"]
    assert urlsplit(order["verifyUrl"]).path == f"/open/verify/{order_id}/"
    path, found = brought_back(show_face(client, order_id))
    assert path == "/ok"
    assert found.keys() == {"a", "verifyOrderId", "verifyResult"}
    asked = {"verifyOrderId": order_id, "verifyResult": found["verifyResult"]}
    rsp = program.ok("checkUniformVerifyResult", asked)
    assert rsp == {
        "suc": True,
        "verifyType": "face",
        "ext": "",
        **dict.fromkeys(PROXY, ""),
        "healthCardId": who.number.value,
    }
    forged = program.call("checkUniformVerifyResult", {**asked, "verifyResult": "0" * 64})
    refused(forged, "tencent_bad_parameter", {"suc", "verifyType", "ext", *PROXY, "healthCardId"})


@pytest.mark.usefixtures("sandbox", "own")
@pytest.mark.parametrize(("name", "answer"), [("测试甲", "fail"), ("测人脸不符", "pass")])
def test_a_face_that_does_not_fit_fails(
    program: Program, client: Client, who: Holder, name: str, answer: str
) -> None:
    order = program.ok("registerUniformVerifyOrder", uniform(who, name=name))
    path, found = brought_back(show_face(client, order["verifyOrderId"], answer))
    assert path == "/no"
    rsp = program.ok("checkUniformVerifyResult", {k: found[k] for k in ("verifyOrderId", "verifyResult")})
    assert (rsp["suc"], rsp["healthCardId"]) == (False, "")
    assert IdentityCheck.objects.get().level == 0


def test_whoever_cancels_may_try_again(
    sandbox: Sandbox, program: Program, client: Client, who: Holder
) -> None:
    order_id = program.ok("registerOrder", {"name": "测试甲", "idCardNumber": who.id_number})["orderId"]
    show_face(client, order_id, "cancelled")
    assert program.ok("verifyFaceIdentity", {"orderId": order_id})["status"] == OPEN
    show_face(client, order_id)
    assert program.ok("verifyFaceIdentity", {"orderId": order_id})["status"] == PASSED
    assert client.post(f"/open/verify/{order_id}/").status_code == 410


def test_coming_back_without_a_check_proves_nothing(
    sandbox: Sandbox, program: Program, client: Client, who: Holder
) -> None:
    order_id = program.ok("registerOrder", {"name": "测试甲", "idCardNumber": who.id_number})["orderId"]
    client.get(f"/open/verify/{order_id}/done/")
    client.post(f"/open/verify/{order_id}/")
    client.get(f"/open/verify/{order_id}/done/")
    assert program.ok("verifyFaceIdentity", {"orderId": order_id})["result"] is False


def test_while_the_face_check_is_away_the_page_says_so(
    sandbox: Sandbox, program: Program, client: Client, who: Holder
) -> None:
    order_id = program.ok("registerOrder", {"name": "测试甲", "idCardNumber": who.id_number})["orderId"]
    sandbox.fault("face", "outage")
    assert client.post(f"/open/verify/{order_id}/").status_code == 503
    sandbox.repair()
    show_face(client, order_id)


def test_an_order_lives_half_an_hour(program: Program, client: Client, who: Holder) -> None:
    order_id = program.ok("registerOrder", {"name": "测试甲", "idCardNumber": who.id_number})["orderId"]
    with time_machine.travel(time.time() + 1_801, tick=True):
        program.sign_in()
        assert program.ok("verifyFaceIdentity", {"orderId": order_id})["status"] == EXPIRED
        assert "已经过期" in client.get(f"/open/verify/{order_id}/").content.decode()
        assert client.post(f"/open/verify/{order_id}/").status_code == 410


def test_an_order_is_told_to_the_program_alone_that_placed_it(
    program: Program, place: Place, client: Client, who: Holder
) -> None:
    order_id = program.ok("registerOrder", {"name": "测试甲", "idCardNumber": who.id_number})["orderId"]
    _, _, other = place.new_program("LIS")
    other.sign_in()
    answer = other.call("verifyFaceIdentity", {"orderId": order_id, "verifyResult": ""})
    refused(answer, "verify_order_unknown", RESULT_KEYS)
    assert client.get(f"/open/verify/{'0' * 26}/").status_code == 404


def test_a_real_person_order_follows_an_earlier_one(
    sandbox: Sandbox, program: Program, client: Client, who: Holder
) -> None:
    first = program.ok("registerOrder", {"name": "测试甲", "idCardNumber": who.id_number})["orderId"]
    claimed = {"orderId": first, "idCard": who.id_number, "cardType": "01", "result": "1", "verifyType": "2"}
    order_id = program.ok("registerRealPersonAuthOrder", claimed)["verifyOrderId"]
    # What the hospital says of a check of its own proves nothing.
    assert program.ok("checkUniformVerifyResult", {"verifyOrderId": order_id})["suc"] is False
    show_face(client, order_id)
    assert program.ok("checkUniformVerifyResult", {"verifyOrderId": order_id})["suc"] is True
    other = program.call("registerRealPersonAuthOrder", {**claimed, "idCard": citizen_number()})
    refused(other, "tencent_bad_parameter", {"verifyOrderId"})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"verifySuccessRedirectUrl": "https://elsewhere.example.com/"}, "address_not_allowed"),
        ({"faceUrl": "http://his.example.com/"}, "address_not_allowed"),
        ({"idCard": "1"}, "invalid_certificate_number"),
        ({"name": ""}, "tencent_missing_parameter"),
    ],
)
def test_what_does_not_fit_places_no_order(
    own: Place, program: Program, who: Holder, changes: dict[str, Any], error: str
) -> None:
    answer = program.call("registerUniformVerifyOrder", uniform(who, **changes))
    refused(answer, error, ORDER_KEYS)
    assert not VerifyOrder.objects.exists()


def test_an_unknown_wechat_code_places_no_order(
    sandbox: Sandbox, own: Place, program: Program, who: Holder
) -> None:
    answer = program.call("registerUniformVerifyOrder", uniform(who, wechatCode="nobody"))
    refused(answer, "tencent_wechat_code", ORDER_KEYS)
