"""What staff do on the two sites."""

import re
from typing import Any

import pytest
from django.test import Client

from foundation.accounts.models import Account
from foundation.accounts.sessions import BACKEND
from foundation.audit.models import AuditEntry
from foundation.gateway.derived import national_app_secret
from foundation.gateway.models import ApiClient, ClientKey
from institutions import admin_base
from institutions.models import Institution, Terminal
from institutions.rules import Role
from tests.accounts import people as account_people
from tests.gateway.signing import Signer
from tests.gateway.test_authenticate import call
from tests.institutions import people

pytestmark = pytest.mark.django_db

REASON = "按工单 2026-11-20 办理"


@pytest.fixture
def place() -> str:
    return people.hospital()


@pytest.fixture
def centre(client: Client) -> Client:
    return people.at_work(client, people.staff(Role.CENTRE_ADMIN, username="centre"))


def submit(client: Client, address: str, /, **data: Any) -> Any:
    """Send the form of a page as a browser does, with what the page put into it."""
    page = client.get(address)
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.content.decode())
    assert ticket, page.content.decode()[:500]
    return client.post(address, {"ticket": ticket[1], "reason": REASON, **data})


# The way in


@pytest.mark.parametrize("site", ["admin", "institution"])
def test_whoever_is_not_signed_in_is_led_to_the_staffs_sign_in(client: Client, site: str) -> None:
    answer = client.get(f"/{site}/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/staff/sign-in/?next=%2F{site}%2F"


def test_a_password_alone_is_not_enough(client: Client) -> None:
    account = people.staff(Role.CENTRE_ADMIN)
    client.force_login(account, backend=BACKEND)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/staff/second-factor/confirm/")
    assert "医疗机构" not in answer.content.decode()


def test_a_resident_is_refused(client: Client) -> None:
    account_people.signed_in(client, account_people.citizen())
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "没有可用的职责" in answer.content.decode()


def test_staff_without_a_task_are_refused(client: Client) -> None:
    people.at_work(client, account_people.with_totp(account_people.staff()))
    assert client.get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize(
    ("role", "own", "other"),
    [(Role.AUDITOR, "/admin/", "/institution/"), (Role.WINDOW_CLERK, "/institution/", "/admin/")],
)
def test_staff_are_led_to_their_own_site(
    client: Client, place: str, role: Role, own: str, other: str
) -> None:
    at = place if role == Role.WINDOW_CLERK else ""
    people.at_work(client, people.staff(role, at))
    assert client.get(own).status_code == 200
    assert client.get(other, follow=True).redirect_chain[-1][0] == own


def test_the_way_in_leads_nowhere_else(client: Client, centre: Client) -> None:
    answer = client.get("/admin/login/?next=https://example.org/")
    assert answer["Location"] == "/admin/"


def test_a_task_that_ends_shuts_the_door(client: Client) -> None:
    account = people.staff(Role.REVIEWER)
    people.at_work(client, account)
    assert client.get("/admin/").status_code == 200
    account.is_active = False
    account.save()
    assert client.get("/admin/").status_code == 302


def test_staff_read_chinese_whatever_their_browser_prefers(centre: Client, place: str) -> None:
    address = f"/admin/institutions/institution/{place}/change/"
    page = centre.get(address, headers={"Accept-Language": "en"}).content.decode()
    assert "查看" in page
    assert "Public id" not in page
    assert "View" not in page


# Institutions


def test_an_institution_is_registered_and_approved(centre: Client) -> None:
    people.region()
    details = people.details()
    fields = ("code", "name", "short_name", "region", "level", "category", "uscc")
    data = {field: getattr(details, field) for field in fields}
    answer = submit(centre, "/admin/institutions/institution/add/", **data, contact_name="示范联系人")
    assert answer.status_code == 302
    row = Institution.objects.get()
    page = centre.get(f"/admin/institutions/institution/{row.public_id}/change/").content.decode()
    assert "审核通过" in page
    assert "示范联系人" in page
    act = f"/admin/institutions/institution/{row.public_id}/do/approve/"
    assert submit(centre, act, hospital_id="90001").status_code == 302
    row.refresh_from_db()
    assert (row.state, row.hospital_id) == ("approved", "90001")


def test_a_wrong_check_digit_is_shown_at_its_field(centre: Client) -> None:
    people.region()
    details = people.details(uscc="9144030071526726XH")
    fields = ("code", "name", "short_name", "region", "level", "category", "uscc")
    data = {field: getattr(details, field) for field in fields}
    answer = submit(centre, "/admin/institutions/institution/add/", **data)
    assert answer.status_code == 200
    assert "最后一位校验不通过" in answer.content.decode()
    assert details.name in answer.content.decode()
    assert not Institution.objects.exists()


def test_opening_a_row_with_personal_details_is_recorded(centre: Client, place: str) -> None:
    centre.get(f"/admin/institutions/institution/{place}/change/")
    entry = AuditEntry.objects.get(action="institution.read")
    assert entry.subject_id == place


def test_a_row_leads_to_the_rows_that_it_belongs_to(centre: Client, place: str) -> None:
    terminal = people.terminal(place)
    page = centre.get(f"/admin/institutions/terminal/{terminal}/change/").content.decode()
    assert f'href="/admin/institutions/institution/{place}/change/"' in page
    page = centre.get(f"/admin/institutions/institution/{place}/change/").content.decode()
    assert 'href="/admin/institutions/region/110101/change/"' in page
    assert centre.get("/admin/institutions/region/110101/change/").status_code == 200


def test_a_change_needs_a_reason(centre: Client, place: str) -> None:
    act = f"/admin/institutions/institution/{place}/do/suspend/"
    answer = submit(centre, act, reason="")
    assert answer.status_code == 200
    assert Institution.objects.get().state == "approved"
    assert submit(centre, act).status_code == 302
    assert Institution.objects.get().state == "suspended"
    assert AuditEntry.objects.get(action="institution.suspended").reason == REASON


def test_a_double_click_acts_once(centre: Client, place: str) -> None:
    address = "/admin/institutions/terminal/add/"
    ticket = re.search(r'name="ticket" value="([^"]+)"', centre.get(address).content.decode())
    assert ticket
    data = {"institution": place, "name": "窗口", "kind": "01", "reason": REASON, "ticket": ticket[1]}
    first = centre.post(address, {**data, "terminal_id": "T1"})
    second = centre.post(address, {**data, "terminal_id": "T2"})
    assert (first.status_code, second.status_code) == (302, 302)
    assert Terminal.objects.count() == 1
    assert "没有再做第二次" in centre.get(second["Location"]).content.decode()


def test_a_double_click_on_what_no_longer_applies_leads_to_what_the_first_did(
    centre: Client, place: str
) -> None:
    row = f"/admin/institutions/institution/{place}/"
    address = f"{row}do/suspend/"
    ticket = re.search(r'name="ticket" value="([^"]+)"', centre.get(address).content.decode())
    assert ticket
    data = {"reason": REASON, "ticket": ticket[1]}
    answers = [centre.post(address, data) for _ in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, f"{row}change/")] * 2
    shown = centre.get(f"{row}change/").content.decode()
    assert "没有再做第二次" in shown
    assert AuditEntry.objects.filter(action="institution.suspended").count() == 1
    # Another form of the same act is no repeat: what it wants is no longer possible, and it says so.
    assert centre.post(address, {**data, "ticket": "0" * 26}).status_code == 409


def test_two_clicks_in_one_moment_are_led_to_the_same_row(
    centre: Client, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both have looked before either began; the ticket itself decides.
    monkeypatch.setattr(admin_base, "was_sent", lambda _request: False)
    address = "/admin/institutions/terminal/add/"
    ticket = re.search(r'name="ticket" value="([^"]+)"', centre.get(address).content.decode())
    assert ticket
    data = {"institution": place, "name": "窗口", "kind": "01", "reason": REASON, "ticket": ticket[1]}
    answers = [centre.post(address, {**data, "terminal_id": name}) for name in ("T1", "T2")]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Terminal.objects.count() == 1
    assert "没有再做第二次" in centre.get(answers[1]["Location"]).content.decode()


def test_a_form_that_was_refused_may_be_sent_again(centre: Client, place: str) -> None:
    address = "/admin/institutions/terminal/add/"
    ticket = re.search(r'name="ticket" value="([^"]+)"', centre.get(address).content.decode())
    assert ticket
    data = {"institution": place, "name": "窗口", "kind": "01", "terminal_id": "T1", "ticket": ticket[1]}
    assert centre.post(address, {**data, "reason": ""}).status_code == 200
    assert centre.post(address, {**data, "reason": REASON}).status_code == 302
    assert Terminal.objects.count() == 1


def test_an_act_that_no_longer_applies_says_so(centre: Client, place: str) -> None:
    answer = centre.get(f"/admin/institutions/institution/{place}/do/resume/")
    assert answer.status_code == 409
    assert centre.get(f"/admin/institutions/institution/{place}/do/destroy/").status_code == 404


def test_the_history_is_that_of_the_audit(centre: Client, place: str) -> None:
    submit(centre, f"/admin/institutions/institution/{place}/do/suspend/")
    page = centre.get(f"/admin/institutions/institution/{place}/history/").content.decode()
    assert "institution.suspended" in page
    assert REASON in page


def test_nothing_is_edited_or_deleted_by_hand(centre: Client, place: str) -> None:
    row = f"/admin/institutions/institution/{place}"
    assert centre.post(f"{row}/change/", {"name": "changed"}).status_code == 403
    assert centre.post(f"{row}/delete/", {"post": "yes"}).status_code in {403, 404}
    answer = centre.post(
        "/admin/institutions/institution/", {"action": "delete_selected", "_selected_action": "1"}
    )
    assert answer.status_code in {200, 302}
    assert Institution.objects.get().name != "changed"


def test_the_list_is_searched_and_filtered(centre: Client, place: str) -> None:
    people.hospital(2)
    page = centre.get("/admin/institutions/institution/?q=第2医院").content.decode()
    assert "测试第2医院" in page
    assert "测试第1医院" not in page
    page = centre.get("/admin/institutions/institution/?state__exact=suspended").content.decode()
    assert "测试第1医院" not in page


def test_a_reviewer_is_offered_no_changes_of_institutions(client: Client, place: str) -> None:
    people.at_work(client, people.staff(Role.REVIEWER))
    page = client.get(f"/admin/institutions/institution/{place}/change/").content.decode()
    assert "/do/suspend/" not in page
    assert client.post(f"/admin/institutions/institution/{place}/do/suspend/").status_code == 403
    assert client.get("/admin/institutions/institution/add/").status_code == 403


# Clients and keys


def test_a_secret_is_shown_once(centre: Client, place: str) -> None:
    data = {"institution": place, "name": "HIS", "environment": "production", "scopes": ["code:verify"]}
    assert submit(centre, "/admin/gateway/apiclient/add/", **data).status_code == 302
    row = ApiClient.objects.get()
    answer = submit(centre, f"/admin/gateway/apiclient/{row.public_id}/do/add-key/", algorithm="HMAC-SM3")
    key = ClientKey.objects.get()
    assert key.secret
    assert key.secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert call(Signer(client=row.public_id, kid=key.kid, secret=key.secret)).scopes == {"code:verify"}
    for page in (
        f"/admin/gateway/apiclient/{row.public_id}/change/",
        f"/admin/gateway/clientkey/{key.public_id}/change/",
        "/admin/gateway/clientkey/",
    ):
        shown = centre.get(page)
        assert shown.status_code == 200
        assert key.kid in shown.content.decode()
        assert key.secret not in shown.content.decode()


def test_a_key_of_the_national_dialect_is_shown_with_its_app_secret(client: Client, place: str) -> None:
    own = people.system(place)
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))
    address = f"/institution/gateway/apiclient/{own.client}/do/add-key/"
    pages = [submit(client, address, algorithm="NATIONAL").content.decode() for _ in range(2)]
    keys = ClientKey.objects.filter(algorithm="NATIONAL", state="active").order_by("pk")
    # The older one goes on until it is retired.
    assert len(keys) == 2
    for key, page in zip(keys, pages, strict=True):
        assert key.secret
        for shown in (key.kid, key.secret, national_app_secret(key.kid, key.secret)):
            assert shown in page


def test_an_institution_renews_its_own_keys(client: Client, place: str) -> None:
    own = people.system(place)
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))
    submit(client, f"/institution/gateway/apiclient/{own.client}/do/add-key/", algorithm="HMAC-SM3")
    assert ClientKey.objects.filter(algorithm="HMAC-SM3").count() == 2
    old = ClientKey.objects.get(kid=own.signer.kid)
    submit(client, f"/institution/gateway/clientkey/{old.public_id}/do/retire/")
    old.refresh_from_db()
    assert old.state == "retired"


def test_an_institution_does_not_widen_its_own_scopes(client: Client, place: str) -> None:
    own = people.system(place, scopes=["card:read"])
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))
    address = f"/institution/gateway/apiclient/{own.client}/do/scopes/"
    assert client.post(address, {"scopes": ["card:read_full"], "reason": REASON}).status_code == 403
    assert client.get("/institution/gateway/apiclient/add/").status_code == 403
    assert ApiClient.objects.get().scopes == ["card:read"]


def test_a_clerk_sees_no_keys(client: Client, place: str) -> None:
    people.system(place)
    people.at_work(client, people.staff(Role.WINDOW_CLERK, place))
    assert client.get("/institution/gateway/clientkey/").status_code == 403


# Staff


def test_a_task_is_granted_and_ended(centre: Client, place: str) -> None:
    clerk: Account = account_people.staff("new-clerk")
    data = {"username": "new-clerk", "role": "window_clerk", "institution": place}
    assert submit(centre, "/admin/institutions/staffmembership/add/", **data).status_code == 302
    assert people.actor(clerk).institution == place
    again = submit(centre, "/admin/institutions/staffmembership/add/", **data)
    assert "已有职责" in again.content.decode()


def test_an_unknown_user_name_is_shown_at_its_field(centre: Client) -> None:
    data = {"username": "nobody", "role": "reviewer", "institution": ""}
    answer = submit(centre, "/admin/institutions/staffmembership/add/", **data)
    assert "这不是工作人员账号" in answer.content.decode()


def test_the_pages_obey_the_content_security_policy(centre: Client, place: str) -> None:
    for address in (
        "/admin/",
        "/admin/institutions/institution/",
        f"/admin/institutions/institution/{place}/change/",
        f"/admin/institutions/institution/{place}/do/suspend/",
        f"/admin/institutions/institution/{place}/history/",
    ):
        page = centre.get(address).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>(?!\s*</script>)", page), address
        assert not re.search(r"<style|\son\w+=|javascript:", page), address
