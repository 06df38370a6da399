"""Residents sign in and out on pages."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from foundation.accounts import selectors
from foundation.accounts.devices import COOKIE
from foundation.accounts.models import Account, KnownDevice, SignInMethod, SmsDispatch
from foundation.accounts.sessions import NEEDS_PROOF
from foundation.audit.models import AuditEntry
from foundation.core import clock, redis
from tests.accounts import people

pytestmark = [pytest.mark.django_db, pytest.mark.row("ID-01")]

HOLDER_ANSWER = "123X"


def holds(account: Account, answer: str) -> bool | None:
    """What the room with the persons would say of an account that holds a card."""
    return answer == HOLDER_ANSWER


def holds_nobody(account: Account, answer: str) -> bool | None:
    """The same of an account without one."""
    return None


def ask(client: Client, phone: str = people.CITIZEN_PHONE, **fields: str) -> None:
    answer = client.post("/sign-in/", {"phone": phone, **fields})
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == "/sign-in/code/"


def sign_in(client: Client, phone: str = people.CITIZEN_PHONE, **fields: str) -> str:
    ask(client, phone, **fields)
    answer = client.post("/sign-in/code/", {"code": people.last_code()})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def silent_account() -> Account:
    account = people.citizen()
    Account.objects.filter(pk=account.pk).update(last_active_at=clock.now() - timedelta(days=200))
    return account


def forget_limits() -> None:
    for key in redis.client().scan_iter(redis.key("limit", "*")):
        redis.client().delete(key)


def test_the_first_sign_in_opens_an_account_and_the_second_finds_it(client: Client) -> None:
    assert sign_in(client) == "/"
    assert client.get("/me/").status_code == 200
    forget_limits()
    assert sign_in(Client()) == "/"
    assert Account.objects.count() == 1


def test_signing_in_leads_back_to_the_page_that_was_asked_for(client: Client) -> None:
    answer = client.get("/me/")
    assert answer["Location"] == "/sign-in/?next=%2Fme%2F"
    assert sign_in(client, next="/me/") == "/me/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(client: Client, target: str) -> None:
    assert sign_in(client, next=target) == "/"


def test_a_wrong_code_says_so_beside_the_field_and_keeps_the_page(client: Client) -> None:
    ask(client)
    wrong = f"{(int(people.last_code()) + 1) % 1_000_000:06d}"
    answer = client.post("/sign-in/code/", {"code": wrong})
    assert answer.status_code == 200
    assert "验证码不正确或已失效" in answer.content.decode()
    assert not client.get("/").wsgi_request.user.is_authenticated
    assert AuditEntry.objects.filter(action="account.sign_in_refused").count() == 1


def test_what_is_no_number_is_refused_with_the_way_to_mend_it(client: Client) -> None:
    answer = client.post("/sign-in/", {"phone": "12345"})
    assert "这不是有效的手机号" in answer.content.decode()
    assert "12345" in answer.content.decode()
    assert not SmsDispatch.objects.exists()


def test_the_answer_is_the_same_whether_or_not_the_number_has_an_account(client: Client) -> None:
    people.citizen()
    known, unknown = Client(), Client()
    ask(known, people.CITIZEN_PHONE)
    ask(unknown, people.STRANGER_PHONE)
    pages = [
        one.get("/sign-in/code/").content.decode().split("<main")[1].split("</main>")[0].replace(shown, "")
        for one, shown in ((known, "139****0001"), (unknown, "139****0002"))
    ]
    assert strip_tokens(pages[0]) == strip_tokens(pages[1])


def strip_tokens(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_the_number_rests_in_the_session_only_encrypted(client: Client) -> None:
    ask(client)
    assert people.CITIZEN_PHONE not in str(dict(client.session))


def test_a_second_click_on_the_code_lands_where_the_first_did(client: Client) -> None:
    ask(client, next="/me/")
    code = people.last_code()
    client.post("/sign-in/code/", {"code": code})
    again = client.post("/sign-in/code/", {"code": code})
    assert again.status_code == 302


def test_another_code_can_be_sent_after_a_minute_and_not_before(client: Client) -> None:
    ask(client)
    assert client.post("/sign-in/code/again/").status_code == 429
    forget_limits()
    assert client.post("/sign-in/code/again/")["Location"] == "/sign-in/code/"
    assert SmsDispatch.objects.count() == 2


def test_the_session_key_changes_with_the_sign_in(client: Client) -> None:
    ask(client)
    before = client.session.session_key
    client.post("/sign-in/code/", {"code": people.last_code()})
    assert client.session.session_key != before


def test_signing_out_ends_the_session_and_needs_a_post(client: Client) -> None:
    people.signed_in(client, people.citizen())
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/"
    assert client.get("/me/").status_code == 302
    assert AuditEntry.objects.filter(action="account.signed_out").count() == 1


def test_signing_out_without_the_token_of_the_page_is_refused() -> None:
    client = people.signed_in(Client(enforce_csrf_checks=True), people.citizen())
    assert client.post("/sign-out/").status_code == 403
    assert client.get("/me/").status_code == 200


def test_the_own_page_shows_the_number_masked(client: Client) -> None:
    people.signed_in(client, people.citizen())
    page = client.get("/me/").content.decode()
    assert "139****0001" in page
    assert people.CITIZEN_PHONE not in page


def test_a_session_on_another_device_can_be_ended(client: Client) -> None:
    sign_in(client)
    forget_limits()
    other = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) MicroMessenger/8.0"})
    sign_in(other)
    account = Account.objects.get()
    (theirs,) = (one for one in selectors.open_sessions(account, current="") if "iPhone" in one.device)
    assert "iPhone · 微信" in client.get("/me/").content.decode()
    assert client.post(f"/me/sessions/{theirs.id}/end/").status_code == 302
    assert other.get("/me/").status_code == 302
    assert client.get("/me/").status_code == 200


def test_a_stranger_cannot_end_my_session(client: Client) -> None:
    sign_in(client)
    (mine,) = selectors.open_sessions(Account.objects.get(), current="")
    other = people.signed_in(Client(), people.stranger())
    assert other.post(f"/me/sessions/{mine.id}/end/").status_code == 404
    assert client.get("/me/").status_code == 200


def test_a_suspended_account_is_signed_out_and_stays_out(client: Client) -> None:
    from foundation.accounts import services
    from foundation.core.actor import Actor

    sign_in(client)
    services.suspend_account(account=Account.objects.get(), actor=Actor.system("tests"), reason="测试")
    assert client.get("/me/").status_code == 302
    forget_limits()
    ask(client)
    answer = client.post("/sign-in/code/", {"code": people.last_code()})
    assert "此账户已停用" in answer.content.decode()


def test_staff_are_refused_on_residents_pages(client: Client) -> None:
    people.signed_in_staff(client, people.staff())
    answer = client.get("/me/")
    assert answer.status_code == 403
    assert "工作人员账户不能办理居民业务" in answer.content.decode()


def test_a_silent_account_on_a_new_device_asks_for_a_second_proof(client: Client, settings: Settings) -> None:
    settings.SECOND_PROOF_CHECK = f"{__name__}.holds"
    silent_account()
    assert sign_in(client, next="/me/") == "/sign-in/proof/?next=%2Fme%2F"
    assert client.get("/me/")["Location"] == "/sign-in/proof/?next=%2Fme%2F"
    assert client.get("/messages/")["Location"].startswith("/sign-in/proof/")
    assert not KnownDevice.objects.exists()
    answer = client.post("/sign-in/proof/", {"answer": "123x", "next": "/me/"})
    assert answer["Location"] == "/me/"
    assert client.get("/me/").status_code == 200
    assert KnownDevice.objects.count() == 1
    assert AuditEntry.objects.filter(action="account.second_proof_given").count() == 1


def test_a_session_without_the_second_proof_is_nobodys(client: Client, settings: Settings) -> None:
    settings.SECOND_PROOF_CHECK = f"{__name__}.holds"
    silent_account()
    sign_in(client)
    assert client.session[NEEDS_PROOF]
    assert client.get("/live/changes").status_code == 403
    assert client.post("/live/ticket").status_code == 403
    assert client.get("/api/resident/v1/me").status_code == 403
    assert "登录或注册" in client.get("/").content.decode()
    assert client.get("/sign-in/")["Location"].startswith("/sign-in/proof/")


def test_three_wrong_answers_end_the_session_and_point_to_the_window(
    client: Client, settings: Settings
) -> None:
    settings.SECOND_PROOF_CHECK = f"{__name__}.holds"
    silent_account()
    sign_in(client)
    for _ in range(2):
        page = client.post("/sign-in/proof/", {"answer": "0000"})
        assert "与登记的证件不符" in page.content.decode()
    last = client.post("/sign-in/proof/", {"answer": "0000"})
    assert last.status_code == 403
    assert "窗口" in last.content.decode()
    forget_limits_but_proof()
    sign_in(client)
    # The count is the account's, not the session's: signing in again gives no new tries.
    again = client.post("/sign-in/proof/", {"answer": HOLDER_ANSWER})
    assert again.status_code == 403
    assert not Account.objects.get().known_devices.exists()


def forget_limits_but_proof() -> None:
    for key in redis.client().scan_iter(redis.key("limit", "code*")):
        redis.client().delete(key)


def test_a_known_device_is_not_asked(client: Client, settings: Settings) -> None:
    settings.SECOND_PROOF_CHECK = f"{__name__}.holds"
    sign_in(client)
    assert client.cookies[COOKIE]["httponly"]
    client.post("/sign-out/")
    silent_account()
    forget_limits()
    assert sign_in(client) == "/"


def test_an_account_that_holds_nobody_is_not_asked(client: Client, settings: Settings) -> None:
    settings.SECOND_PROOF_CHECK = f"{__name__}.holds_nobody"
    silent_account()
    assert sign_in(client) == "/"


def test_an_account_in_use_is_not_asked_on_a_new_device(client: Client, settings: Settings) -> None:
    settings.SECOND_PROOF_CHECK = f"{__name__}.holds"
    sign_in(client)
    forget_limits()
    assert sign_in(Client()) == "/"


def test_an_account_without_a_number_can_add_one(client: Client) -> None:
    from foundation.accounts import enrolment
    from foundation.accounts.models import MethodKind

    account = enrolment.find_or_open([(MethodKind.WEIXIN_MINI, "o-invented")])
    people.signed_in(client, account)
    assert client.post("/me/phone/", {"phone": people.CITIZEN_PHONE})["Location"] == "/me/phone/code/"
    assert client.post("/me/phone/code/", {"code": people.last_code()})["Location"] == "/me/"
    assert selectors.phone_of(account) == people.CITIZEN_PHONE


def test_a_number_of_another_account_is_not_taken_over(client: Client) -> None:
    from foundation.accounts import enrolment
    from foundation.accounts.models import MethodKind

    people.citizen()
    account = enrolment.find_or_open([(MethodKind.WEIXIN_MINI, "o-invented")])
    people.signed_in(client, account)
    client.post("/me/phone/", {"phone": people.CITIZEN_PHONE})
    page = client.post("/me/phone/code/", {"code": people.last_code()}).content.decode()
    assert "此手机号已用于另一个账户" in page
    assert SignInMethod.objects.filter(account=account).count() == 1


def test_the_code_is_handed_to_the_worker_after_the_commit(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        ask(client)
    assert len(callbacks) == 1
