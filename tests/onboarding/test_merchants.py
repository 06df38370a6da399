"""A merchant is applied for, examined, opened and suspended."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from institutions.rules import Role
from onboarding import selectors
from onboarding.models import Document, Merchant
from onboarding.rules import MerchantState
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.onboarding.applying import PDF, upload

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-11")]

OWN = "/institution/onboarding/merchant/"
CENTRE = "/admin/onboarding/merchant/"
ACCOUNT = "110101 9000 0000 1234"


@pytest.fixture
def place() -> str:
    return people.hospital()


@pytest.fixture
def hospital(place: str) -> Client:
    return people.at_work(Client(), people.staff(Role.INSTITUTION_ADMIN, place))


@pytest.fixture
def centre() -> Client:
    return people.at_work(Client(), people.staff(Role.CENTRE_ADMIN))


def apply(hospital: Client, place: str, **changes: Any) -> Any:
    data = {
        "institution": place,
        "payee_name": "测试第1医院",
        "bank": "示范银行示范支行",
        "account_number": ACCOUNT,
        "document": upload(PDF),
    }
    return submit(hospital, f"{OWN}add/", **{**data, **changes})


@pytest.fixture
def merchant(hospital: Client, place: str) -> Merchant:
    assert apply(hospital, place).status_code == 302
    return Merchant.objects.get()


def do(client: Client, merchant: Merchant, act: str, site: str = CENTRE, **data: Any) -> Any:
    return submit(client, f"{site}{merchant.public_id}/do/{act}/", **data)


def state(merchant: Merchant) -> str:
    merchant.refresh_from_db()
    return merchant.state


def test_a_merchant_is_opened_suspended_and_resumed(centre: Client, merchant: Merchant) -> None:
    assert selectors.open_merchant(merchant.institution.public_id) == ""
    do(centre, merchant, "open")
    assert state(merchant) == MerchantState.OPENED
    assert selectors.open_merchant(merchant.institution.public_id) == merchant.public_id
    do(centre, merchant, "suspend")
    assert state(merchant) == MerchantState.SUSPENDED
    assert selectors.open_merchant(merchant.institution.public_id) == ""
    do(centre, merchant, "resume")
    assert state(merchant) == MerchantState.OPENED


def test_a_suspended_institution_has_no_open_merchant(centre: Client, merchant: Merchant, place: str) -> None:
    do(centre, merchant, "open")
    submit(centre, f"/admin/institutions/institution/{place}/do/suspend/")
    assert selectors.open_merchant(place) == ""


def test_a_refusal_says_why_and_leaves_the_way_open(
    hospital: Client, centre: Client, merchant: Merchant, place: str
) -> None:
    do(centre, merchant, "refuse", message="户名与机构名称不一致")
    page = hospital.get(f"{OWN}{merchant.public_id}/change/").content.decode()
    assert "户名与机构名称不一致" in page
    assert centre.get(f"{CENTRE}{merchant.public_id}/do/open/").status_code == 409
    assert apply(hospital, place).status_code == 302
    assert Merchant.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"account_number": "12-34"}, "银行账号应为 8 到 32 位数字"),
        ({"document": upload(b"MZ not a scan")}, "不是 PDF、JPG 或 PNG"),
    ],
)
def test_a_wrong_account_or_file_is_refused(
    hospital: Client, place: str, changes: dict[str, Any], sentence: str
) -> None:
    assert sentence in apply(hospital, place, **changes).content.decode()
    assert not Merchant.objects.exists()


def test_one_account_is_applied_for_once(hospital: Client, merchant: Merchant, place: str) -> None:
    again = apply(hospital, place, account_number=ACCOUNT.replace(" ", ""), document=upload(PDF))
    assert "已用这个账号申请过商户" in again.content.decode()
    assert Merchant.objects.count() == 1


def test_the_account_lies_encrypted_and_only_the_centre_reads_it_in_full(
    hospital: Client, centre: Client, merchant: Merchant
) -> None:
    number = ACCOUNT.replace(" ", "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT account_number FROM onboarding_merchant")
        assert number.encode() not in bytes(cursor.fetchone()[0])
    assert number in centre.get(f"{CENTRE}{merchant.public_id}/change/").content.decode()
    own = hospital.get(f"{OWN}{merchant.public_id}/change/").content.decode()
    assert number not in own
    assert "1234" in own


def test_the_proof_is_the_centres_and_the_owners_to_see(
    hospital: Client, centre: Client, merchant: Merchant
) -> None:
    document = Document.objects.get().public_id
    stranger = people.at_work(Client(), people.staff(Role.INSTITUTION_ADMIN, people.hospital(2)))
    assert centre.get(f"{CENTRE}documents/{document}/").content == PDF
    assert hospital.get(f"{OWN}documents/{document}/").content == PDF
    assert stranger.get(f"{OWN}documents/{document}/").status_code == 404
    assert stranger.get(f"{OWN}{merchant.public_id}/change/").status_code == 404


def test_an_institution_opens_no_merchant_itself(hospital: Client, merchant: Merchant) -> None:
    assert hospital.post(f"{OWN}{merchant.public_id}/do/open/", {"reason": "测试"}).status_code == 403
    assert state(merchant) == MerchantState.APPLIED
