"""Consent: two questions, one version, never assumed."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from foundation.events.models import OutboxMessage
from identity import selectors, services
from identity.errors import NoticeExists, NoticeNotFound, NoticeOutdated
from identity.models import ConsentRecord
from identity.types import ConsentKind
from tests.accounts import people
from tests.identity.conftest import publish

pytestmark = pytest.mark.django_db

BOTH = [kind.value for kind in ConsentKind]
API = "/api/resident/v1/consents"


def give(account: Account, version: str, kinds: list[str] | None = None) -> None:
    services.record_consent(
        account_pk=account.pk,
        kinds=BOTH if kinds is None else kinds,
        version=version,
        channel="h5",
        actor=Actor.resident(account.public_id),
    )


def withdraw(account: Account, kind: str) -> None:
    services.withdraw_consent(account_pk=account.pk, kind=kind, actor=Actor.resident(account.public_id))


# Services


def test_both_consents_are_needed(citizen: Account, notice: str) -> None:
    assert selectors.needed_consents(citizen.pk) == list(ConsentKind)
    give(citizen, notice, ["privacy_notice"])
    assert not selectors.has_consented(citizen.pk)
    assert selectors.needed_consents(citizen.pk) == [ConsentKind.SENSITIVE_DATA]
    give(citizen, notice, ["sensitive_data"])
    assert selectors.has_consented(citizen.pk)


def test_consent_is_that_of_one_account(citizen: Account, stranger: Account, notice: str) -> None:
    give(citizen, notice)
    assert not selectors.has_consented(stranger.pk)


def test_what_is_kept_names_version_channel_and_time(citizen: Account, notice: str) -> None:
    give(citizen, notice)
    record = ConsentRecord.objects.get(account=citizen, kind="sensitive_data")
    assert (record.notice.version, record.channel, record.withdrawn_at) == (notice, "h5", None)
    assert clock.now() - record.given_at < timedelta(seconds=10)
    assert AuditEntry.objects.filter(action="consent.given").count() == 2


def test_a_second_click_keeps_one_record_and_one_audit_entry(citizen: Account, notice: str) -> None:
    give(citizen, notice)
    give(citizen, notice)
    assert ConsentRecord.objects.count() == 2
    assert AuditEntry.objects.filter(action="consent.given").count() == 2


def test_a_new_version_in_force_asks_anew_and_one_to_come_does_not(citizen: Account, notice: str) -> None:
    give(citizen, notice)
    publish("2099-01", in_days=30)
    assert selectors.has_consented(citizen.pk)
    with time_machine.travel(clock.now() + timedelta(days=31)):
        assert not selectors.has_consented(citizen.pk)
        with pytest.raises(NoticeOutdated):
            give(citizen, notice)
        give(citizen, "2099-01")
        assert selectors.has_consented(citizen.pk)


def test_withdrawn_consent_counts_no_longer_stays_on_record_and_can_be_given_again(
    citizen: Account, notice: str
) -> None:
    give(citizen, notice)
    withdraw(citizen, "sensitive_data")
    assert selectors.needed_consents(citizen.pk) == [ConsentKind.SENSITIVE_DATA]
    assert OutboxMessage.objects.get(topic="consent.withdrawn.v1").payload == {
        "account_id": citizen.public_id,
        "kind": "sensitive_data",
    }
    with pytest.raises(NotFound):
        withdraw(citizen, "sensitive_data")
    give(citizen, notice)
    assert selectors.has_consented(citizen.pk)
    assert ConsentRecord.objects.filter(kind="sensitive_data").count() == 2


def test_an_unknown_kind_is_refused(citizen: Account, notice: str) -> None:
    with pytest.raises(InvalidInput):
        give(citizen, notice, ["everything"])
    with pytest.raises(InvalidInput):
        withdraw(citizen, "everything")


def test_without_a_notice_nobody_has_consented(citizen: Account) -> None:
    assert not selectors.has_consented(citizen.pk)
    with pytest.raises(NoticeNotFound):
        selectors.notice_in_force()


def test_a_version_is_published_once(notice: str) -> None:
    with pytest.raises(NoticeExists):
        publish(notice)


def test_the_notice_is_read_in_the_language_of_the_reader(notice: str) -> None:
    with translation.override("en"):
        assert "Your rights" in selectors.notice_in_force().text
    with translation.override("zh-hans"):
        assert "您的权利" in selectors.notice_in_force().text


def test_a_notice_is_published_from_text_files(tmp_path: Path, citizen: Account) -> None:
    chinese, english = tmp_path / "zh.txt", tmp_path / "en.txt"
    chinese.write_text("隐私政策正文", "utf-8")
    english.write_text("Text of the notice", "utf-8")
    call_command("publish_notice", "2026-05", str(chinese), str(english), "--from", "2026-05-01")
    assert selectors.notice_in_force().version == "2026-05"
    with pytest.raises(CommandError, match="版本号"):
        call_command("publish_notice", "2026-05", str(chinese), str(english))
    with pytest.raises(CommandError):
        call_command("publish_notice", "2026-06", str(tmp_path / "none.txt"), str(english))


# Page


@pytest.fixture
def page(client: Client, citizen: Account) -> Client:
    return people.signed_in(client, citizen)


def ticked(version: str, *kinds: str, **more: str) -> dict[str, str]:
    return {"version": version, **dict.fromkeys(kinds, "on"), **more}


def test_a_visitor_is_led_to_the_sign_in_and_back(client: Client, notice: str) -> None:
    answer = client.get("/consent/?next=/card/apply/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=%2Fconsent%2F")


def test_the_page_shows_the_notice_and_two_boxes_that_are_not_ticked(page: Client, notice: str) -> None:
    content = page.get("/consent/").content.decode()
    assert "您的权利" in content
    assert content.count('type="checkbox"') == 2
    assert "checked" not in content
    assert f'name="version" value="{notice}"' in content
    assert content.count("<h1") == 1


@pytest.mark.parametrize("kinds", [(), ("privacy_notice",), ("sensitive_data",)])
def test_one_box_alone_is_not_enough_and_keeps_nothing(
    page: Client, citizen: Account, notice: str, kinds: tuple[str, ...]
) -> None:
    answer = page.post("/consent/", ticked(notice, *kinds))
    assert answer.status_code == 200
    assert "才能继续" in answer.content.decode()
    assert not ConsentRecord.objects.exists()


def test_both_boxes_lead_on_to_where_the_person_wanted_to_go(
    page: Client, citizen: Account, notice: str
) -> None:
    answer = page.post("/consent/", ticked(notice, *BOTH, next="/card/apply/certificate/"))
    assert (answer.status_code, answer["Location"]) == (302, "/card/apply/certificate/")
    assert selectors.has_consented(citizen.pk)


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_the_way_on_never_leads_elsewhere(page: Client, notice: str, target: str) -> None:
    answer = page.post("/consent/", ticked(notice, *BOTH, next=target))
    assert answer["Location"] == "/"


def test_an_outdated_page_shows_the_new_text_and_keeps_nothing(
    page: Client, citizen: Account, notice: str
) -> None:
    publish("2026-02")
    answer = page.post("/consent/", ticked(notice, *BOTH, next="/card/"))
    content = answer.content.decode()
    assert answer.status_code == 409
    assert "隐私政策已更新" in content
    assert 'name="version" value="2026-02"' in content
    assert 'name="next" value="/card/"' in content
    assert "checked" not in content
    assert not ConsentRecord.objects.exists()


# Resident API


def test_the_interface_gives_the_notice_and_takes_the_consent(page: Client, notice: str) -> None:
    before = page.get(API).json()
    assert (before["version"], before["needed"]) == (notice, BOTH)
    after = page.post(API, {"version": notice, "kinds": BOTH}, content_type="application/json")
    assert (after.status_code, after.json()["needed"]) == (200, [])
    withdrawn = page.post(f"{API}/withdrawals", {"kind": "privacy_notice"}, content_type="application/json")
    assert withdrawn.json()["needed"] == ["privacy_notice"]


def test_the_interface_refuses_an_outdated_version(page: Client, notice: str) -> None:
    publish("2026-02")
    answer = page.post(API, {"version": notice, "kinds": BOTH}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "notice_outdated")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": "2026-01"},
        {"version": "2026-01", "kinds": []},
        {"version": "2026-01", "kinds": ["all"]},
    ],
)
def test_the_interface_says_what_is_wrong_with_a_body(
    page: Client, notice: str, body: dict[str, object]
) -> None:
    answer = page.post(API, body, content_type="application/json")
    assert answer.status_code == 400
    assert not ConsentRecord.objects.exists()


def test_the_interface_is_for_residents_who_are_signed_in(client: Client, notice: str) -> None:
    assert client.get(API).status_code == 401
    people.signed_in_staff(client, people.with_totp(people.staff()))
    assert client.get(API).status_code == 403
