"""Staff sign in by password and second factor, and by nothing else."""

import time
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from foundation.accounts import demo, services
from foundation.accounts.access import has_second_factor
from foundation.accounts.backends import StaffPasswordBackend
from foundation.accounts.errors import UsernameTaken, WeakPassword
from foundation.accounts.middleware import ActivityMiddleware
from foundation.accounts.models import Account, AccountKind
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import PermissionRefused
from tests.accounts import people

pytestmark = pytest.mark.django_db


def totp(secret: str = people.TOTP_SECRET) -> str:
    cache.clear()  # a code is used once; the tests sign in more often than every 30 s
    left = 30 - time.time() % 30
    if left < 10:
        time.sleep(left + 0.1)  # it is still this half minute when the code is read
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def give_password(client: Client, password: str = people.PASSWORD, **fields: str) -> str:
    answer = client.post("/staff/sign-in/", {"login": "clerk", "password": password, **fields})
    return str(answer.get("Location", ""))


def is_fully_in(client: Client) -> bool:
    return has_second_factor(client.get("/staff/second-factor/").wsgi_request)


def test_password_and_code_open_a_session(client: Client) -> None:
    people.with_totp(people.staff())
    assert give_password(client) == "/staff/second-factor/check/"
    assert not client.get("/staff/sign-in/").wsgi_request.user.is_authenticated
    answer = client.post("/staff/second-factor/check/", {"code": totp()})
    assert answer["Location"] == "/staff/"
    assert client.get("/staff/")["Location"] == "/admin/"
    assert is_fully_in(client)
    entry = AuditEntry.objects.get(action="account.signed_in")
    assert entry.details["state"] == "complete"


def test_a_wrong_code_opens_nothing(client: Client) -> None:
    people.with_totp(people.staff())
    give_password(client)
    page = client.post("/staff/second-factor/check/", {"code": "000000"})
    assert "验证码不正确" in page.content.decode()
    assert client.get("/staff/second-factor/").status_code == 302


def test_without_a_second_factor_staff_are_led_to_add_one_first(client: Client) -> None:
    people.staff()
    assert give_password(client, next="/admin/") == "/staff/second-factor/"
    assert not is_fully_in(client)
    assert "请先设置第二步验证" in client.get("/staff/second-factor/").content.decode()


def test_adding_an_authenticator_counts_as_giving_it_and_shows_recovery_codes(client: Client) -> None:
    people.staff()
    give_password(client)
    page = client.get("/staff/second-factor/totp/add/")
    assert page.status_code == 200
    secret = client.session["mfa.totp.secret"]
    answer = client.post("/staff/second-factor/totp/add/", {"code": totp(secret)})
    assert answer["Location"] == "/staff/second-factor/recovery-codes/"
    assert is_fully_in(client)
    assert client.get("/staff/second-factor/recovery-codes/").status_code == 200
    assert AuditEntry.objects.filter(action="account.second_factor_added").count() == 1


def test_the_secret_of_an_authenticator_is_stored_encrypted() -> None:
    people.with_totp(people.staff())
    for stored in Authenticator.objects.values_list("data", flat=True):
        assert people.TOTP_SECRET not in str(stored)


def test_a_recovery_code_works_in_place_of_the_authenticator(client: Client) -> None:
    people.with_totp(people.staff())
    recovery = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap()
    give_password(client)
    code = recovery.get_unused_codes()[0]
    assert client.post("/staff/second-factor/check/", {"code": code})["Location"] == "/staff/"


def test_the_last_second_factor_cannot_be_removed(client: Client) -> None:
    people.with_totp(people.staff())
    give_password(client)
    client.post("/staff/second-factor/check/", {"code": totp()})
    confirm = client.get("/staff/second-factor/totp/remove/")
    client.post(confirm["Location"], {"password": people.PASSWORD})
    page = client.post("/staff/second-factor/totp/remove/")
    assert "至少要保留一种第二步验证" in page.content.decode()
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


@pytest.mark.parametrize(("name", "password"), [("clerk", "wrong-password"), ("nobody", people.PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    client: Client, name: str, password: str
) -> None:
    people.staff()
    page = client.post("/staff/sign-in/", {"login": name, "password": password}).content.decode()
    assert "用户名或密码不正确" in page
    entry = AuditEntry.objects.get(action="account.sign_in_refused")
    assert name not in str(vars(entry))


class CountingHasher(PBKDF2PasswordHasher):
    """Counts the rounds that are turned, which is what a guesser's stopwatch would measure."""

    rounds = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        CountingHasher.rounds += iterations or self.iterations
        return super().encode(password, salt, iterations)


def test_an_unknown_name_costs_a_password_hash_too(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    people.staff()
    backend, request = StaffPasswordBackend(), RequestFactory().post("/")

    def rounds(name: str) -> int:
        before = CountingHasher.rounds
        assert backend.authenticate(request, username=name, password="wrong-password") is None
        return CountingHasher.rounds - before

    assert rounds("clerk") == rounds("nobody") > 100_000


def test_a_resident_cannot_sign_in_by_password_even_with_one(client: Client) -> None:
    account = people.citizen()
    account.set_password(people.PASSWORD)
    account.save()
    request = RequestFactory().post("/")
    assert StaffPasswordBackend().authenticate(request, username="", password=people.PASSWORD) is None
    assert (
        "用户名或密码不正确"
        in client.post(
            "/staff/sign-in/", {"login": account.public_id, "password": people.PASSWORD}
        ).content.decode()
    )


def test_residents_are_refused_on_staff_pages(client: Client) -> None:
    people.signed_in(client, people.citizen())
    for page in ("/staff/", "/staff/second-factor/", "/staff/password/", "/staff/second-factor/totp/add/"):
        assert client.get(page).status_code == 403, page


def test_strangers_are_led_to_the_staff_sign_in(client: Client) -> None:
    for page in ("/staff/", "/staff/second-factor/", "/staff/password/", "/staff/second-factor/totp/add/"):
        assert client.get(page)["Location"].startswith("/staff/sign-in/?next="), page


def test_nobody_can_sign_up_or_reset_a_password_by_mail(client: Client) -> None:
    for page in ("/staff/signup/", "/staff/sign-up/", "/staff/email/", "/staff/password/reset/"):
        assert client.get(page).status_code == 404, page


def test_a_suspended_member_of_staff_is_out(client: Client) -> None:
    account = people.with_totp(people.staff())
    people.signed_in_staff(client, account)
    services.suspend_account(account=account, actor=Actor.system("tests"), reason="测试")
    assert client.get("/staff/second-factor/")["Location"].startswith("/staff/sign-in/")
    assert (
        "用户名或密码不正确"
        in client.post("/staff/sign-in/", {"login": "clerk", "password": people.PASSWORD}).content.decode()
    )


def test_signing_out_is_recorded(client: Client) -> None:
    people.signed_in_staff(client, people.staff())
    assert client.post("/staff/sign-out/")["Location"] == "/staff/sign-in/"
    assert AuditEntry.objects.filter(action="account.signed_out", actor_kind="staff").count() == 1


def test_changing_the_password_ends_the_other_sessions(client: Client) -> None:
    account = people.staff()
    people.signed_in_staff(client, account)
    other = people.signed_in_staff(Client(), account)
    new = "another-long-password"
    client.post("/staff/password/", {"oldpassword": people.PASSWORD, "password1": new, "password2": new})
    account.refresh_from_db()
    assert account.check_password(new)
    assert client.get("/staff/second-factor/").status_code == 200
    assert other.get("/staff/second-factor/").status_code == 302


def test_after_many_failures_even_the_right_password_waits(client: Client) -> None:
    people.staff()
    for _ in range(5):
        give_password(client, "wrong-password")
    page = client.post("/staff/sign-in/", {"login": "clerk", "password": people.PASSWORD}).content.decode()
    assert "失败次数过多" in page


@pytest.mark.parametrize("password", ["short", "password1234"])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        services.create_staff(username="clerk", password=password, actor=Actor.system("tests"))
    assert not Account.objects.exists()


def test_a_user_name_is_given_once() -> None:
    people.staff()
    with pytest.raises(UsernameTaken):
        people.staff()


@pytest.mark.parametrize(
    ("kind", "username"),
    [(AccountKind.STAFF, None), (AccountKind.STAFF, ""), (AccountKind.RESIDENT, "resident")],
)
def test_the_database_keeps_residents_and_staff_apart(kind: AccountKind, username: str | None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(kind=kind, username=username)


def test_demo_staff_sign_in_with_the_secret_that_is_told(client: Client) -> None:
    for _ in range(2):
        demo.ensure_staff(username="clerk", password=people.PASSWORD, totp_secret=people.TOTP_SECRET)
    assert Account.objects.count() == 1
    give_password(client)
    assert client.post("/staff/second-factor/check/", {"code": totp()})["Location"] == "/staff/"


def test_demo_staff_exist_only_in_a_demo(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(PermissionRefused):
        demo.ensure_staff(username="clerk", password=people.PASSWORD, totp_secret=people.TOTP_SECRET)
    assert not Account.objects.exists()


def test_a_session_of_staff_ends_after_half_an_hour_of_rest(client: Client) -> None:
    people.signed_in_staff(client, people.with_totp(people.staff()))
    began = clock.now()
    for minutes in (0, 29, 57):
        with time_machine.travel(began + timedelta(minutes=minutes)):
            assert client.get("/staff/second-factor/").status_code == 200
    with time_machine.travel(began + timedelta(minutes=88)):
        assert client.get("/staff/second-factor/")["Location"].startswith("/staff/sign-in/")
    assert AuditEntry.objects.filter(action="account.signed_out").count() == 1
    # Coming back to the clock of before brings nothing back.
    assert client.get("/staff/second-factor/").status_code == 302


def test_noting_that_a_session_is_used_takes_back_nothing_that_was_written_beside_it(client: Client) -> None:
    people.signed_in_staff(client, people.with_totp(people.staff()))
    assert client.get("/staff/second-factor/").status_code == 200
    key = client.session.session_key or ""

    def written_beside(request: HttpRequest) -> HttpResponse:
        assert request.user.is_authenticated
        other = SessionStore(session_key=key)
        other["window_children"] = {"child": "mother"}
        other.save()
        return HttpResponse()

    request = RequestFactory().get("/window/")
    request.COOKIES = {settings.SESSION_COOKIE_NAME: key}
    with time_machine.travel(clock.now() + timedelta(minutes=20)):
        SessionMiddleware(AuthenticationMiddleware(ActivityMiddleware(written_beside)))(request)
    assert SessionStore(session_key=key)["window_children"] == {"child": "mother"}


def test_a_session_of_staff_ends_after_eight_hours_of_work(client: Client) -> None:
    people.signed_in_staff(client, people.with_totp(people.staff()))
    began = clock.now()
    for minutes in range(0, 8 * 60, 20):
        with time_machine.travel(began + timedelta(minutes=minutes)):
            assert client.get("/staff/second-factor/").status_code == 200
    with time_machine.travel(began + timedelta(hours=8, seconds=2)):
        assert client.get("/staff/second-factor/")["Location"].startswith("/staff/sign-in/")


def test_a_session_of_a_resident_lasts_a_month(client: Client) -> None:
    people.signed_in(client, people.citizen())
    assert client.get("/me/").status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=29)):
        assert client.get("/me/").status_code == 200


def test_a_new_sign_in_of_staff_begins_a_new_session(client: Client) -> None:
    people.with_totp(people.staff())
    began = clock.now()
    for hours in (0, 9):
        with time_machine.travel(began + timedelta(hours=hours)):
            give_password(client)
            client.post("/staff/second-factor/check/", {"code": totp()})
            assert is_fully_in(client)
