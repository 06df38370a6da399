"""An institution applies on the public pages."""

import pytest
from django.db import connection
from django.test import Client

from foundation.accounts.models import SmsDispatch
from foundation.audit.models import AuditEntry
from foundation.core import redis
from institutions.models import Institution
from onboarding.models import Document, Joining
from onboarding.rules import JoiningState
from tests.accounts.people import last_code
from tests.institutions import people
from tests.onboarding import applying
from tests.onboarding.applying import PDF, PHONE, PNG, answer, answers, fill_in, hand_in, prove, upload

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-07")]


@pytest.fixture(autouse=True)
def place() -> None:
    people.region()


def next_minute() -> None:
    """Let the pause between two codes pass."""
    for key in redis.client().scan_iter(redis.key("limit", "code:*:minute")):
        redis.client().delete(key)


def test_an_institution_applies_and_gets_a_reference(client: Client) -> None:
    joining = hand_in(client)
    assert joining.state == JoiningState.SUBMITTED
    assert joining.contact_phone == PHONE
    assert joining.terms_version
    page = client.get("/join/mine/").content.decode()
    assert joining.reference in page
    assert "待审核" in page
    # Nothing of it is an institution before somebody has decided.
    assert not Institution.objects.filter(is_sandbox=False).exists()


@pytest.mark.parametrize(
    ("word", "data", "sentence"),
    [
        ("number", {"uscc": applying.uscc()[:-1] + "0", "code": "1"}, "最后一位校验不通过"),
        ("number", {"uscc": "", "code": "1"}, "请填写这一项"),
        ("kind", {"level": "77", "category": "A100"}, "77"),
    ],
)
def test_a_wrong_answer_is_told_where_it_stands(
    client: Client, word: str, data: dict[str, str], sentence: str
) -> None:
    prove(client)
    wrong = answer(client, word, data)
    assert wrong.status_code == 422
    assert sentence in wrong.content.decode()


def test_nothing_is_handed_in_while_a_document_or_the_consent_is_missing(client: Client) -> None:
    fill_in(client)
    without = answer(client, "check", {})
    assert "还没有同意接入协议" in without.content.decode()
    Document.objects.filter(kind="licence").update(is_current=False)
    assert client.get("/join/check/edit/")["Location"] == "/join/documents/edit/"
    assert Joining.objects.get().state == JoiningState.DRAFT


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "没有收到文件"),
        (b"MZ\x90\x00 a program called scan.pdf", "不是 PDF、JPG 或 PNG"),
        (b"<html><script>alert(1)</script></html>", "不是 PDF、JPG 或 PNG"),
        (PNG[:-4], "不是 PDF、JPG 或 PNG"),
        (PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(x)>>"), "带有脚本或附件"),
        (PDF[:-6] + b" " * (5 * 1024 * 1024) + b"%%EOF\n", "文件超过 5 MB"),
    ],
)
def test_a_file_is_judged_by_its_content(client: Client, content: bytes, sentence: str) -> None:
    prove(client)
    refused = client.post("/join/document/licence/", {"file": upload(content)})
    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    assert not Document.objects.exists()


def test_an_upload_needs_the_token_of_the_form() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/join/document/licence/", {"file": upload(PDF)}).status_code == 403


def test_contact_and_documents_lie_encrypted_under_the_applications_own_key(client: Client) -> None:
    fill_in(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM onboarding_document")
        rows = [bytes(row[0]) for row in cursor.fetchall()]
        cursor.execute("SELECT contact_name, contact_phone FROM onboarding_joining")
        name, phone = (bytes(value) for value in cursor.fetchone())
    assert rows
    assert not any(b"Catalog" in row for row in rows)
    assert "示范".encode() not in name
    assert PHONE.encode() not in phone
    assert Document.objects.get(kind="stamped_form").content == PDF


def test_the_page_of_documents_says_what_is_there_and_what_is_missing(client: Client) -> None:
    prove(client)
    page = client.get("/join/documents/edit/").content.decode()
    assert page.count("待上传") == 2
    client.post("/join/document/licence/", {"file": upload(PDF)})
    page = client.get("/join/documents/edit/").content.decode()
    assert page.count("待上传") == page.count("已上传") == 1


def test_a_replaced_document_stays_as_evidence(client: Client) -> None:
    fill_in(client)
    client.post("/join/document/licence/", {"file": upload(PNG)})
    kept = Document.objects.filter(kind="licence")
    assert kept.count() == 2
    assert kept.get(is_current=True).media_type == "image/png"


def test_another_browser_comes_back_with_reference_and_phone(client: Client) -> None:
    joining = hand_in(client)
    next_minute()
    elsewhere = Client()
    assert elsewhere.get("/join/mine/")["Location"] == "/join/"
    assert applying.come_back(elsewhere, joining.reference.lower())["Location"] == "/join/mine/"
    assert joining.name in elsewhere.get("/join/mine/").content.decode()


def test_a_stranger_learns_nothing_from_looking_up(client: Client) -> None:
    joining = hand_in(client)
    answers_seen = []
    for reference in (joining.reference, "0123456789"):
        next_minute()
        stranger = Client()
        before = SmsDispatch.objects.count()
        asked = stranger.post("/join/status/", {"reference": reference, "phone": "13900000999"})
        assert asked["Location"] == "/join/code/"
        assert SmsDispatch.objects.count() == before + 1
        refused = stranger.post("/join/code/", {"code": last_code()})
        answers_seen.append((refused.status_code, "受理编号和手机号对不上" in refused.content.decode()))
        assert stranger.get("/join/mine/").status_code == 302
    assert answers_seen == [(422, True), (422, True)]
    assert AuditEntry.objects.filter(action="joining.phone_refused").count() == 2


def test_codes_are_limited(client: Client) -> None:
    assert client.post("/join/phone/", {"phone": PHONE}).status_code == 302
    again = client.post("/join/phone/", {"phone": PHONE})
    assert again.status_code == 422
    assert "操作太频繁" in again.content.decode()


def test_the_proof_of_the_phone_ends_after_two_hours(client: Client) -> None:
    fill_in(client)
    session = client.session
    session["joining_proven"] = [session["joining_proven"][0], 0]
    session.save()
    assert client.get("/join/mine/")["Location"] == "/join/"


def test_a_stale_page_overwrites_nothing(client: Client) -> None:
    prove(client)
    old = applying.version(client, "name")
    answer(client, "name", answers()["name"])
    late = client.post("/join/name/edit/", {"version": old, "name": "另一个名字", "short_name": "另一个"})
    assert late.status_code == 422
    assert Joining.objects.get().name == answers()["name"]["name"]


def test_what_was_handed_in_cannot_be_changed(client: Client) -> None:
    joining = hand_in(client)
    assert client.get("/join/name/edit/")["Location"] == "/join/mine/"
    late = client.post("/join/document/licence/", {"file": upload(PNG)})
    assert late["Location"] == "/join/mine/"
    assert joining.documents.filter(is_current=True, media_type="image/png").count() == 0


def test_test_credentials_come_at_once_and_are_marked(client: Client) -> None:
    joining = hand_in(client)
    page = client.post("/join/sandbox/")
    assert "no-store" in page.headers["Cache-Control"]
    joining.refresh_from_db()
    assert joining.sandbox_client in page.content.decode()
    place = Institution.objects.get(is_sandbox=True)
    assert place.code == f"TEST-{joining.reference}"
    assert "重新生成联调凭据" in client.get("/join/mine/").content.decode()


def test_no_test_credentials_where_real_people_are_served(client: Client, settings: object) -> None:
    hand_in(client)
    settings.DEMO = False  # type: ignore[attr-defined]
    assert client.post("/join/sandbox/").status_code == 409
    assert "取得联调凭据" not in client.get("/join/mine/").content.decode()
    assert not Institution.objects.exists()


def test_a_number_that_grows_in_its_normal_form_is_refused(client: Client) -> None:
    prove(client)
    wrong = answer(client, "number", {"uscc": applying.uscc(), "code": "\ufdfa" * 5})
    assert wrong.status_code == 422
    assert Joining.objects.get().code == ""


def test_a_length_that_is_no_number_is_no_file(client: Client) -> None:
    prove(client)
    assert client.post("/join/document/licence/", CONTENT_LENGTH="x").status_code == 422
