"""The centre examines an application, and the first administrator makes an account."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from foundation.accounts import services as accounts
from foundation.accounts.models import Account
from foundation.audit.models import AuditEntry
from foundation.core import clock
from institutions import services as institution_services
from institutions.models import Institution, StaffMembership
from institutions.rules import InstitutionState, Role
from onboarding.models import Document, Invitation, Joining
from onboarding.rules import JoiningState
from onboarding.services import invitations
from tests.accounts.people import PASSWORD
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.onboarding.applying import PDF, answer, answers, fill_in, hand_in

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-07")]


@pytest.fixture
def applicant() -> Client:
    people.region()
    return Client()


@pytest.fixture
def joining(applicant: Client) -> Joining:
    return hand_in(applicant)


@pytest.fixture
def centre() -> Client:
    return people.at_work(Client(), people.staff(Role.CENTRE_ADMIN, username="centre"))


def at(joining: Joining, act: str) -> str:
    return f"/admin/onboarding/joining/{joining.public_id}/do/{act}/"


def approve(centre: Client, joining: Joining) -> str:
    """Approve it; gives the path of the administrator's link."""
    page = submit(centre, at(joining, "approve"), hospital_id="").content.decode()
    found = re.search(r"/invitation/[0-9a-z]{32}/", page)
    assert found, page
    return found[0]


def make_account(client: Client, link: str, username: str = "new.admin") -> None:
    assert client.get(link)["Location"] == "/invitation/"
    made = client.post("/invitation/", {"username": username, "password": PASSWORD, "again": PASSWORD})
    assert made.status_code == 302, made.content.decode()


def test_the_application_is_on_the_work_list_and_its_documents_open_on_record(
    centre: Client, joining: Joining
) -> None:
    assert joining.reference in centre.get("/admin/onboarding/joining/").content.decode()
    page = centre.get(f"/admin/onboarding/joining/{joining.public_id}/change/").content.decode()
    document = Document.objects.get(kind="stamped_form")
    address = f"/admin/onboarding/joining/documents/{document.public_id}/"
    assert address in page
    file = centre.get(address)
    assert file.content == PDF
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert "no-store" in file.headers["Cache-Control"]
    entry = AuditEntry.objects.get(action="document.read")
    assert entry.subject_id == document.public_id
    assert AuditEntry.objects.filter(action="joining.read", subject_id=joining.public_id).exists()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR])
def test_other_roles_of_the_centre_see_neither_application_nor_documents(
    joining: Joining, role: Role
) -> None:
    client = people.at_work(Client(), people.staff(role))
    document = Document.objects.get(kind="licence")
    assert client.get(f"/admin/onboarding/joining/{joining.public_id}/change/").status_code == 403
    assert client.get(f"/admin/onboarding/joining/documents/{document.public_id}/").status_code == 403
    assert not AuditEntry.objects.filter(action="document.read").exists()


def test_a_draft_is_nobodys_business_yet(centre: Client, applicant: Client) -> None:
    draft = fill_in(applicant)
    document = draft.documents.first()
    assert document is not None
    assert draft.reference not in centre.get("/admin/onboarding/joining/").content.decode()
    assert centre.get(f"/admin/onboarding/joining/documents/{document.public_id}/").status_code == 404


def test_a_correction_is_asked_for_made_and_handed_in_again(
    centre: Client, applicant: Client, joining: Joining
) -> None:
    submit(centre, at(joining, "correct"), message="请重新上传清晰的许可证")
    assert "请重新上传清晰的许可证" in applicant.get("/join/mine/").content.decode()
    answer(applicant, "name", {**answers()["name"], "short_name": "改过的简称"})
    assert answer(applicant, "check", {"agreed": "on"})["Location"] == "/join/mine/"
    joining.refresh_from_db()
    assert (joining.state, joining.short_name) == (JoiningState.SUBMITTED, "改过的简称")


def test_a_refusal_is_final_and_says_why(centre: Client, applicant: Client, joining: Joining) -> None:
    submit(centre, at(joining, "refuse"), message="许可证已过有效期")
    assert "许可证已过有效期" in applicant.get("/join/mine/").content.decode()
    assert applicant.get("/join/name/edit/")["Location"] == "/join/mine/"
    assert centre.get(at(joining, "approve")).status_code == 409
    assert not Institution.objects.exists()


def test_an_approval_opens_the_institution_and_invites_its_administrator(
    centre: Client, joining: Joining
) -> None:
    link = approve(centre, joining)
    joining.refresh_from_db()
    assert joining.institution is not None
    assert joining.institution.state == InstitutionState.APPROVED
    browser = Client()
    make_account(browser, link)
    account = Account.objects.get(username="new.admin")
    member = StaffMembership.objects.get(account=account)
    assert (member.role, member.institution) == (Role.INSTITUTION_ADMIN, joining.institution)
    # The link is good for one account.
    again = Client().get(link)
    assert again.status_code == 404
    assert "邀请链接已失效" in again.content.decode()


def test_two_approvals_open_one_institution(centre: Client, joining: Joining) -> None:
    approve(centre, joining)
    assert centre.get(at(joining, "approve")).status_code == 409
    assert Institution.objects.count() == 1


def test_the_new_administrator_gives_a_second_factor_before_anything(
    centre: Client, joining: Joining
) -> None:
    browser = Client()
    make_account(browser, approve(centre, joining))
    signed_in = browser.post("/staff/sign-in/", {"login": "new.admin", "password": PASSWORD})
    assert signed_in.status_code == 302
    led = browser.get("/institution/", follow=True)
    assert led.redirect_chain[-1][0].startswith("/staff/second-factor/")


def test_the_contact_makes_the_account_from_the_page_of_the_application(
    centre: Client, applicant: Client, joining: Joining
) -> None:
    link = approve(centre, joining)
    assert "设置管理员账号" in applicant.get("/join/mine/").content.decode()
    assert applicant.post("/join/account/")["Location"] == "/invitation/"
    # The link that the centre was shown ends with it.
    assert Client().get(link).status_code == 404
    page = applicant.get("/invitation/").content.decode()
    assert joining.short_name in page
    applicant.post("/invitation/", {"username": "new.admin", "password": PASSWORD, "again": PASSWORD})
    assert StaffMembership.objects.filter(account__username="new.admin").exists()


def test_nobody_makes_a_second_first_administrator(
    centre: Client, applicant: Client, joining: Joining
) -> None:
    make_account(Client(), approve(centre, joining))
    assert applicant.post("/join/account/").status_code == 409


def test_the_contact_has_thirty_days_and_is_then_told_whom_to_call(
    centre: Client, applicant: Client, joining: Joining
) -> None:
    approve(centre, joining)
    with time_machine.travel(clock.now() + timedelta(days=29), tick=False):
        answer_the_phone(applicant, joining)
        assert applicant.post("/join/account/")["Location"] == "/invitation/"
        assert Invitation.objects.latest("pk").expires_at <= clock.now() + timedelta(days=1)
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        answer_the_phone(applicant, joining)
        page = applicant.get("/join/mine/").content.decode()
        assert "期限已过" in page
        assert settings.HOTLINE in page
        assert "登录机构页面" not in page
        over = applicant.post("/join/account/")
        assert (over.status_code, "重新邀请" in over.content.decode()) == (410, True)


def test_the_centre_invites_the_contact_again(centre: Client, applicant: Client, joining: Joining) -> None:
    first = approve(centre, joining)
    Joining.objects.update(account_until=clock.now())
    page = submit(centre, at(joining, "invite")).content.decode()
    second = re.search(r"/invitation/[0-9a-z]{32}/", page)
    assert second, page
    assert Client().get(first).status_code == 404
    assert "设置管理员账号" in applicant.get("/join/mine/").content.decode()
    make_account(Client(), second[0])
    assert centre.get(at(joining, "invite")).status_code == 409


def test_the_centre_ends_what_the_contact_was_given(
    centre: Client, applicant: Client, joining: Joining
) -> None:
    approve(centre, joining)
    applicant.post("/join/account/")
    submit(centre, at(joining, "revoke"))
    assert applicant.get("/invitation/").status_code == 404
    assert applicant.post("/join/account/").status_code == 410
    assert "收回" in applicant.get("/join/mine/").content.decode()
    entry = AuditEntry.objects.get(action="staff.invitation_withdrawn")
    assert (entry.subject_id, entry.reason != "") == (joining.public_id, True)


def answer_the_phone(applicant: Client, joining: Joining) -> None:
    """Open the application anew, as by a code to its phone."""
    session = applicant.session
    session["joining_proven"] = [joining.public_id, clock.now().timestamp() + 3_600]
    session.save()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"username": "new.admin", "password": "too-short", "again": "too-short"}, "密码"),
        ({"username": "new.admin", "password": PASSWORD, "again": "x"}, "两次填写的密码不一样"),
        ({"username": "管理员", "password": PASSWORD, "again": PASSWORD}, "用户名只能用"),
        ({"username": "centre", "password": PASSWORD, "again": PASSWORD}, "用户名"),
    ],
)
def test_a_refused_account_leaves_the_link_good(
    centre: Client, joining: Joining, data: dict[str, str], sentence: str
) -> None:
    link = approve(centre, joining)
    browser = Client()
    browser.get(link)
    refused = browser.post("/invitation/", data)
    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    make_account(browser, link)


def test_an_administrator_invites_colleagues_of_the_own_house_alone(centre: Client, joining: Joining) -> None:
    approve(centre, joining)
    joining.refresh_from_db()
    assert joining.institution is not None
    own = joining.institution.public_id
    other = people.hospital(2)
    admin = people.at_work(Client(), people.staff(Role.INSTITUTION_ADMIN, own))
    add = "/institution/onboarding/invitation/add/"
    page = submit(admin, add, institution=own, role="window_clerk").content.decode()
    link = re.search(r"/invitation/[0-9a-z]{32}/", page)
    assert link
    make_account(Client(), link[0], "clerk.two")
    assert StaffMembership.objects.get(account__username="clerk.two").role == Role.WINDOW_CLERK
    submit(admin, add, institution=other, role="window_clerk")
    submit(admin, add, institution=own, role="centre_admin")
    assert Invitation.objects.filter(role="window_clerk").count() == 1
    assert not Invitation.objects.filter(institution__public_id=other).exists()


def test_a_withdrawn_link_opens_nothing(centre: Client, joining: Joining) -> None:
    link = approve(centre, joining)
    invitation = Invitation.objects.get()
    submit(centre, f"/admin/onboarding/invitation/{invitation.public_id}/do/withdraw/")
    assert Client().get(link).status_code == 404


def test_a_suspended_institutions_link_opens_nothing(centre: Client, joining: Joining) -> None:
    link = approve(centre, joining)
    place = Institution.objects.get()
    submit(centre, f"/admin/institutions/institution/{place.public_id}/do/suspend/")
    assert Client().get(link).status_code == 404


def test_whoever_was_let_go_leaves_no_link_behind() -> None:
    place = people.hospital(3)
    admin = people.staff(Role.INSTITUTION_ADMIN, place)
    made = invitations.invite(institution=place, role=Role.INSTITUTION_ADMIN, actor=people.actor(admin))
    assert Client().get(f"/invitation/{made.token}/").status_code == 302
    membership = StaffMembership.objects.get(account=admin)
    institution_services.end_membership(membership=membership.public_id, actor=people.CENTRE, reason="调离")
    assert Client().get(f"/invitation/{made.token}/").status_code == 404
    clerk = people.staff(Role.INSTITUTION_ADMIN, place, username="second")
    made = invitations.invite(institution=place, role=Role.INSTITUTION_ADMIN, actor=people.actor(clerk))
    accounts.suspend_account(account=clerk, actor=people.CENTRE, reason="停用")
    assert Client().get(f"/invitation/{made.token}/").status_code == 404
