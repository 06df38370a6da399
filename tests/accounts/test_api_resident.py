"""The resident API: sessions by token or cookie, for residents alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from foundation.accounts import selectors
from foundation.accounts.models import Account, SignInMethod
from foundation.accounts.sessions import NEEDS_PROOF
from foundation.core import clock, redis
from tests.accounts import people
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-01")]

API = "/api/resident/v1"


def post(client: Client, path: str, body: dict[str, Any], **headers: str) -> Any:
    return client.post(f"{API}/{path}", body, content_type="application/json", headers=headers)


def begin(client: Client, phone: str = people.CITIZEN_PHONE, **more: str) -> dict[str, Any]:
    assert post(client, "sessions/phone/code", {"phone": phone}).status_code == 202
    answer = post(client, "sessions/phone", {"phone": phone, "code": people.last_code(), **more})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def me(client: Client, token: str) -> Any:
    return client.get(f"{API}/me", headers={"x-session-token": token})


def forget_limits() -> None:
    for key in redis.client().scan_iter(redis.key("limit", "*")):
        redis.client().delete(key)


def test_a_code_begins_a_session_whose_token_opens_the_interface(client: Client) -> None:
    session = begin(client)
    answer = me(Client(), session["session_token"])
    assert answer.status_code == 200
    assert answer.json()["phone"] == "139****0001"
    assert answer.json()["account_id"] == session["account_id"]


def test_beginning_a_session_by_token_sets_no_cookie_and_keeps_that_of_the_page(client: Client) -> None:
    people.signed_in(client, people.stranger())
    before = client.cookies["sessionid"].value
    forget_limits()
    begin(client)
    assert client.cookies["sessionid"].value == before
    assert client.get("/me/").status_code == 200
    assert "139****0002" in client.get("/me/").content.decode()


def test_nobody_gets_in_without_a_session(client: Client) -> None:
    answer = client.get(f"{API}/me")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "authentication_required"
    assert me(client, "invented-token").status_code == 401


def test_a_cookie_reads_and_needs_the_csrf_token_to_write() -> None:
    client = people.signed_in(Client(enforce_csrf_checks=True), people.citizen())
    assert client.get(f"{API}/me").status_code == 200
    refused = client.patch(f"{API}/me", {"care_mode": True}, content_type="application/json")
    assert refused.status_code == 403
    client.get("/sign-in/")
    client.get("/me/")
    token = client.cookies["csrftoken"].value
    allowed = client.patch(
        f"{API}/me", {"care_mode": True}, content_type="application/json", headers={"x-csrftoken": token}
    )
    assert allowed.status_code == 200
    assert allowed.json()["care_mode"] is True


def test_staff_are_refused(client: Client) -> None:
    people.signed_in_staff(client, people.staff())
    answer = client.get(f"{API}/me")
    assert answer.status_code == 403
    assert answer.json()["code"] == "residents_only"


def test_signing_out_ends_the_token(client: Client) -> None:
    token = begin(client)["session_token"]
    ended = client.delete(f"{API}/sessions/current", headers={"x-session-token": token})
    assert ended.status_code == 204
    assert me(client, token).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "phone"), ({"phone": "13900000001"}, "code"), ({"phone": ["1"], "code": "1"}, "phone")],
)
def test_a_wrong_body_names_the_field(client: Client, body: dict[str, Any], field: str) -> None:
    answer = post(client, "sessions/phone", body)
    assert answer.status_code == 400
    assert answer.json()["field"] == field


def test_a_body_that_is_not_json_is_refused(client: Client) -> None:
    answer = client.post(f"{API}/sessions/phone", "{", content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "not_json"


def test_asking_for_codes_too_often_says_when_to_come_back(client: Client) -> None:
    post(client, "sessions/phone/code", {"phone": people.CITIZEN_PHONE})
    answer = post(client, "sessions/phone/code", {"phone": people.CITIZEN_PHONE})
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60


def holds(account: Account, answer: str) -> bool | None:
    """What the room with the persons would say."""
    return answer == "123X"


def test_a_silent_account_opens_nothing_before_the_second_proof(client: Client, settings: Any) -> None:
    settings.SECOND_PROOF_CHECK = f"{__name__}.holds"
    account = people.citizen()
    Account.objects.filter(pk=account.pk).update(last_active_at=clock.now() - timedelta(days=200))
    session = begin(client)
    assert session["needs_second_proof"] is True
    token = session["session_token"]
    assert me(client, token).json()["code"] == "second_proof_needed"
    wrong = post(client, "sessions/second-proof", {"answer": "0000"}, **{"x-session-token": token})
    assert wrong.json()["code"] == "second_proof_wrong"
    right = post(client, "sessions/second-proof", {"answer": "123x"}, **{"x-session-token": token})
    assert right.status_code == 200
    assert me(client, token).status_code == 200
    forget_limits()
    Account.objects.filter(pk=account.pk).update(last_active_at=clock.now() - timedelta(days=200))
    assert begin(client, device=right.json()["device"])["needs_second_proof"] is False


def test_three_wrong_proofs_end_the_token(client: Client, settings: Any) -> None:
    settings.SECOND_PROOF_CHECK = f"{__name__}.holds"
    Account.objects.filter(pk=people.citizen().pk).update(last_active_at=clock.now() - timedelta(days=200))
    token = begin(client)["session_token"]
    answers = [
        post(client, "sessions/second-proof", {"answer": "0000"}, **{"x-session-token": token})
        for _ in range(4)
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 401]
    assert answers[2].json()["code"] == "second_proof_exhausted"


def test_preferences_are_kept(client: Client) -> None:
    token = begin(client)["session_token"]
    headers = {"x-session-token": token}
    body = {"language": "en", "care_mode": True}
    client.patch(f"{API}/me", body, content_type="application/json", headers=headers)
    found = me(client, token).json()
    assert (found["language"], found["care_mode"]) == ("en", True)


# --- WeChat, against the sandbox -------------------------------------------------------------


def weixin_user(sandbox: Sandbox, **about: Any) -> str:
    return str(sandbox.order("weixin/users", **about)["id"])


def vouched(sandbox: Sandbox) -> dict[str, str]:
    """What the mini-program sends for a WeChat user with the citizen's number."""
    user = weixin_user(sandbox, phone=people.CITIZEN_PHONE)
    return {
        "code": sandbox.weixin_code("mini", user=user),
        "phone_code": sandbox.weixin_code("phone", user=user),
    }


def test_the_mini_program_opens_an_account_and_finds_it_again(client: Client, sandbox: Sandbox) -> None:
    user = weixin_user(sandbox)
    first = post(client, "sessions/weixin", {"code": sandbox.weixin_code("mini", user=user)})
    assert first.status_code == 201, first.content
    again = post(client, "sessions/weixin", {"code": sandbox.weixin_code("mini", user=user)})
    assert again.json()["account_id"] == first.json()["account_id"]
    assert me(client, again.json()["session_token"]).json()["phone"] == ""


def test_a_login_code_works_once(client: Client, sandbox: Sandbox) -> None:
    code = sandbox.weixin_code("mini")
    post(client, "sessions/weixin", {"code": code})
    answer = post(client, "sessions/weixin", {"code": code})
    assert answer.status_code == 400
    assert answer.json()["code"] == "weixin_refused"


def test_when_wechat_is_down_the_answer_says_to_come_back(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault("weixin", "error")
    answer = post(client, "sessions/weixin", {"code": "any"})
    assert answer.status_code == 503
    assert answer.json()["code"] == "weixin_unavailable"


def test_a_wechat_that_hangs_is_asked_once_and_later_not_at_all(client: Client, sandbox: Sandbox) -> None:
    """One sign-in waits for one answer, whatever it would ask next; then the circuit opens."""
    body = vouched(sandbox)
    before = len(sandbox.show("requests"))
    sandbox.fault("weixin", "hang")
    answer = post(client, "sessions/weixin", body)
    assert (answer.status_code, answer.json()["code"]) == (503, "weixin_unavailable")
    assert len(sandbox.show("requests")) - before <= 1
    sandbox.fault("weixin", "outage")
    for _ in range(5):
        assert post(client, "sessions/weixin", body).status_code == 503
    sandbox.repair()
    before = len(sandbox.show("requests"))
    assert post(client, "sessions/weixin", body).json()["code"] == "weixin_unavailable"
    assert len(sandbox.show("requests")) == before


def test_the_vouched_number_leads_to_the_account_that_has_it(client: Client, sandbox: Sandbox) -> None:
    account = people.citizen()
    answer = post(client, "sessions/weixin", vouched(sandbox))
    assert answer.status_code == 201, answer.content
    assert answer.json()["account_id"] == account.public_id
    assert {method.kind for method in selectors.sign_in_methods(account)} == {"phone", "weixin_mini"}


def test_a_recycled_number_does_not_tie_its_new_owner_to_the_account(
    client: Client, sandbox: Sandbox, settings: Any
) -> None:
    settings.SECOND_PROOF_CHECK = f"{__name__}.holds"
    account = people.citizen()
    Account.objects.filter(pk=account.pk).update(last_active_at=clock.now() - timedelta(days=200))
    answer = post(client, "sessions/weixin", vouched(sandbox))
    assert answer.json()["needs_second_proof"] is True
    assert SignInMethod.objects.filter(account=account).count() == 1


def test_official_account_and_mini_program_meet_by_the_union_id(client: Client, sandbox: Sandbox) -> None:
    user = weixin_user(sandbox)
    mini = post(client, "sessions/weixin", {"code": sandbox.weixin_code("mini", user=user)})
    page = Client(headers={"user-agent": "MicroMessenger"})
    go_to_weixin(page, sandbox, user=user)
    assert page.get(f"{API}/me").json()["account_id"] == mini.json()["account_id"]


def go_to_weixin(page: Client, sandbox: Sandbox, *, state: str = "", user: str = "") -> Any:
    away = page.get("/sign-in/weixin/?next=/me/")
    assert away["Location"].startswith(f"{sandbox.url}/connect/oauth2/authorize?appid=")
    kept = page.session["weixin_state"]
    code = sandbox.weixin_code("oauth", user=user or weixin_user(sandbox), scope="snsapi_userinfo")
    return page.get("/sign-in/weixin/callback/", {"code": code, "state": state or kept})


def test_the_official_account_signs_in_and_leads_back(client: Client, sandbox: Sandbox) -> None:
    answer = go_to_weixin(client, sandbox)
    assert answer["Location"] == "/me/"
    assert client.get("/me/").status_code == 200
    assert NEEDS_PROOF not in client.session


def test_a_state_of_another_session_is_refused(client: Client, sandbox: Sandbox) -> None:
    answer = go_to_weixin(client, sandbox, state="of-somebody-else")
    assert answer.status_code == 400
    assert 'href="/sign-in/"' in answer.content.decode()
    assert not Account.objects.exists()


def test_a_state_works_once(client: Client, sandbox: Sandbox) -> None:
    client.get("/sign-in/weixin/")
    state = client.session["weixin_state"]

    def come_back() -> int:
        query = {"code": sandbox.weixin_code("oauth"), "state": state}
        return int(client.get("/sign-in/weixin/callback/", query).status_code)

    assert [come_back(), come_back()] == [302, 400]


def test_snapshot_mode_makes_no_account_and_explains_itself(client: Client, sandbox: Sandbox) -> None:
    answer = go_to_weixin(client, sandbox, user=weixin_user(sandbox, snapshot=True))
    assert answer.status_code == 403
    assert "使用完整服务" in answer.content.decode()
    assert not Account.objects.exists()


def test_a_code_reaches_the_phone(client: Client, sandbox: Sandbox) -> None:
    from foundation.accounts import sms
    from foundation.accounts.models import SmsDispatch

    post(client, "sessions/phone/code", {"phone": people.CITIZEN_PHONE})
    dispatch = SmsDispatch.objects.get()
    assert sms.send(dispatch.public_id) is True
    code = sandbox.sms_code(people.CITIZEN_PHONE)
    answer = post(client, "sessions/phone", {"phone": people.CITIZEN_PHONE, "code": code})
    assert answer.status_code == 201
    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.phone, dispatch.code) == ("sent", None, None)


def test_a_device_is_signed_out_from_another(client: Client) -> None:
    first = begin(client)["session_token"]
    forget_limits()
    second = begin(Client())["session_token"]
    phone = Client(headers={"x-session-token": second})
    listed = phone.get(f"{API}/sessions").json()["sessions"]
    assert [session["is_current"] for session in listed] == [True, False]
    assert first not in str(listed)
    assert phone.delete(f"{API}/sessions/{listed[1]['id']}").status_code == 204
    assert me(Client(), first).status_code == 401
    assert me(Client(), second).status_code == 200
    assert phone.delete(f"{API}/sessions/{listed[1]['id']}").status_code == 404


def test_nobody_ends_somebody_elses_session(client: Client) -> None:
    mine = begin(client)["session_token"]
    forget_limits()
    other = begin(Client(), people.STRANGER_PHONE)["session_token"]
    (listed,) = client.get(f"{API}/sessions", headers={"x-session-token": mine}).json()["sessions"]
    answer = client.delete(f"{API}/sessions/{listed['id']}", headers={"x-session-token": other})
    assert answer.status_code == 404
    assert me(Client(), mine).status_code == 200


def test_an_account_without_a_phone_takes_one(client: Client, sandbox: Sandbox) -> None:
    begun = post(client, "sessions/weixin", {"code": sandbox.weixin_code("mini")}).json()
    phone = Client(headers={"x-session-token": begun["session_token"]})
    assert post(phone, "me/phone/code", {"phone": people.CITIZEN_PHONE}).status_code == 202
    for code, status in (("000000", 400), (people.last_code(), 200), (people.last_code(), 400)):
        body = {"phone": people.CITIZEN_PHONE, "code": code}
        answer = phone.put(f"{API}/me/phone", body, content_type="application/json")
        assert answer.status_code == status, answer.content
    assert me(phone, begun["session_token"]).json()["phone"] == "139****0001"
